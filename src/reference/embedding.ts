// References of the embedding sum and of its gradient, for the rows [row_begin, row_end) of a table.
import { add, at, type Reference } from './kernel.ts';

export const embedding: Reference<'embedding'> = (
  { ids, position_ids, token_type_ids, word, position, token_type, prompt, h },
  { B, S, P, first_position, C, row_begin, row_end },
  { PROMPT = 0 },
) => {
  for (let b = 0; b < B; b++) {
    const write = (t: number, rowAt: (c: number) => number, place: number, segment: number) => {
      for (let c = 0; c < C; c++) h[(b * S + t) * C + c] = rowAt(c) + at(position, place * C + c) + at(token_type, segment * C + c);
    };
    if (PROMPT) for (let t = 0; t < P; t++) write(t, (c) => at(prompt, t * C + c), t, 0);
    for (let t = P; t < S; t++) {
      const n = b * (S - P) + t - P;
      const row = at(ids, n) - row_begin;
      if (row < 0 || row >= row_end - row_begin) continue;
      write(t, (c) => at(word, row * C + c), at(position_ids, n) + first_position, at(token_type_ids, n));
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
