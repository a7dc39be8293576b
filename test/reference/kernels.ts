// Every kernel's reference under its name: what an interpreter replays a dispatch list with. Slow; for tests and for checking a model.
import type { KernelName } from '../../src/kernels/table.ts';
import * as activation from './activation.ts';
import * as adafactor from './adafactor.ts';
import * as attention from './attention.ts';
import * as attentionMix from './attention_mix.ts';
import * as columns from './columns.ts';
import * as embedding from './embedding.ts';
import * as gate from './gate.ts';
import * as gemm from './gemm.ts';
import type { Reference, Step } from './kernel.ts';
import * as layerNorm from './layer_norm.ts';
import * as loss from './loss.ts';
import * as optimizer from './optimizer.ts';
import * as pool from './pool.ts';
import * as recurrent from './recurrent.ts';
import * as rmsNorm from './rms_norm.ts';
import * as sparse from './sparse.ts';
import * as stream from './stream.ts';
import * as words from './words.ts';

/** Runs one dispatch on the CPU: reads and writes `tensors` in place, with the names of the kernel table. */
export type AnyReference = (
  tensors: Readonly<Record<string, Float64Array>>,
  uniforms: Readonly<Record<string, number>>,
  overrides: Readonly<Record<string, number>>,
  step: Step,
  headSize: number,
) => void;

const typed: { readonly [K in KernelName]: Reference<K> } = {
  gemm_nt: gemm.gemm_nt,
  gemm_nn: gemm.gemm_nn,
  gemm_tn: gemm.gemm_tn,
  gemm_nt_ragged: gemm.gemm_nt,
  gemm_nn_ragged: gemm.gemm_nn,
  gemm_tn_ragged: gemm.gemm_tn,
  column_sum: gemm.column_sum,
  scale_columns: columns.scale_columns,
  column_dot: columns.column_dot,
  layer_norm: layerNorm.layer_norm,
  layer_norm_backward: layerNorm.layer_norm_backward,
  layer_norm_parameters: layerNorm.layer_norm_parameters,
  activation: activation.activation,
  activation_backward: activation.activation_backward,
  dropout: activation.dropout,
  embedding: embedding.embedding,
  embedding_backward: embedding.embedding_backward,
  add_to_lengths: words.add_to_lengths,
  attention: attention.attention,
  attention_backward_q: attention.attention_backward_q,
  attention_backward_kv: attention.attention_backward_kv,
  pool: pool.pool,
  pool_backward: pool.pool_backward,
  softmax_cross_entropy: loss.softmax_cross_entropy,
  softmax_cross_entropy_wide: loss.softmax_cross_entropy_wide,
  mean_squared_error: loss.mean_squared_error,
  accumulate_sum: loss.accumulate_sum,
  stream_quantize: stream.stream_quantize,
  stream_read: stream.stream_read,
  stream_couple: stream.stream_couple,
  stream_uncouple: stream.stream_uncouple,
  scale_add: stream.scale_add,
  scale_add_inverse: stream.scale_add_inverse,
  copy: words.copy,
  clear: words.clear,
  watch: stream.watch,
  max_difference: stream.max_difference,
  square_sum: optimizer.square_sum,
  clip_scale: optimizer.clip_scale,
  adamw: optimizer.adamw,
  sgd: optimizer.sgd,
  lion: optimizer.lion,
  adafactor_row: adafactor.adafactor_row,
  adafactor_column: adafactor.adafactor_column,
  adafactor_sums: adafactor.adafactor_sums,
  adafactor_scale: adafactor.adafactor_scale,
  adafactor: adafactor.adafactor,
  rms_norm: rmsNorm.rms_norm,
  rms_norm_backward: rmsNorm.rms_norm_backward,
  rms_norm_weight: rmsNorm.rms_norm_weight,
  gru_cell: recurrent.gru_cell,
  gru_cell_backward: recurrent.gru_cell_backward,
  lstm_cell: recurrent.lstm_cell,
  lstm_cell_backward: recurrent.lstm_cell_backward,
  gate: gate.gate,
  gate_backward: gate.gate_backward,
  gate_alpha: gate.gate_alpha,
  attention_probabilities: attentionMix.attention_probabilities,
  token_mix: attentionMix.token_mix,
  copy_columns: words.copy_columns,
  gather_rows: words.gather_rows,
  scatter_rows: words.scatter_rows,
  sparse_scores: sparse.sparse_scores,
  sparse_output: sparse.sparse_output,
  sparse_slopes: sparse.sparse_slopes,
  sparse_input: sparse.sparse_input,
};

// The caller has the names from the table at run time, where the types cannot follow: the kernel tests compare every row.
export const reference = typed as Readonly<Record<KernelName, unknown>> as Readonly<Record<KernelName, AnyReference>>;
