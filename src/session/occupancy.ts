// Who uses the device: one run, study, evaluation or import at a time, and beside it readers of the ready model. Not here: what they do.
// Invariant: nothing is freed that a reader still uses, for who frees waits for `unread` first.

import { RetraceError } from '../protocol/errors.ts';

/** What takes the device for itself, as a person is told. */
const occupations = {
  run: ['A run is in progress', 'Stop it first, or wait for its end.'],
  study: ['A study of starts is in progress', 'Stop it first, or wait for its end.'],
  evaluation: ['An evaluation is in progress', 'Wait for its end.'],
  bench: ['The device is being measured', 'Stop it first, or wait for its end.'],
  import: ['An adapter is being imported', 'Wait for its end.'],
} as const;

export type Occupation = keyof typeof occupations;

function busy(occupation: Occupation): RetraceError {
  const [what, remedy] = occupations[occupation];
  return new RetraceError({ code: 'busy', message: `${what}.`, remedy });
}

export class Occupancy {
  #occupation: Occupation | undefined;
  #work: Promise<unknown> | undefined;
  readonly #readers = new Set<Promise<unknown>>();

  /** Does what no other may stand beside. Error: `busy`. */
  async alone<T>(occupation: Occupation, work: () => Promise<T>): Promise<T> {
    if (this.#occupation) throw busy(this.#occupation);
    this.#occupation = occupation;
    const done = work();
    this.#work = done;
    try {
      return await done;
    } finally {
      this.#occupation = undefined;
      this.#work = undefined;
    }
  }

  /** Does what only reads, and may stand beside anything. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    const reader = work();
    this.#readers.add(reader);
    try {
      return await reader;
    } finally {
      this.#readers.delete(reader);
    }
  }

  /** Error: `busy`, while this goes on. */
  refuseDuring(occupation: Occupation): void {
    if (this.#occupation === occupation) throw busy(occupation);
  }

  /** Once what goes on alone has ended, however it ends. */
  async vacant(): Promise<void> {
    await Promise.allSettled([this.#work]);
  }

  /** Once the present readers are done, however they end. */
  async unread(): Promise<void> {
    await Promise.allSettled(this.#readers);
  }
}
