// The page's half of the wire: one plain class whose methods are the calls of the protocol. Not here: state (the page's store keeps it).

import type { RunConfig } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { CallName, Calls, FromWorker, RunEvent, ToWorker } from '../protocol/messages.ts';

/** What the client needs of a Worker; a test gives a MessageChannel's port. */
export interface Port {
  postMessage(message: ToWorker): void;
  addEventListener(type: 'message', listener: (event: { data: FromWorker }) => void): void;
  /** Ends the other side, whatever it is at, and frees all that it holds, GPU memory included. */
  terminate(): void;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: RetraceError): void;
}

const cancelled = () =>
  new RetraceError({
    code: 'cancelled',
    message: 'The work was cancelled, and the worker that did it was ended.',
    remedy: 'Go on from the last checkpoint under Saved runs, if it had one.',
  });

export class TrainerClient {
  readonly #start: () => Port;
  #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #nextId = 1;

  /** `start` begins a worker: once now, and again each time that this one is ended. */
  constructor(start: () => Port) {
    this.#start = start;
    this.#port = this.#begin();
  }

  #begin(): Port {
    const port = this.#start();
    // What a worker sent before its end may still arrive after it.
    port.addEventListener('message', ({ data }) => port === this.#port && this.#receive(data));
    return port;
  }

  /**
   * Ends the worker and begins another, at once: a call that hangs in a file can't be asked to stop. Open calls are rejected with `cancelled`; what
   * was trained or imported is gone from the worker, and saved runs are not.
   */
  restart(): void {
    this.#port.terminate();
    this.#port = this.#begin();
    this.fail(cancelled());
  }

  /** Sends a call; rejects with the RetraceError that the worker reports. */
  call<K extends CallName>(
    call: K,
    ...[argument]: Calls[K]['argument'] extends undefined ? [] : [Calls[K]['argument']]
  ): Promise<Calls[K]['answer']> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.#port.postMessage({ id, call, argument } as ToWorker);
    });
  }

  start(config: RunConfig): Promise<void> {
    return this.call('start', config);
  }

  /** Listens to the events of runs; returns what ends it. */
  onEvent(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rejects every open call, when the worker has died. */
  fail(error: RetraceError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(message: FromWorker): void {
    if ('event' in message) {
      for (const listener of this.#listeners) listener(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) waiting?.resolve(message.answer);
    else waiting?.reject(new RetraceError(message.error));
  }
}
