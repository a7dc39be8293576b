// The kernel table: for each file in shaders/ its bindings in order, its uniform fields in order, its overrides and the work that one
// workgroup does. It is the host's half of a contract whose other half is the WGSL file of the same name; a test compares the two.
// Not here: how a kernel is chosen (ops lower to it) or run (src/gpu). Invariant: order in this table = order in the shader.
//
// Bindings: storage buffers 0..k-1 in table order, then the uniform `params` at k, then (where `step` is true) the uniform `step` at k+1.
// `read` is for parameters and batch inputs; whatever may lie in the shared arena is `read_write`, also where it is only read, because
// one buffer can't be bound both ways in a dispatch. At most 8 storage buffers.

import { headKernels } from './heads.ts';
import type { KernelSpec, ScalarType } from './kernel_spec.ts';
import { sequenceKernels } from './sequences.ts';
import { sideKernels } from './side_networks.ts';
import { sparseKernels } from './sparse.ts';

/** Per-step scalars: one uniform block that every step rewrites. Order and types as `struct StepScalars` in shaders/prelude.wgsl. */
export const stepScalars = {
  seed: 'u32',
  /** Micro-step counter: key of dropout, never repeats in a run. */
  micro_step: 'u32',
  /** Number in the batch of the first example of a slice of it: dropout masks are those of the whole batch. */
  first_example: 'u32',
  learning_rate: 'f32',
  /** 1 - beta1^t and sqrt(1 - beta2^t) of AdamW. */
  bias_correction1: 'f32',
  bias_correction2_sqrt: 'f32',
  max_grad_norm: 'f32',
  /** 1 / number of labelled rows in the (accumulated) batch; where classes have weights, 1 / the sum of the weights of their labels. */
  inverse_count: 'f32',
  /** Decay of Adafactor's second moments at this step. */
  beta2_t: 'f32',
} as const satisfies Record<string, ScalarType>;

/** Fields of a product that drops nothing. */
export const undropped = { first: 0, example: 0, site: 0, p: 0 } as const;

/** Codes of the ACTIVATION override, by Transformers' names: `gelu_new` is the tanh form of GELU. */
export const activationCode = { none: 0, gelu: 1, tanh: 2, relu: 3, silu: 4, gelu_new: 5 } as const;
export type Activation = keyof typeof activationCode;

/** Whether an activation's slope is a function of its value: then the argument need not be kept. */
export const slopeOfValue = (activation: Activation): boolean => activation === 'tanh' || activation === 'relu';

const rw = 'read_write' as const;
const read = 'read' as const;

export const kernels = {
  // out[M,N] = act(alpha · x[M,K] w[N,K]ᵀ + bias[N]) (+ what ACCUMULATE says: 1 out, 2 pre, 3 out and then pre). KEEP_PRE also writes to pre: 1 the argument of act, 2 its value; DROPOUT multiplies act(..) as dropout would
  // (fields as there). K is a multiple of 4. out and pre are
  // columns [column, column + N) of rows of `width`, both multiples of 4, and so are those of bias: a table in pieces, or of an odd number of rows, makes one matrix. Columns past N up
  // to a multiple of 4 are written as zeros.
  gemm_nt: {
    bindings: { x: rw, w: read, bias: read, out: rw, pre: rw },
    uniforms: {
      ...{ M: 'u32', K: 'u32', N: 'u32', width: 'u32', column: 'u32', alpha: 'f32' },
      ...{ first: 'u32', example: 'u32', site: 'u32', p: 'f32' },
    },
    overrides: ['BIAS', 'ACTIVATION', 'KEEP_PRE', 'ACCUMULATE', 'DROPOUT'],
    stored: { w: 4 },
    step: true,
    work: [['N'], ['M']],
    tile: [32, 32],
  },
  // out[M,K] = alpha · d_y[M,N] w[N,K] (+ what ACCUMULATE says: 1 out, 2 argument, 3 argument and then out). ACTIVATION: the product is multiplied by the derivative of act at `argument` (for
  // tanh and relu at its value). DROPOUT: multiplied as dropout would (fields as there), 1 the product, 2 what is written.
  // K is a multiple of 4; d_y are columns as gemm_nt's, with zeros past N.
  gemm_nn: {
    bindings: { d_y: rw, w: read, out: rw, argument: rw },
    uniforms: {
      ...{ M: 'u32', K: 'u32', N: 'u32', width: 'u32', column: 'u32', alpha: 'f32' },
      ...{ first: 'u32', example: 'u32', site: 'u32', p: 'f32' },
    },
    overrides: ['ACTIVATION', 'ACCUMULATE', 'DROPOUT'],
    stored: { w: 4 },
    step: true,
    work: [['K'], ['M']],
    tile: [32, 64],
  },
  // d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K]. Rows, T to an example and the first of them its example's row `first`, are summed by blocks (shaders/prelude.wgsl),
  // as in all sums over rows into a parameter's gradient; thus a call over some blocks, then one over the blocks after them, give the bits of one call over
  // all. K is a multiple of 4; d_y are columns as gemm_nt's. BIAS: also d_bias[N] += the sum over rows of alpha · d_y, as column_sum.
  gemm_tn: {
    bindings: { d_y: rw, x: rw, d_w: rw, d_bias: rw },
    uniforms: { M: 'u32', K: 'u32', N: 'u32', width: 'u32', column: 'u32', T: 'u32', first: 'u32', alpha: 'f32' },
    overrides: ['BIAS'],
    work: [['K'], ['N']],
    tile: [32, 64],
  },
  // The same three for K or N that are not multiples of 4 (heads of a few labels, odd ranks): one output element a thread.
  gemm_nt_ragged: {
    bindings: { x: rw, w: read, bias: read, out: rw, pre: rw },
    uniforms: { M: 'u32', K: 'u32', N: 'u32', alpha: 'f32' },
    overrides: ['BIAS', 'ACTIVATION', 'KEEP_PRE', 'ACCUMULATE'],
    stored: { w: 1 },
    work: [['N'], ['M']],
    tile: [8, 8],
  },
  gemm_nn_ragged: {
    bindings: { d_y: rw, w: read, out: rw, argument: rw },
    uniforms: { M: 'u32', K: 'u32', N: 'u32', alpha: 'f32', first: 'u32', example: 'u32', site: 'u32', p: 'f32' },
    overrides: ['ACTIVATION', 'ACCUMULATE', 'DROPOUT'],
    stored: { w: 1 },
    step: true,
    work: [['K'], ['M']],
    tile: [8, 8],
  },
  gemm_tn_ragged: {
    bindings: { d_y: rw, x: rw, d_w: rw, d_bias: rw },
    uniforms: { M: 'u32', K: 'u32', N: 'u32', T: 'u32', first: 'u32', alpha: 'f32' },
    overrides: ['BIAS'],
    work: [['K'], ['N']],
    tile: [8, 8],
  },
  // d_bias[N] += alpha · sum over rows of the first N columns of d_y[M,width]
  column_sum: {
    bindings: { d_y: rw, d_bias: rw },
    uniforms: { M: 'u32', N: 'u32', width: 'u32', T: 'u32', first: 'u32', alpha: 'f32' },
    work: [['N']],
    tile: [64],
  },
  // y[N,C] = x[N,C] · l[C]; IN_PLACE: on x, y unused.
  scale_columns: {
    bindings: { x: rw, l: read, y: rw },
    uniforms: { N: 'u32', C: 'u32' },
    overrides: ['IN_PLACE'],
    work: [['N', 'C']],
    tile: [256],
  },
  // d_l[C] += sum over rows of d_y[N,C] · x[N,C]
  column_dot: {
    bindings: { d_y: rw, x: rw, d_l: rw },
    uniforms: { N: 'u32', C: 'u32', T: 'u32', first: 'u32' },
    work: [['C']],
    tile: [64],
  },
  // s = x + residual (in place on x, where RESIDUAL), y[N,C] = (s - mean) · rstd · weight + bias; stats[N,2] = mean, rstd. C multiple of 4.
  layer_norm: {
    bindings: { x: rw, residual: rw, weight: read, bias: read, y: rw, stats: rw },
    uniforms: { N: 'u32', C: 'u32', eps: 'f32', first: 'u32', example: 'u32', site: 'u32', p: 'f32' },
    overrides: ['RESIDUAL', 'DROPOUT'],
    step: true,
    work: [['N']],
    tile: [64],
  },
  // d_s = gradient of s, in place on d_y. DROPOUT: dropped out as dropout would (fields as there), 1 in `dropped` beside d_s, 2 in its place.
  // APART: into d_s, and d_y stays, 2 times `scale`.
  layer_norm_backward: {
    bindings: { d_y: rw, s: rw, stats: rw, weight: read, dropped: rw, d_s: rw },
    uniforms: { N: 'u32', C: 'u32', first: 'u32', example: 'u32', site: 'u32', p: 'f32', scale: 'f32' },
    overrides: ['DROPOUT', 'APART'],
    step: true,
    work: [['N']],
    tile: [64],
  },
  // d_weight[C] += sum d_y · x̂ and, with BIAS, d_bias[C] += sum d_y
  layer_norm_parameters: {
    bindings: { d_y: rw, s: rw, stats: rw, d_weight: rw, d_bias: rw },
    uniforms: { N: 'u32', C: 'u32', T: 'u32', first: 'u32' },
    overrides: ['BIAS'],
    work: [['C']],
    tile: [64],
  },
  // y = act(x), elementwise, count = elements
  activation: {
    bindings: { x: rw, y: rw },
    uniforms: { count: 'u32' },
    overrides: ['ACTIVATION'],
    work: [['count']],
    tile: [256],
  },
  // d_x = d_y · act'(x), in place on d_y; for tanh `x` is the value y, for relu it may be.
  activation_backward: {
    bindings: { d_y: rw, x: rw },
    uniforms: { count: 'u32' },
    overrides: ['ACTIVATION'],
    work: [['count']],
    tile: [256],
  },
  // x = x · mask / (1 - p), in place; the mask is random_uniform(key(seed, micro_step, site), first_example · example + first + element) >= p, with
  // `example` elements to an example. Its own backward. COPY: into y, and x stays.
  dropout: {
    bindings: { x: rw, y: rw },
    uniforms: { count: 'u32', first: 'u32', example: 'u32', site: 'u32', p: 'f32' },
    overrides: ['COPY'],
    step: true,
    work: [['count']],
    tile: [256],
  },
  // out[slot] += x[0], then x[1] and so on to x[count - 1], by one thread.
  accumulate_sum: {
    bindings: { x: rw, out: rw },
    uniforms: { count: 'u32', slot: 'u32' },
    work: [[1]],
    tile: [1],
  },
  // Fixed-point streams (i32, value / scale). q(f) = round half even(f · scale). status[slot] = max over elements of |value| / scale as f32
  // bits (atomicMax on u32; NaN and overflow past i32 give magnitudes at or above 2^31 / scale). 32 elements a thread; the last may be short.
  stream_quantize: {
    bindings: { h: rw, x: rw, status: rw },
    uniforms: { count: 'u32', slot: 'u32', scale: 'f32' },
    work: [['count']],
    tile: [2048],
  },
  // h = x / scale
  stream_read: {
    bindings: { x: rw, h: rw },
    uniforms: { count: 'u32', scale: 'f32' },
    work: [['count']],
    tile: [256],
  },
  // y = (x >> SHIFT) + q(f), in place on x. KEEP_BITS: the SHIFT low bits of each x go to bits, as bit planes: word group·SHIFT + b holds bit b
  // of the 32 elements of a group. READ: also h = y / scale.
  stream_couple: {
    bindings: { x: rw, f: rw, bits: rw, status: rw, h: rw },
    uniforms: { count: 'u32', slot: 'u32', scale: 'f32' },
    overrides: ['SHIFT', 'KEEP_BITS', 'READ'],
    work: [['count']],
    tile: [2048],
  },
  // x = ((y - q(f)) << SHIFT) | bits, in place on y: the exact inverse, of `count` elements from `first` on. first % 32 = 0. READ: also h = x / scale.
  stream_uncouple: {
    bindings: { y: rw, f: rw, bits: rw, h: rw },
    uniforms: { count: 'u32', first: 'u32', scale: 'f32' },
    overrides: ['SHIFT', 'READ'],
    work: [['count']],
    tile: [2048],
  },
  // x = alpha · x + beta · f, in place on x (float streams, stream gradients, sums). Where WITH_F is 0: x = alpha · x; 2: x = beta · f.
  scale_add: {
    bindings: { x: rw, f: rw },
    uniforms: { count: 'u32', alpha: 'f32', beta: 'f32' },
    overrides: ['WITH_F'],
    work: [['count']],
    tile: [256],
  },
  // x = (y - f) / alpha, in place on y: the inverse over float streams.
  scale_add_inverse: {
    bindings: { y: rw, f: rw },
    uniforms: { count: 'u32', alpha: 'f32' },
    work: [['count']],
    tile: [256],
  },
  // y[i] = x[i] for i < count (32-bit words of any type)
  copy: {
    bindings: { x: rw, y: rw },
    uniforms: { count: 'u32' },
    work: [['count']],
    tile: [256],
  },
  // x[i] = 0 for i < count
  clear: {
    bindings: { x: rw },
    uniforms: { count: 'u32' },
    work: [['count']],
    tile: [256],
  },
  // status[slot] = max |x| as f32 bits (atomicMax on u32), 32 elements a thread. Non-finite values come out as such.
  watch: {
    bindings: { x: rw, status: rw },
    uniforms: { count: 'u32', slot: 'u32' },
    work: [['count']],
    tile: [2048],
  },
  // status[slot] = max |a - b| as f32 bits.
  max_difference: {
    bindings: { a: rw, b: rw, status: rw },
    uniforms: { count: 'u32', slot: 'u32' },
    work: [['count']],
    tile: [2048],
  },
  // partials[offset + i] = sum of g² over the elements i, i + sums, i + 2 · sums ..., i < sums; sums a multiple of 64.
  square_sum: {
    bindings: { g: rw, partials: rw },
    uniforms: { count: 'u32', offset: 'u32', sums: 'u32' },
    work: [['sums']],
    tile: [64],
  },
  // out[slot] = sqrt(sum of partials[0..count)), out[slot + 1] = min(1, max_grad_norm / (norm + 1e-6)) (1 where max_grad_norm is 0).
  clip_scale: {
    bindings: { partials: rw, out: rw },
    uniforms: { count: 'u32', slot: 'u32' },
    step: true,
    work: [[1]],
    tile: [1],
  },
  // AdamW (Loshchilov & Hutter 2019, as torch.optim.AdamW) over a slab; the gradient is first multiplied by scalars[slot].
  adamw: {
    bindings: { parameter: rw, gradient: rw, exp_avg: rw, exp_avg_sq: rw, scalars: rw },
    uniforms: { count: 'u32', slot: 'u32', beta1: 'f32', beta2: 'f32', eps: 'f32', weight_decay: 'f32', lr_scale: 'f32' },
    step: true,
    work: [['count']],
    tile: [256],
  },
  ...headKernels,
  ...sequenceKernels,
  ...sideKernels,
  ...sparseKernels,
  // SGD (as torch.optim.SGD; weight decay is added to the gradient), with a momentum buffer where MOMENTUM.
  sgd: {
    bindings: { parameter: rw, gradient: rw, momentum_buffer: rw, scalars: rw },
    uniforms: { count: 'u32', slot: 'u32', momentum: 'f32', weight_decay: 'f32', lr_scale: 'f32' },
    overrides: ['MOMENTUM'],
    step: true,
    work: [['count']],
    tile: [256],
  },
  // Lion (Chen et al. 2023): the sign of a mean of gradients.
  lion: {
    bindings: { parameter: rw, gradient: rw, exp_avg: rw, scalars: rw },
    uniforms: { count: 'u32', slot: 'u32', beta1: 'f32', beta2: 'f32', weight_decay: 'f32', lr_scale: 'f32' },
    step: true,
    work: [['count']],
    tile: [256],
  },
  // Adafactor (Shazeer & Stern 2018, as transformers.Adafactor with scale_parameter and relative_step off), in five kernels over a parameter [R, C]
  // or a piece of one: row and column factors of the second moments, sums by row, the scale that they make, the step. A vector is [R, 1].
  adafactor_row: {
    bindings: { gradient: rw, row: rw, scalars: rw },
    uniforms: { R: 'u32', C: 'u32', slot: 'u32', eps: 'f32' },
    step: true,
    work: [['R']],
    tile: [1],
  },
  adafactor_column: {
    bindings: { gradient: rw, column: rw, scalars: rw },
    uniforms: { R: 'u32', C: 'u32', slot: 'u32', eps: 'f32', begin: 'u32', rows: 'u32' },
    step: true,
    work: [['C']],
    tile: [64],
  },
  adafactor_sums: {
    bindings: { gradient: rw, row: rw, column: rw, partials: rw, scalars: rw },
    uniforms: { R: 'u32', C: 'u32', slot: 'u32', begin: 'u32', rows: 'u32' },
    overrides: ['FACTORED'],
    work: [['R']],
    tile: [1],
  },
  adafactor_scale: {
    bindings: { partials: rw, factors: rw },
    uniforms: { rows: 'u32', C: 'u32', clip_threshold: 'f32' },
    overrides: ['FACTORED'],
    work: [[1]],
    tile: [1],
  },
  adafactor: {
    bindings: { parameter: rw, gradient: rw, row: rw, column: rw, factors: rw, scalars: rw },
    uniforms: { R: 'u32', C: 'u32', slot: 'u32', weight_decay: 'f32', lr_scale: 'f32' },
    overrides: ['FACTORED'],
    step: true,
    work: [['R', 'C']],
    tile: [256],
  },
} as const satisfies Record<string, KernelSpec>;

export type KernelName = keyof typeof kernels;

export const kernelSpec = (name: KernelName): KernelSpec => kernels[name];
