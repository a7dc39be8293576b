// References of the rows of a table and of their gradient, for the rows [row_begin, row_end) of it.
import { add, at, type Reference } from './kernel.ts';

/** An id past the end of its table adds nothing; the first range of a table that is read first writes the rows whose id is in none. */
export const embedding: Reference<'embedding'> = (
  { ids, table, h },
  { B, S, P, C, row_begin, row_end, rows, shift, before, step },
  { ACCUMULATE = 0 },
) => {
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < S; t++) {
      const row = t < P ? before + step * t : at(ids, b * (S - P) + t - P) + shift;
      const here = row >= row_begin && row < row_end;
      const writes = here || (row >= rows && row_begin === 0);
      for (let c = 0; c < C; c++) {
        const value = here ? at(table, (row - row_begin) * C + c) : 0;
        if (ACCUMULATE) add(h, (b * S + t) * C + c, value);
        else if (writes) h[(b * S + t) * C + c] = value;
      }
    }
  }
};

/** Sums along the chains, as the kernel does, so that a wrong chain shows here too. */
export const embedding_backward: Reference<'embedding_backward'> = ({ ids, chain, d_h, d_table }, { N, C, row_begin, row_end, shift }) => {
  for (let n = 0; n < N; n++) {
    const row = at(ids, n) + shift;
    if (at(chain, n) < 2 ** 31 || row < row_begin || row >= row_end) continue;
    for (let token = n + 1; token !== 0; token = at(chain, token - 1) % 2 ** 31) {
      for (let c = 0; c < C; c++) add(d_table, (row - row_begin) * C + c, at(d_h, (token - 1) * C + c));
    }
  }
};
