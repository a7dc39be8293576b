// Rows of the kernel table that stand above a backbone: rows that are gathered for a head, losses. Part of the table in table.ts, whose rules hold here;
// nobody else imports it.

import type { KernelSpec } from './kernel_spec.ts';

const rw = 'read_write' as const;
const read = 'read' as const;

export const headKernels = {
  // y[r] = x[rows[r]], zeros where that is no row of x[N,C]. C multiple of 4.
  gather_rows: {
    bindings: { x: rw, rows: read, y: rw },
    uniforms: { N: 'u32', R: 'u32', C: 'u32' },
    work: [['R', 'C']],
    tile: [256],
  },
  // x[rows[r]] = y[r], other rows as they were; no two name the same row. C multiple of 4.
  scatter_rows: {
    bindings: { y: rw, rows: read, x: rw },
    uniforms: { N: 'u32', R: 'u32', C: 'u32' },
    work: [['R', 'C']],
    tile: [256],
  },
  // row_loss[b] = -log softmax(logits[b,:])[labels[b]] · inverse_count, logits[B,V] = (softmax - onehot) · inverse_count; label -100: both 0.
  // WEIGHTED: times weights[label]; SMOOTHED: (1 - smoothing) of that and smoothing / V · sum over classes of weights · -log softmax.
  softmax_cross_entropy: {
    bindings: { logits: rw, labels: read, weights: read, row_loss: rw },
    uniforms: { B: 'u32', V: 'u32', smoothing: 'f32' },
    overrides: ['WEIGHTED', 'SMOOTHED'],
    step: true,
    work: [['B']],
    tile: [64],
  },
  // The same for a vocabulary: V logits in rows of `width`, a multiple of 4, a workgroup each; no weights. LOG_LIKELIHOOD: row_loss[b] = log
  // softmax(logits[b,:])[labels[b]], and the logits stay.
  softmax_cross_entropy_wide: {
    bindings: { logits: rw, labels: read, row_loss: rw },
    uniforms: { B: 'u32', V: 'u32', width: 'u32', smoothing: 'f32' },
    overrides: ['SMOOTHED', 'LOG_LIKELIHOOD'],
    step: true,
    work: [['B']],
    tile: [1],
  },
  // row_loss[n] = mean over k of (outputs[n,k] - targets[n,k])² · inverse_count, outputs[N,K] = 2 / K (outputs - targets) · inverse_count; a row with a
  // target beyond ±3e38: both 0.
  mean_squared_error: {
    bindings: { outputs: rw, targets: read, row_loss: rw },
    uniforms: { N: 'u32', K: 'u32' },
    step: true,
    work: [['N']],
    tile: [64],
  },
} as const satisfies Record<string, KernelSpec>;
