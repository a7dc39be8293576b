// References of the embedding sum and of its gradient, for the rows [row_begin, row_end) of a table.
import { add, at, type Reference } from './kernel.ts';

export const embedding: Reference<'embedding'> = (
  { ids, position_ids, token_type_ids, word, position, token_type, h },
  { N, C, row_begin, row_end },
) => {
  for (let n = 0; n < N; n++) {
    const id = at(ids, n);
    if (id < row_begin || id >= row_end) continue;
    for (let c = 0; c < C; c++) {
      const place = at(position, at(position_ids, n) * C + c) + at(token_type, at(token_type_ids, n) * C + c);
      h[n * C + c] = at(word, (id - row_begin) * C + c) + place;
    }
  }
};

/** Sums along the chains, as the kernel does, so that a wrong chain shows here too. */
export const embedding_backward: Reference<'embedding_backward'> = ({ ids, chain, d_h, d_table }, { N, C, row_begin, row_end }) => {
  for (let n = 0; n < N; n++) {
    const id = at(ids, n);
    if (at(chain, n) < 2 ** 31 || id < row_begin || id >= row_end) continue;
    for (let token = n + 1; token !== 0; token = at(chain, token - 1) % 2 ** 31) {
      for (let c = 0; c < C; c++) add(d_table, (id - row_begin) * C + c, at(d_h, (token - 1) * C + c));
    }
  }
};
