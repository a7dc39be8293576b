// The page's half of the wire: one plain class whose methods are the calls of the protocol. Not here: state (the page's store keeps it).

import type { RunConfig } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { CallName, Calls, FromWorker, RunEvent, ToWorker } from '../protocol/messages.ts';

/** What the client needs of a Worker; a test gives a MessageChannel's port. */
export interface Port {
  postMessage(message: ToWorker): void;
  addEventListener(type: 'message', listener: (event: { data: FromWorker }) => void): void;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: RetraceError): void;
}

export class TrainerClient {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #nextId = 1;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => this.#receive(data));
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
