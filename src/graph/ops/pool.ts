// pool: one vector per sequence: the mean of its tokens, its first token, or the last that is no padding.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';

/** Values of MODE. */
const modes = { mean: 0, cls: 1, last: 2 } as const;

type PoolAttributes = Attributes & { readonly pooling: keyof typeof modes; readonly T: number };

const overridesOf = (attributes: Attributes) => ({ MODE: modes[(attributes as PoolAttributes).pooling] });

const poolOp: Op<PoolAttributes> = {
  name: 'pool',
  shapes([h]) {
    const [B, , C] = (h as Tensor).shape as [number, number, number];
    return [{ shape: [B, C] }];
  },
  vjp: ({ g, node, d_outputs }) => [g.apply1(poolBackwardOp, [d_outputs[0], node.inputs[1]], node.attributes as PoolAttributes)],
  lower({ inputs, outputs, attributes }) {
    const [h, lengths] = inputs as [Tensor, Tensor];
    const [B, T, C] = h.shape as [number, number, number];
    return [
      {
        kernel: 'pool',
        tensors: { h, lengths, pooled: outputs[0] },
        uniforms: { B, T, C },
        overrides: overridesOf(attributes),
      },
    ];
  },
};

const poolBackwardOp: Op<PoolAttributes> = {
  name: 'pool_backward',
  shapes([d_pooled], { T }) {
    const [B, C] = (d_pooled as Tensor).shape as [number, number];
    return [{ shape: [B, T, C] }];
  },
  lower({ inputs, outputs, attributes }) {
    const d_h = outputs[0] as Tensor;
    const [B, T, C] = d_h.shape as [number, number, number];
    return [
      {
        kernel: 'pool_backward',
        tensors: { d_pooled: inputs[0], lengths: inputs[1], d_h },
        uniforms: { B, T, C },
        overrides: overridesOf(attributes),
      },
    ];
  },
};

/** pooled [B, C] of h [B, T, C], lengths [B]. */
export const pool = (g: Graph, h: Tensor, lengths: Tensor, pooling: keyof typeof modes): Tensor =>
  g.apply1(poolOp, [h, lengths], { pooling, T: h.shape[1] as number });
