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

  /** Waits while closed; says whether the run is to stop and whether it had to wait. */
  async pass(): Promise<{ stop: boolean; waited: boolean }> {
    let waited = false;
    while (this.closed) {
      waited = true;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#open--;
    return { stop: this.#stop, waited };
  }
}
