// Rows of the kernel table for side networks: normalisation, recurrent cells, gates and token mixing that read the states of a frozen backbone.
// Part of the table in kernels.ts, whose rules hold here; nobody else imports it.

import type { KernelSpec } from './kernels.ts';

const rw = 'read_write' as const;
const read = 'read' as const;

export const sideKernels = {
  // y[N,C] = x · rstd · weight, rstd[N] = 1 / sqrt(mean(x²) + eps). C multiple of 4.
  rms_norm: {
    bindings: { x: rw, weight: read, y: rw, rstd: rw },
    uniforms: { N: 'u32', C: 'u32', eps: 'f32' },
    work: [['N']],
    tile: [64],
  },
  // d_x, in place on d_y. C multiple of 4.
  rms_norm_backward: {
    bindings: { d_y: rw, x: rw, rstd: rw, weight: read },
    uniforms: { N: 'u32', C: 'u32' },
    work: [['N']],
    tile: [64],
  },
  // d_weight[C] += sum d_y · x · rstd, row after row from the value that is there
  rms_norm_weight: {
    bindings: { d_y: rw, x: rw, rstd: rw, d_weight: rw },
    uniforms: { N: 'u32', C: 'u32' },
    work: [['C']],
    tile: [64],
  },
} as const satisfies Record<string, KernelSpec>;
