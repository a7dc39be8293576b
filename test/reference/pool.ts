// References of pooling a sequence into one vector: MODE 0 the mean of the rows below the length, MODE 1 the first row, MODE 2 the last below the length.
import { add, at, type Reference } from './kernel.ts';

/** The rows [begin, end) whose mean is taken. */
function pooledRows(mode: number, lengths: Float64Array, b: number, T: number): readonly [begin: number, end: number] {
  const length = Math.min(at(lengths, b), T);
  if (mode === 1) return [0, 1];
  return mode === 2 ? [Math.max(length - 1, 0), length] : [0, length];
}

export const pool: Reference<'pool'> = ({ h, lengths, pooled }, { B, T, C }, { MODE = 0 }) => {
  pooled.fill(0, 0, B * C);
  for (let b = 0; b < B; b++) {
    const [begin, end] = pooledRows(MODE, lengths, b, T);
    for (let i = begin * C; i < end * C; i++) add(pooled, b * C + (i % C), at(h, b * T * C + i) / (end - begin));
  }
};

export const pool_backward: Reference<'pool_backward'> = ({ d_pooled, lengths, d_h }, { B, T, C }, { MODE = 0 }) => {
  d_h.fill(0, 0, B * T * C);
  for (let b = 0; b < B; b++) {
    const [begin, end] = pooledRows(MODE, lengths, b, T);
    for (let i = begin * C; i < end * C; i++) d_h[b * T * C + i] = at(d_pooled, b * C + (i % C)) / (end - begin);
  }
};
