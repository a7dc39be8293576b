// Pause, single step and stop, as a gate that a run passes before each step. It is there from the moment that the run is asked for: what is
// asked while the model still loads counts too.

import type { Keep } from '../../protocol/messages.ts';

/** Thrown to leave what is under way because of a stop; not an error. */
export const stopped = Symbol('stopped');

export class Gate {
  #open = Number.POSITIVE_INFINITY;
  #stop = false;
  #wake: (() => void) | undefined;
  readonly #stopping = new AbortController();
  keep: Keep = 'best';

  /** No further step may begin now. */
  get closed(): boolean {
    return this.#open <= 0 && !this.#stop;
  }

  pause(): void {
    this.#open = 0;
  }

  /** Lets this many steps begin. */
  proceed(steps: number): void {
    this.#open = steps;
    this.#wake?.();
  }

  stop(keep: Keep): void {
    this.#stop = true;
    this.keep = keep;
    this.#stopping.abort();
    this.#wake?.();
  }

  /** Aborts as the run is to stop: for what waits. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get stopping(): boolean {
    return this.#stop;
  }

  /** Throws `stopped` where the run is to stop. */
  requireOpen(): void {
    if (this.#stop) throw stopped;
  }

  /** Waits while closed. */
  async opened(): Promise<void> {
    while (this.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes one step's leave: waits while closed; says whether the run is to stop and whether it had to wait. */
  async pass(): Promise<{ stop: boolean; waited: boolean }> {
    const waited = this.closed;
    await this.opened();
    this.#open--;
    return { stop: this.#stop, waited };
  }
}
