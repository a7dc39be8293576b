// A table of learned positions for a square grid of patches as one for a grid of another size: bicubically, as Transformers' `interpolate_pos_encoding` has it,
// which is PyTorch's `interpolate(mode='bicubic', align_corners=False)` without antialiasing. Pure. Invariant: rows that are no part of the grid stay as they are.

import type { GridChange } from './stored_form.ts';

/** Keys' cubic convolution (1981) with PyTorch's a. */
const a = -0.75;
const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1;
const far = (x: number): number => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;

interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

/** For each of `to` places the four of `from` that it is made of; past the ends stands the last one. */
function tapsOf(from: number, to: number): Taps[] {
  return Array.from({ length: to }, (_, i) => {
    const place = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(place);
    const t = place - first;
    const at = [-1, 0, 1, 2].map((offset) => Math.min(from - 1, Math.max(0, first + offset)));
    return { at, weights: [far(t + 1), near(t), near(1 - t), far(2 - t)] };
  });
}

/** [special + to², C] of table [special + from², C]. */
export function resizedGrid(table: Float32Array, { special, from, to }: GridChange): Float32Array<ArrayBuffer> {
  const C = table.length / (special + from * from);
  const resized = new Float32Array((special + to * to) * C);
  resized.set(table.subarray(0, special * C));
  const taps = tapsOf(from, to);
  for (const [y, vertical] of taps.entries()) {
    for (const [x, horizontal] of taps.entries()) {
      const begin = (special + y * to + x) * C;
      for (let c = 0; c < C; c++) {
        let sum = 0;
        for (const [i, row] of vertical.at.entries()) {
          let along = 0;
          for (const [j, column] of horizontal.at.entries()) {
            along += (horizontal.weights[j] as number) * (table[(special + row * from + column) * C + c] as number);
          }
          sum += (vertical.weights[i] as number) * along;
        }
        resized[begin + c] = sum;
      }
    }
  }
  return resized;
}
