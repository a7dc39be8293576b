// Rows of the kernel table that know batch and sequence: embeddings, attention, pooling. Part of the table in table.ts, whose rules hold here;
// nobody else imports it.

import type { KernelSpec } from './kernel_spec.ts';

const rw = 'read_write' as const;
const read = 'read' as const;

const attentionUniforms = {
  B: 'u32',
  T: 'u32',
  S: 'u32',
  prefix: 'u32',
  NH: 'u32',
  first: 'u32',
  scale: 'f32',
  site: 'u32',
  p: 'f32',
} as const;

export const sequenceKernels = {
  // h[B,S,C] = table[ids + shift], or added to what is there with ACCUMULATE; an id past the end of the table adds zeros. `table` holds the rows
  // [row_begin, row_end) of it, so a table larger than a binding is gathered piece by piece. An example's first P rows have no ids: row t of them is
  // table[before + step · t].
  embedding: {
    bindings: { ids: read, table: read, h: rw },
    uniforms: {
      ...{ B: 'u32', S: 'u32', P: 'u32', C: 'u32', row_begin: 'u32', row_end: 'u32' },
      ...{ rows: 'u32', shift: 'u32', before: 'u32', step: 'u32' },
    },
    overrides: ['ACCUMULATE'],
    stored: { table: 4 },
    work: [['B', 'S', 'C']],
    tile: [256],
  },
  // d_table[ids[n] + shift, :] += sum of d_h over the tokens with that id, for rows in [row_begin, row_end); `chain[n]` = (index of the next token with
  // the same id + 1, or 0 at the end) | (0x80000000 where n is the first). One thread sums a chain in order, by
  // blocks of the T tokens of an example: no atomics.
  embedding_backward: {
    bindings: { ids: read, chain: read, d_h: rw, d_table: rw },
    uniforms: { N: 'u32', C: 'u32', T: 'u32', row_begin: 'u32', row_end: 'u32', rows: 'u32', shift: 'u32' },
    work: [['N', 'C']],
    tile: [256],
  },
  // longer[B] = lengths[B] + rows
  add_to_lengths: {
    bindings: { lengths: rw, longer: rw },
    uniforms: { B: 'u32', rows: 'u32' },
    work: [['B']],
    tile: [64],
  },
  // Softmax attention, q out [B·T, NH·HD], k v [B·S, NH·HD], lse [B, NH, T] (log-sum-exp of the scaled scores). The first `prefix` keys are seen by
  // every query; of the rest those at or past lengths[first + b] are masked. Without CROSS the rest are the T tokens of the queries: query rows at or
  // past the length give zeros (lse 0), CAUSAL masks keys after a query. Dropout on the probabilities: element (((first + b)·NH + h)·T + i)·S + j.
  attention: {
    bindings: { q: rw, k: rw, v: rw, lengths: rw, out: rw, lse: rw },
    uniforms: attentionUniforms,
    overrides: ['CAUSAL', 'CROSS'],
    step: true,
    head: true,
    work: [['B', 'NH', 'T']],
    tile: [64],
  },
  // d_q in place on out, which d_q holds on entry; delta[B, NH, T] = the sum of d_out ∘ out of a row. DELTA_ONLY: out stays.
  attention_backward_q: {
    bindings: { q: rw, k: rw, v: rw, d_out: rw, lse: rw, delta: rw, lengths: rw, d_q: rw },
    uniforms: attentionUniforms,
    overrides: ['CAUSAL', 'CROSS', 'DELTA_ONLY'],
    step: true,
    head: true,
    work: [['B', 'NH', 'T']],
    tile: [64],
  },
  // d_k, d_v in place on k, v (a thread reads and writes only its own key row of them).
  attention_backward_kv: {
    bindings: { q: rw, k: rw, v: rw, d_out: rw, lse: rw, delta: rw, lengths: rw },
    uniforms: attentionUniforms,
    overrides: ['CAUSAL', 'CROSS'],
    step: true,
    head: true,
    work: [['B', 'NH', 'S']],
    tile: [64],
  },
  // pooled[B,C]: MODE 0 mean of the rows below lengths[b], MODE 1 the first row, MODE 2 the last row below lengths[b]; zeros where the length is 0
  // (but for MODE 1).
  pool: {
    bindings: { h: rw, lengths: rw, pooled: rw },
    uniforms: { B: 'u32', T: 'u32', C: 'u32' },
    overrides: ['MODE'],
    work: [['B', 'C']],
    tile: [256],
  },
  // d_h[B·T,C], every element written.
  pool_backward: {
    bindings: { d_pooled: rw, lengths: rw, d_h: rw },
    uniforms: { B: 'u32', T: 'u32', C: 'u32' },
    overrides: ['MODE'],
    work: [['B', 'T', 'C']],
    tile: [256],
  },
} as const satisfies Record<string, KernelSpec>;
