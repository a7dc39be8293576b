// References of pooling a sequence into one vector: MODE 0 the mean of the rows below the length, MODE 1 the first row.
import { add, at, type Reference } from './kernel.ts';

const pooledRows = (mode: number, lengths: Float64Array, b: number, T: number): number => (mode === 1 ? 1 : Math.min(at(lengths, b), T));

export const pool: Reference<'pool'> = ({ h, lengths, pooled }, { B, T, C }, { MODE = 0 }) => {
  pooled.fill(0, 0, B * C);
  for (let b = 0; b < B; b++) {
    const rows = pooledRows(MODE, lengths, b, T);
    for (let i = 0; i < rows * C; i++) add(pooled, b * C + (i % C), at(h, b * T * C + i) / rows);
  }
};

export const pool_backward: Reference<'pool_backward'> = ({ d_pooled, lengths, d_h }, { B, T, C }, { MODE = 0 }) => {
  d_h.fill(0, 0, B * T * C);
  for (let b = 0; b < B; b++) {
    const rows = pooledRows(MODE, lengths, b, T);
    for (let i = 0; i < rows * C; i++) d_h[b * T * C + i] = at(d_pooled, b * C + (i % C)) / rows;
  }
};
