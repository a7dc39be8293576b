// Rows of the kernel table for side networks: normalisation, recurrent cells, gates and token mixing that read the states of a frozen backbone.
// Part of the table in table.ts, whose rules hold here; nobody else imports it.

import type { KernelSpec } from './kernel_spec.ts';

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
  // d_weight[C] += sum d_y · x · rstd, by blocks of rows
  rms_norm_weight: {
    bindings: { d_y: rw, x: rw, rstd: rw, d_weight: rw },
    uniforms: { N: 'u32', C: 'u32', T: 'u32', first: 'u32' },
    work: [['C']],
    tile: [64],
  },
  // Recurrent cells, gates in PyTorch's order. gru_cell: h_next from gi, gh [N,3H] (products with the biases), h [N,H]; KEEP: r, z, n in place on
  // gi and gh's n part to hidden_n. Its gradient: d_gi in place on gates, d_gh, and the part of d_h beside gh in place on d_h.
  gru_cell: {
    bindings: { gi: rw, gh: rw, h: rw, h_next: rw, hidden_n: rw },
    uniforms: { N: 'u32', H: 'u32' },
    overrides: ['KEEP'],
    work: [['N', 'H']],
    tile: [256],
  },
  gru_cell_backward: {
    bindings: { d_h: rw, gates: rw, hidden_n: rw, h: rw, d_gh: rw },
    uniforms: { N: 'u32', H: 'u32' },
    work: [['N', 'H']],
    tile: [256],
  },
  // c_next, h_next from gates [N,4H] (i, f, g, o before their activations; after them, in place, where KEEP) and c [N,H]. Its gradient: in place
  // on gates and d_c.
  lstm_cell: {
    bindings: { gates: rw, c: rw, h_next: rw, c_next: rw },
    uniforms: { N: 'u32', H: 'u32' },
    overrides: ['KEEP'],
    work: [['N', 'H']],
    tile: [256],
  },
  lstm_cell_backward: {
    bindings: { d_h: rw, d_c: rw, gates: rw, c: rw, c_next: rw },
    uniforms: { N: 'u32', H: 'u32' },
    work: [['N', 'H']],
    tile: [256],
  },
  // y = mu · a + (1 - mu) · b, mu = σ(alpha[0] / temperature), in place on b; a becomes a - b.
  gate: {
    bindings: { alpha: read, a: rw, b: rw },
    uniforms: { count: 'u32', temperature: 'f32' },
    work: [['count']],
    tile: [256],
  },
  // d_b in place on d_y, d_a in place on difference (= a - b); partials[n] = sum over row n of d_y · difference.
  gate_backward: {
    bindings: { alpha: read, d_y: rw, difference: rw, partials: rw },
    uniforms: { N: 'u32', C: 'u32', temperature: 'f32' },
    work: [['N']],
    tile: [64],
  },
  // d_alpha[0] += mu · (1 - mu) / temperature · partials, by blocks of rows
  gate_alpha: {
    bindings: { alpha: read, partials: rw, d_alpha: rw },
    uniforms: { N: 'u32', T: 'u32', first: 'u32', temperature: 'f32' },
    work: [[1]],
    tile: [1],
  },
  // p[B,T,T] = mean over heads of exp(scale · q kᵀ - lse), 0 for queries and keys at or past lengths[first + b], with CAUSAL for keys
  // after the query.
  attention_probabilities: {
    bindings: { q: rw, k: rw, lse: rw, lengths: read, p: rw },
    uniforms: { B: 'u32', T: 'u32', NH: 'u32', first: 'u32', scale: 'f32' },
    overrides: ['CAUSAL'],
    head: true,
    work: [['T'], ['B', 'T']],
    tile: [32, 8],
  },
  // y[b,t,:] = sum over s of p[b,t,s] · x[b,s,:]; TRANSPOSED: of p[b,s,t] · x[b,s,:]. C multiple of 4.
  token_mix: {
    bindings: { p: rw, x: rw, y: rw },
    uniforms: { B: 'u32', T: 'u32', C: 'u32' },
    overrides: ['TRANSPOSED'],
    work: [['C'], ['B', 'T']],
    tile: [32, 8],
  },
  // y[n, y_from + c] = x[n, x_from + c] for n < N, c < C (32-bit words of any type)
  copy_columns: {
    bindings: { x: rw, y: rw },
    uniforms: { N: 'u32', C: 'u32', x_width: 'u32', x_from: 'u32', y_width: 'u32', y_from: 'u32' },
    work: [['N', 'C']],
    tile: [256],
  },
} as const satisfies Record<string, KernelSpec>;
