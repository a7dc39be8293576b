// References of sparse adapters (Hao et al. 2024): activated neurons in slots, of which a token uses K entries; see src/kernels/sparse.ts.
import { add, at, type Reference } from './kernel.ts';

interface EntryTensors {
  readonly scores: Float64Array;
  readonly coefficients: Float64Array;
  readonly slots: Float64Array;
}

interface Entry {
  readonly n: number;
  /** Index in [N, K]. */
  readonly i: number;
  readonly slot: number;
  readonly expert: number;
  readonly s: number;
  readonly q: number;
}

/** Entries with a > 0. */
function* active({ scores, coefficients, slots }: EntryTensors, N: number, K: number, listed: number): Generator<Entry> {
  for (let i = 0; i < N * K; i++) {
    const word = listed ? at(slots, i) : i % K;
    const [s, q] = [listed ? at(coefficients, i) : 1, at(scores, i)];
    if (s * q > 0) yield { n: Math.floor(i / K), i, slot: word % 65536, expert: Math.floor(word / 65536), s, q };
  }
}

const dot = (x: Float64Array, i: number, y: Float64Array, j: number, C: number): number => {
  let sum = 0;
  for (let c = 0; c < C; c++) sum += at(x, i * C + c) * at(y, j * C + c);
  return sum;
};

export const sparse_scores: Reference<'sparse_scores'> = ({ h, keys, used, scores }, { N, K, C }) => {
  for (let i = 0; i < N * K; i++) scores[i] = i % K < at(used, 0) ? dot(h, Math.floor(i / K), keys, i % K, C) : 0;
};

export const sparse_output: Reference<'sparse_output'> = ({ values, out, ...entries }, { N, K, C }, { LISTED = 0 }) => {
  for (const { n, slot, s, q } of active(entries, N, K, LISTED)) {
    for (let c = 0; c < C; c++) add(out, n * C + c, s * q * at(values, slot * C + c));
  }
};

export const sparse_slopes: Reference<'sparse_slopes'> = ({ values, d_out, u, ...entries }, { N, K, C }, { LISTED = 0 }) => {
  u.fill(0, 0, N * K);
  for (const { n, i, slot } of active(entries, N, K, LISTED)) u[i] = dot(values, slot, d_out, n, C);
};

export const sparse_input: Reference<'sparse_input'> = (
  { u, keys, router, d_h, ...entries },
  { N, K, C },
  { LISTED = 0, ACCUMULATE = 0 },
) => {
  if (!ACCUMULATE) d_h.fill(0, 0, N * C);
  for (const { n, i, slot, expert, s, q } of active(entries, N, K, LISTED)) {
    for (let c = 0; c < C; c++) {
      const throughRouter = LISTED ? q * at(router, expert * C + c) : 0;
      add(d_h, n * C + c, at(u, i) * (s * at(keys, slot * C + c) + throughRouter));
    }
  }
};
