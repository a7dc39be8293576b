// For measurements on a software adapter in Node. While a promise of its own is pending, Dawn in Node polls in every turn of the event loop and so
// keeps a whole core busy, which such an adapter needs (Chromium has no such loop): a training step of 10 s took 17 s on two cores. Here each turn
// rests for a millisecond. Not in cli/adapter.ts: with it a whole test run once came to stand still.

let resting = false;

export function restWhilePolling(): void {
  if (resting) return;
  resting = true;
  let pending = 0;
  // One at a time: a promise that follows another at once must not begin a second, or turns grow longer and longer.
  let going = false;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const rest = (): void => {
    going = pending > 0;
    if (!going) return;
    Atomics.wait(cell, 0, 0, 1);
    setImmediate(rest);
  };
  const counting = <A extends unknown[], T>(original: (...args: A) => Promise<T>) =>
    function counted(this: unknown, ...args: A): Promise<T> {
      pending++;
      if (!going) setImmediate(rest);
      going = true;
      const done = (): void => {
        pending--;
      };
      const promise = original.apply(this, args);
      promise.then(done, done);
      return promise;
    };
  GPUQueue.prototype.onSubmittedWorkDone = counting(GPUQueue.prototype.onSubmittedWorkDone);
  GPUBuffer.prototype.mapAsync = counting(GPUBuffer.prototype.mapAsync);
}
