// Which bytes of a file are here. Pure. Invariant: ranges are ascending, none is empty, and no two touch.

import type { Range } from './store.ts';

export class RangeSet {
  #ranges: Range[] = [];

  constructor(ranges: readonly Range[] = []) {
    for (const { begin, end } of ranges) this.add(begin, end);
  }

  get list(): readonly Range[] {
    return this.#ranges;
  }

  /** How many bytes they are. */
  get bytes(): number {
    return this.#ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  add(begin: number, end: number): void {
    if (begin >= end) return;
    const before = this.#ranges.filter((range) => range.end < begin);
    const after = this.#ranges.filter((range) => range.begin > end);
    const joined = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const whole = { begin: Math.min(begin, joined[0]?.begin ?? begin), end: Math.max(end, joined.at(-1)?.end ?? end) };
    this.#ranges = [...before, whole, ...after];
  }

  has(begin: number, end: number): boolean {
    return this.missing(begin, end).length === 0;
  }

  /** What of [begin, end) is not here. */
  missing(begin: number, end: number): Range[] {
    const gaps: Range[] = [];
    let at = begin;
    for (const range of this.#ranges) {
      if (range.end <= at) continue;
      if (range.begin >= end) break;
      if (range.begin > at) gaps.push({ begin: at, end: range.begin });
      at = range.end;
    }
    if (at < end) gaps.push({ begin: at, end });
    return gaps;
  }
}
