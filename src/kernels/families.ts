// The family of each kernel: what kind of work it is, by which profiles sum up time. Not in the table's rows, for it is nobody's half of a contract: no
// shader and no dispatch depends on it. Invariant: every kernel has one; a kernel without a row here does not compile.

import type { KernelName } from './table.ts';

/**
 * - `gemm`, `attention`, `sparse`: what multiplies matrices; the only ones whose multiply-adds are counted;
 * - `norms`: layer and RMS normalisation;
 * - `elementwise`: activations, dropout, copies, cells and gates: a few operations an element;
 * - `streams`: the coupling of two streams and its inverse;
 * - `sums`: sums over rows into gradients of parameters;
 * - `rows`: embeddings, pooling, rows that are gathered or scattered;
 * - `loss`, `optimizer`, `checks`: losses; clipping and updates; magnitudes that are watched.
 */
export const kernelFamilies = [
  'gemm',
  'attention',
  'sparse',
  'norms',
  'elementwise',
  'streams',
  'sums',
  'rows',
  'loss',
  'optimizer',
  'checks',
] as const;

export type KernelFamily = (typeof kernelFamilies)[number];

export const familyOf: Readonly<Record<KernelName, KernelFamily>> = {
  gemm_nt: 'gemm',
  gemm_nn: 'gemm',
  gemm_tn: 'gemm',
  gemm_nt_ragged: 'gemm',
  gemm_nn_ragged: 'gemm',
  gemm_tn_ragged: 'gemm',
  token_mix: 'gemm',
  attention: 'attention',
  attention_backward_q: 'attention',
  attention_backward_kv: 'attention',
  attention_probabilities: 'attention',
  sparse_scores: 'sparse',
  sparse_output: 'sparse',
  sparse_slopes: 'sparse',
  sparse_input: 'sparse',
  layer_norm: 'norms',
  layer_norm_backward: 'norms',
  layer_norm_parameters: 'norms',
  rms_norm: 'norms',
  rms_norm_backward: 'norms',
  rms_norm_weight: 'norms',
  scale_columns: 'elementwise',
  activation: 'elementwise',
  activation_backward: 'elementwise',
  dropout: 'elementwise',
  scale_add: 'elementwise',
  copy: 'elementwise',
  copy_columns: 'elementwise',
  clear: 'elementwise',
  add_to_lengths: 'elementwise',
  gru_cell: 'elementwise',
  gru_cell_backward: 'elementwise',
  lstm_cell: 'elementwise',
  lstm_cell_backward: 'elementwise',
  gate: 'elementwise',
  gate_backward: 'elementwise',
  stream_quantize: 'streams',
  stream_read: 'streams',
  stream_couple: 'streams',
  stream_uncouple: 'streams',
  scale_add_inverse: 'streams',
  column_sum: 'sums',
  column_dot: 'sums',
  gate_alpha: 'sums',
  embedding: 'rows',
  embedding_backward: 'rows',
  gather_rows: 'rows',
  scatter_rows: 'rows',
  pool: 'rows',
  pool_backward: 'rows',
  softmax_cross_entropy: 'loss',
  softmax_cross_entropy_wide: 'loss',
  mean_squared_error: 'loss',
  accumulate_sum: 'loss',
  square_sum: 'optimizer',
  clip_scale: 'optimizer',
  adamw: 'optimizer',
  sgd: 'optimizer',
  lion: 'optimizer',
  adafactor_row: 'optimizer',
  adafactor_column: 'optimizer',
  adafactor_sums: 'optimizer',
  adafactor_scale: 'optimizer',
  adafactor: 'optimizer',
  watch: 'checks',
  max_difference: 'checks',
};
