// Rows of the kernel table for sparse adapters: activated neurons lie in slots, of which a token uses K. Part of the table in table.ts, whose rules
// hold here; nobody else imports it.
//
// LISTED: slots[n,k] names the slot of entry k of token n in its low 16 bits and the expert in its high 16, `coefficients` holds the expert's score s
// and a = s · scores. Not LISTED: entry k of every token is slot k, a = scores. Entries with a <= 0 have no effect, whatever lies in their slots.

import type { KernelSpec } from './kernel_spec.ts';

const rw = 'read_write' as const;

export const sparseKernels = {
  // scores[N,K] = h[N,C] · keys[K,C] for the first used[0] slots, 0 past them. C multiple of 4.
  sparse_scores: {
    bindings: { h: rw, keys: rw, used: rw, scores: rw },
    uniforms: { N: 'u32', K: 'u32', C: 'u32' },
    work: [['N', 'K']],
    tile: [64],
  },
  // out[N,C] += sum over k, in order, of max(a, 0) · values[slot]. C multiple of 4.
  sparse_output: {
    bindings: { scores: rw, coefficients: rw, slots: rw, values: rw, out: rw },
    uniforms: { N: 'u32', K: 'u32', C: 'u32' },
    overrides: ['LISTED'],
    work: [['N', 'C']],
    tile: [256],
  },
  // u[N,K] = values[slot] · d_out[n] where a > 0, else 0. C multiple of 4.
  sparse_slopes: {
    bindings: { scores: rw, coefficients: rw, slots: rw, values: rw, d_out: rw, u: rw },
    uniforms: { N: 'u32', K: 'u32', C: 'u32' },
    overrides: ['LISTED'],
    work: [['N', 'K']],
    tile: [64],
  },
  // d_h[N,C] (+)= sum over k with a > 0, in order, of u · (s · keys[slot] + scores · router[expert]); without the router where not LISTED.
  sparse_input: {
    bindings: { u: rw, scores: rw, coefficients: rw, slots: rw, keys: rw, router: rw, d_h: rw },
    uniforms: { N: 'u32', K: 'u32', C: 'u32' },
    overrides: ['LISTED', 'ACCUMULATE'],
    work: [['N', 'C']],
    tile: [256],
  },
} as const satisfies Record<string, KernelSpec>;
