// Work over a network that fails now and then: tried again after rests that grow, or that the server asks for. Knows no addresses. Invariant: what can't
// pass by itself is thrown at once, and a stop is heard during a rest too.

import { type ErrorReport, RetraceError } from '../protocol/errors.ts';

/** What may have passed by the next attempt. */
export class PassingError extends RetraceError {
  /** How long the server asks to rest. */
  readonly restMs: number | undefined;
  /** How long the first rest is where it asks for nothing; each one after it is twice as long. */
  readonly firstRestMs: number;
  /** How often it is worth a try, where that is less than others are: what a server answers the same way twice it means. */
  readonly attempts: number;

  constructor(
    report: ErrorReport,
    {
      restMs,
      firstRestMs = 500,
      attempts = Number.POSITIVE_INFINITY,
    }: { readonly restMs?: number | undefined; readonly firstRestMs?: number; readonly attempts?: number } = {},
  ) {
    super(report);
    this.restMs = restMs;
    this.firstRestMs = firstRestMs;
    this.attempts = attempts;
  }
}

export interface Rest {
  readonly why: ErrorReport;
  readonly ms: number;
}

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Hears of each rest as it begins. */
  onRest?(rest: Rest): void;
  /** Attempts in a row that may fail without getting anywhere. */
  readonly attempts?: number;
  /** Whether the last attempt got somewhere, though it failed. */
  progressed?(): boolean;
}

/** The hub counts requests in windows of five minutes; who asks for much more does not mean to be asked again. */
const LONGEST_ASKED_MS = 10 * 60_000;
const LONGEST_MS = 160_000;

export const stoppedFetching = (): RetraceError =>
  new RetraceError({
    code: 'fetch-stopped',
    message: 'The download was stopped.',
    remedy: 'What came so far is kept: start it again, and it goes on from there.',
  });

/** Error `fetch-stopped`, where somebody asked for it. */
export function requireGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stoppedFetching();
}

/** Waits, unless it is stopped. */
export function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    requireGoing(signal);
    const stop = () => {
      clearTimeout(timer);
      reject(stoppedFetching());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function givenUp(error: PassingError, failures: number): RetraceError {
  const { message, ...report } = error.toReport();
  return new RetraceError({ ...report, message: failures > 1 ? `${message} It was tried ${failures} times.` : message });
}

/** The first attempt that succeeds. Errors: `fetch-stopped`, and what does not pass. */
export async function attempted<T>(work: () => Promise<T>, { signal, onRest, attempts = 4, progressed }: Patience = {}): Promise<T> {
  for (let failures = 0; ; ) {
    requireGoing(signal);
    try {
      return await work();
    } catch (thrown) {
      requireGoing(signal);
      if (!(thrown instanceof PassingError)) throw thrown;
      failures = progressed?.() === true ? 0 : failures + 1;
      // Half to the whole of it, so that many who failed together do not come back together.
      const own = failures === 0 ? 0 : Math.min(LONGEST_MS, thrown.firstRestMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
      const ms = thrown.restMs ?? own;
      if (failures >= Math.min(attempts, thrown.attempts) || ms > LONGEST_ASKED_MS) throw givenUp(thrown, failures);
      if (ms > 0) {
        onRest?.({ why: thrown.toReport(), ms });
        await rest(ms, signal);
      }
    }
  }
}
