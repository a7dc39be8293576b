// Ctrl-C and its like, for commands that end what they are doing in their own way. Not here: how they do it.

/** Calls `onSignal` with each signal's number, from 1, until the function that it gives is called. */
export function listenForSignals(onSignal: (count: number) => void): () => void {
  let count = 0;
  const hear = () => onSignal(++count);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hear);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, hear);
  };
}
