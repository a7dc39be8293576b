// Pause, single step and stop, as a gate that a run passes before each step.

import type { Keep } from '../protocol/messages.ts';

export class Gate {
  #open = Number.POSITIVE_INFINITY;
  #stop = false;
  #wake: (() => void) | undefined;
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
    this.#wake?.();
  }

  get stopping(): boolean {
    return this.#stop;
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
