// The state of a question to the worker: waiting, answered or refused. Not here: who asks (asks.ts).

import type { ErrorReport } from '../../src/protocol/errors.ts';

/** While a newer answer is awaited, the last one stays in `value` and visible. */
export interface Answer<T> {
  readonly pending: boolean;
  readonly value?: T | undefined;
  readonly error?: ErrorReport | undefined;
}
