// Waits a little, then asks; of several questions only the newest is answered. Invariant: an answer that was overtaken is never delivered.

/** Returns `ask`; each call of it cancels the one before. `deliver` and `fail` are called for the newest question only. */
export function latest<Q, A>(
  delayMs: number,
  answer: (question: Q) => Promise<A>,
  deliver: (answer: A, question: Q) => void,
  fail: (error: unknown, question: Q) => void,
): (question: Q) => void {
  let newest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (question) => {
    const mine = ++newest;
    clearTimeout(timer);
    timer = setTimeout(() => {
      answer(question).then(
        (value) => mine === newest && deliver(value, question),
        (error: unknown) => mine === newest && fail(error, question),
      );
    }, delayMs);
  };
}
