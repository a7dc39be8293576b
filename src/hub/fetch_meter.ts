// How a fetch goes, as people see it: bytes, rate over the last seconds, time left, and why nothing moves. Told a few times a second. Fetches nothing.

import type { FetchProgress } from '../protocol/hub.ts';

const TELL_EVERY_MS = 100;
/** The rate is that of the last seconds, so that a change shows and a hiccup does not. */
const WINDOW_MS = 5000;
/** Before that it says little. */
const FIRST_RATE_MS = 1000;

export class FetchMeter {
  readonly #id: string;
  readonly #of: number;
  readonly #tell: ((progress: FetchProgress) => void) | undefined;
  #done = 0;
  #told = 0;
  /** Bytes that had come over the network, and when. */
  #marks: { readonly ms: number; readonly bytes: number }[] = [];
  #came = 0;

  constructor(id: string, of: number, tell: ((progress: FetchProgress) => void) | undefined) {
    this.#id = id;
    this.#of = of;
    this.#tell = tell;
    this.#marks.push({ ms: performance.now(), bytes: 0 });
  }

  /** Bytes that were here already. */
  here(bytes: number): void {
    this.#done += bytes;
    this.#say('fetching');
  }

  came(bytes: number): void {
    this.#done += bytes;
    this.#came += bytes;
    const now = performance.now();
    if (now - (this.#marks.at(-1)?.ms ?? 0) >= TELL_EVERY_MS) {
      this.#marks.push({ ms: now, bytes: this.#came });
      this.#marks = this.#marks.filter(({ ms }) => now - ms <= WINDOW_MS);
    }
    this.#say('fetching');
  }

  /** Bytes that turned out to be others than the hub's, and come again. */
  lost(bytes: number): void {
    this.#done -= bytes;
  }

  waiting(waiting: NonNullable<FetchProgress['waiting']>): void {
    this.#say('waiting', { waiting }, true);
  }

  checking(): void {
    this.#say('checking', {}, true);
  }

  end(): void {
    this.#say('fetched', {}, true);
  }

  #rate(): number | undefined {
    const [first] = this.#marks;
    const spent = performance.now() - (first?.ms ?? 0);
    return first === undefined || spent < FIRST_RATE_MS ? undefined : ((this.#came - first.bytes) / spent) * 1000;
  }

  #say(state: FetchProgress['state'], more: Pick<FetchProgress, 'waiting'> = {}, now = false): void {
    const ms = performance.now();
    if (!now && ms - this.#told < TELL_EVERY_MS) return;
    this.#told = ms;
    const rate = this.#rate();
    const left = this.#of - this.#done;
    this.#tell?.({
      id: this.#id,
      done: this.#done,
      of: this.#of,
      state,
      ...(rate === undefined ? {} : { rate, ...(rate > 0 ? { ms_left: (left / rate) * 1000 } : {}) }),
      ...more,
    });
  }
}
