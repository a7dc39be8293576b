// Gradients of a step for the rows that it touches and no others, summed over its micro-batches.

import type { Floats } from './rows.ts';

export class RowGradients {
  readonly width: number;
  /** Index in #numbers of each row + 1; 0 where it is untouched. */
  readonly #places: Uint32Array;
  #numbers: Floats;
  #rows: number[] = [];

  constructor(rows: number, width: number, numbers: Floats) {
    this.width = width;
    this.#places = new Uint32Array(rows);
    this.#numbers = numbers;
  }

  /** Rows touched so far, in the order of their first touch. */
  get rows(): readonly number[] {
    return this.#rows;
  }

  get bytes(): number {
    return this.#numbers.byteLength + this.#places.byteLength;
  }

  clear(): void {
    for (const row of this.#rows) this.#places[row] = 0;
    this.#rows = [];
  }

  /** The gradient of a row [width], zeros at its first touch; to be written before the next call. */
  touch(row: number): Floats {
    let place = this.#places[row] as number;
    const fresh = place === 0;
    if (fresh) {
      place = this.#rows.push(row);
      this.#places[row] = place;
      const needed = place * this.width;
      if (needed > this.#numbers.length) {
        const most = this.#places.length * this.width;
        const grown = new (this.#numbers.constructor as Float32ArrayConstructor)(
          Math.min(most, Math.max(needed, 2 * this.#numbers.length)),
        );
        grown.set(this.#numbers);
        this.#numbers = grown;
      }
    }
    const own = this.#numbers.subarray((place - 1) * this.width, place * this.width);
    return fresh ? own.fill(0) : own;
  }

  /** The gradient of a row, or undefined where it is untouched. */
  of(row: number): Floats | undefined {
    const place = this.#places[row] as number;
    return place === 0 ? undefined : this.#numbers.subarray((place - 1) * this.width, place * this.width);
  }

  squareSum(): number {
    let sum = 0;
    for (let i = 0; i < this.#rows.length * this.width; i++) sum += (this.#numbers[i] as number) ** 2;
    return sum;
  }
}
