// What a sparse adapter's host side spends its time in: dot products of all rows with all rows, weighted sums of rows, Adam over a row. Plainly, for
// f32 and f64, and in WebAssembly SIMD for f32 (products.wat). Rows have C numbers, C a multiple of 4.
// Invariant: every sum has an order of its own that does not depend on what is computed beside it, so the same rows give the same bits in any batch.

import { type AdamFactors, takeAdamStep } from './lazy_adam.ts';
import { productsWasm } from './products_wasm.ts';
import type { Floats } from './rows.ts';

export interface Products {
  /** Makes room for `words` numbers and indices; arrays taken before are lost. */
  begin(words: number): void;
  /** Zeros or leftovers, in memory that the sums can reach: their operands must come from here. */
  floats(count: number): Floats;
  indices(count: number): Uint32Array;
  /** out[i, j] = x[i] · y[j], i < nx, j < ny. */
  dots(x: Floats, nx: number, y: Floats, ny: number, C: number, out: Floats): void;
  /** sum += weights[i] · x[rows[i]], i < count, in order. */
  weightedSum(sum: Floats, x: Floats, C: number, rows: Uint32Array, weights: Floats, count: number): void;
  /** Adam's step on a row and its moments, in place. */
  adam(parameter: Floats, exp_avg: Floats, exp_avg_sq: Floats, gradient: Floats, factors: AdamFactors): void;
}

export function plainProducts(Numbers: typeof Float32Array | typeof Float64Array = Float32Array): Products {
  return {
    begin: () => undefined,
    floats: (count) => new Numbers(count),
    indices: (count) => new Uint32Array(count),
    dots(x, nx, y, ny, C, out) {
      for (let i = 0; i < nx; i++) {
        for (let j = 0; j < ny; j++) {
          let sum = 0;
          for (let c = 0; c < C; c++) sum += (x[i * C + c] as number) * (y[j * C + c] as number);
          out[i * ny + j] = sum;
        }
      }
    },
    weightedSum(sum, x, C, rows, weights, count) {
      for (let i = 0; i < count; i++) {
        const from = (rows[i] as number) * C;
        const weight = weights[i] as number;
        for (let c = 0; c < C; c++) sum[c] = (sum[c] as number) + weight * (x[from + c] as number);
      }
    },
    adam: takeAdamStep,
  };
}

interface Exports {
  dots(x: number, nx: number, y: number, ny: number, C: number, out: number): void;
  weightedSum(sum: number, x: number, C: number, rows: number, weights: number, count: number): void;
  adam(parameter: number, exp_avg: number, exp_avg_sq: number, gradient: number, count: number, ...factors: number[]): void;
}

const pageBytes = 65536;

/** Four numbers at a time. Throws where the runtime has no WebAssembly SIMD, or a page's policy forbids it. */
export function simdProducts(): Products {
  const bytes = Uint8Array.from(atob(productsWasm), (letter) => letter.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const { dots, weightedSum, adam } = exports as unknown as Exports;
  let used = 0;
  const take = (count: number): number => {
    const at = used;
    used += Math.ceil(count / 4) * 16;
    if (used > memory.buffer.byteLength) throw new Error(`products: ${used} bytes of ${memory.buffer.byteLength} were reserved`);
    return at;
  };
  const at = (numbers: Floats | Uint32Array): number => {
    if (numbers.buffer !== memory.buffer) throw new Error('products: an operand lies outside the memory of the sums');
    return numbers.byteOffset;
  };
  return {
    begin(words) {
      used = 0;
      const missing = 4 * words + pageBytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    },
    floats: (count) => new Float32Array(memory.buffer, take(count), count),
    indices: (count) => new Uint32Array(memory.buffer, take(count), count),
    dots: (x, nx, y, ny, C, out) => dots(at(x), nx, at(y), ny, C, at(out)),
    weightedSum: (sum, x, C, rows, weights, count) => weightedSum(at(sum), at(x), C, at(rows), at(weights), count),
    adam: (parameter, exp_avg, exp_avg_sq, gradient, { clip, kept1, new1, kept2, new2, rate, root, eps, decay }) =>
      adam(
        at(parameter),
        at(exp_avg),
        at(exp_avg_sq),
        at(gradient),
        parameter.length,
        clip,
        kept1,
        new1,
        kept2,
        new2,
        rate,
        root,
        eps,
        decay,
      ),
  };
}

/** The fast ones where they run, else the plain ones. */
export function bestProducts(): Products {
  try {
    return simdProducts();
  } catch {
    return plainProducts();
  }
}
