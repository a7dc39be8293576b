// Waits a little, then asks; of several questions only the newest is answered. Invariant: an answer that was overtaken is never delivered.

export interface Asking<Q> {
  /** Takes the place of the question before. */
  (question: Q): void;
  /** Leaves the newest question unasked, or its answer undelivered. */
  drop(): void;
}

/** `deliver` and `fail` are called for the newest question only. */
export function latest<Q, A>(
  delayMs: number,
  answer: (question: Q) => Promise<A>,
  deliver: (answer: A, question: Q) => void,
  fail: (error: unknown, question: Q) => void,
): Asking<Q> {
  let newest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = (question: Q) => {
    const mine = ++newest;
    clearTimeout(timer);
    timer = setTimeout(() => {
      answer(question).then(
        (value) => mine === newest && deliver(value, question),
        (error: unknown) => mine === newest && fail(error, question),
      );
    }, delayMs);
  };
  const drop = () => {
    newest++;
    clearTimeout(timer);
  };
  return Object.assign(ask, { drop });
}
