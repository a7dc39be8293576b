// Lets Dawn in Node rest between its looks at what is pending. By itself it looks in every turn of the event loop, by `setImmediate`, and keeps a
// whole core busy that a software adapter needs. Not for the page: Chromium has no such loop. Invariant: whoever else calls `setImmediate` gets
// Node's own.

let resting = false;

/** Dawn takes `setImmediate` from the global object each time, and gives it a native function without a name, as nobody else does. */
const isDawns = (callback: unknown): boolean =>
  typeof callback === 'function' && callback.name === '' && Function.prototype.toString.call(callback) === 'function () { [native code] }';

/** From now on Dawn looks every millisecond. */
export function restWhilePolling(): void {
  if (resting) return;
  resting = true;
  const original = globalThis.setImmediate;
  const rested = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown =>
    isDawns(callback) ? setTimeout(callback, 1) : original(callback, ...args);
  globalThis.setImmediate = Object.assign(rested, original) as typeof setImmediate;
}
