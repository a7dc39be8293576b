// References of the embedding sum and of its gradient, for the rows [row_begin, row_end) of a table.
import { add, at, type Reference } from './kernel.ts';

/** An id past the end of its table adds nothing; the first piece of the word table writes the rows whose id is in none. */
export const embedding: Reference<'embedding'> = (
  { ids, position_ids, token_type_ids, word, position, token_type, prompt, h },
  { B, S, P, first_position, C, row_begin, row_end, V, positions, types },
  { PROMPT = 0 },
) => {
  for (let b = 0; b < B; b++) {
    const write = (t: number, parts: readonly ((c: number) => number)[]) => {
      for (let c = 0; c < C; c++) h[(b * S + t) * C + c] = parts.reduce((sum, part) => sum + part(c), 0);
    };
    const rowOf = (table: Float64Array, row: number, rows: number) => (c: number) => (row < rows ? at(table, row * C + c) : 0);
    if (PROMPT) {
      for (let t = 0; t < P; t++) write(t, [rowOf(prompt, t, P), rowOf(position, t, positions), rowOf(token_type, 0, types)]);
    }
    for (let t = P; t < S; t++) {
      const n = b * (S - P) + t - P;
      const id = at(ids, n);
      const here = id >= row_begin && id < row_end;
      if (!here && (id < V || row_begin > 0)) continue;
      write(t, [
        here ? rowOf(word, id - row_begin, row_end - row_begin) : () => 0,
        rowOf(position, at(position_ids, n) + first_position, positions),
        rowOf(token_type, at(token_type_ids, n), types),
      ]);
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
