// pool: one vector per sequence: the mean of its tokens, its first token, or the last that is no padding.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

type PoolInputs = {
  readonly h: Tensor; // [B, T, C]
  readonly lengths: Tensor; // [B]
};

/** Values of MODE. */
const modes = { mean: 0, cls: 1, last: 2 } as const;

type PoolAttributes = { readonly pooling: keyof typeof modes; readonly T: number };

const overridesOf = ({ pooling }: PoolAttributes) => ({ MODE: modes[pooling] });

const poolOp: Op<PoolInputs, { readonly pooled: Tensor }, PoolAttributes> = {
  name: 'pool',
  shapes({ h }) {
    const [B, , C] = h.shape as [number, number, number];
    return { pooled: { shape: [B, C] } };
  },
  vjp: ({ g, inputs: { lengths }, attributes, d }) => ({ h: g.apply(poolBackwardOp, { d_pooled: d('pooled'), lengths }, attributes).d_h }),
  lower({ inputs, outputs, attributes }) {
    const [B, T, C] = inputs.h.shape as [number, number, number];
    return [{ kernel: 'pool', tensors: { ...inputs, ...outputs }, uniforms: { B, T, C }, overrides: overridesOf(attributes) }];
  },
};

type PoolBackwardInputs = {
  readonly d_pooled: Tensor; // [B, C]
  readonly lengths: Tensor; // [B]
};

const poolBackwardOp: Op<PoolBackwardInputs, { readonly d_h: Tensor }, PoolAttributes> = {
  name: 'pool_backward',
  shapes({ d_pooled }, { T }) {
    const [B, C] = d_pooled.shape as [number, number];
    return { d_h: { shape: [B, T, C] } };
  },
  lower({ inputs, outputs, attributes }) {
    const [B, T, C] = outputs.d_h.shape as [number, number, number];
    return [{ kernel: 'pool_backward', tensors: { ...inputs, ...outputs }, uniforms: { B, T, C }, overrides: overridesOf(attributes) }];
  },
};

/** pooled [B, C] of h [B, T, C], lengths [B]. */
export const pool = (g: Graph, h: Tensor, lengths: Tensor, pooling: keyof typeof modes): Tensor =>
  g.apply(poolOp, { h, lengths }, { pooling, T: h.shape[1] as number }).pooled;
