// What the page has of a question to the worker. Not here: who asks (asks.ts).

import type { ErrorReport } from '../../src/protocol/errors.ts';

/** An answer that is awaited, here or refused; while a newer one is awaited the last stays visible. */
export interface Answer<T> {
  readonly pending: boolean;
  readonly value?: T | undefined;
  readonly error?: ErrorReport | undefined;
}
