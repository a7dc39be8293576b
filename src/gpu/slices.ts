// How much work goes into one submit. A slice of tens of milliseconds keeps a job far from the 2 s at which Windows kills it and lets a display draw in between, and
// is long beside what a submit costs. One number of multiply-adds is 10 ms on one GPU and most of a second on another, so the time of slices is measured.
// Software drivers keep one size: nothing kills their jobs, and smaller submits only cost (docs/LOG.md).
// Invariant: cutting changes which dispatches go together, never their order, so no number depends on it.

/** Milliseconds that a slice should take, and what it may take before it is changed. */
const [wanted, least, most] = [45, 30, 60];

/** In multiply-adds: where sizes begin, and what they stay between. */
const [first, smallest, largest] = [4e9, 1e7, 1e12];

/** A slice that was run. */
export interface SliceTime {
  /** In the unit of sizes. */
  readonly work: number;
  readonly ms: number;
}

/** The next size, given how long a slice took. It moves by steps, for one time may be far off; a slice that was not full tells nothing unless it took too long. */
export function nextSize(size: number, { work, ms }: SliceTime): number {
  if (ms >= least && ms <= most) return size;
  if (ms < least && work < size / 2) return size;
  const asked = (Math.min(work, size) * wanted) / Math.max(ms, 0.1);
  return Math.min(largest, Math.max(smallest, Math.min(2 * size, Math.max(size / 4, asked))));
}

/** Slices are timed until so many were, and then so many of every `every`. */
const [atFirst, together, every] = [64, 4, 256];

/** The end of a slice that stands so close behind the one before was told late, both at once. */
const tooClose = 1;

/** The size of the next slice, measured as they run or always the same. */
export class Slices {
  readonly #sizes: 'measured' | 'fixed';
  #size = first;
  #submitted = 0;
  /** When the last timed slice ended, and which it was. */
  #last = { at: 0, slice: -1 };

  constructor(sizes: 'measured' | 'fixed' = 'measured') {
    this.#sizes = sizes;
  }

  get size(): number {
    return this.#size;
  }

  /** To be told of every slice as it is submitted; `ended` gives when the GPU has run it. */
  submitted(work: number, ended: () => Promise<unknown>): void {
    if (this.#sizes === 'fixed') return;
    const slice = this.#submitted++;
    if (slice >= atFirst && slice % every >= together) return;
    const begin = performance.now();
    const note = () => {
      const now = performance.now();
      const { at, slice: before } = this.#last;
      this.#last = { at: now, slice };
      // When it began is known where the one before was timed: then, or as it was submitted.
      const known = slice === 0 || before === slice - 1;
      const ms = now - Math.max(begin, at);
      if (known && (ms >= tooClose || slice === 0)) this.#size = nextSize(this.#size, { work, ms });
    };
    // A device that was lost ends nothing.
    ended().then(note, () => undefined);
  }
}
