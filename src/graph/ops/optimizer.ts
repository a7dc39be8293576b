// Ops of a parameter update. They work on packed ranges (many parameters that share weight decay, side by side in one buffer), not on parameters.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

/** Partial sums that one square_sum writes. */
export const partialSums = 1024;

const squareSumOp: Op<Attributes & { offset: number }> = {
  name: 'square_sum',
  shapes: () => [],
  accumulates: [1],
  lower: ({ inputs, attributes }) => [
    {
      kernel: 'square_sum',
      tensors: { g: inputs[0], partials: inputs[1] },
      uniforms: { count: sizeOf((inputs[0] as Tensor).shape), offset: attributes['offset'] as number },
    },
  ],
};

/** partials[offset ..] = sums of squares of a packed gradient range. */
export const squareSum = (g: Graph, gradient: Tensor, partials: Tensor, offset: number): void => {
  g.apply(squareSumOp, [gradient, partials], { offset });
};

const clipScaleOp: Op<Attributes & { slot: number }> = {
  name: 'clip_scale',
  shapes: () => [],
  accumulates: [1],
  lower: ({ inputs, attributes }) => [
    {
      kernel: 'clip_scale',
      tensors: { partials: inputs[0], out: inputs[1] },
      uniforms: { count: sizeOf((inputs[0] as Tensor).shape), slot: attributes['slot'] as number },
    },
  ],
};

/** out[slot] = global gradient norm, out[slot + 1] = the factor that clips it to max_grad_norm. */
export const clipScale = (g: Graph, partials: Tensor, out: Tensor, slot: number): void => {
  g.apply(clipScaleOp, [partials, out], { slot });
};

export interface AdamwAttributes extends Attributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay: number;
  /** Factor on the step's learning rate for this range. */
  readonly lr_scale: number;
  /** Where in `scalars` the clip factor stands. */
  readonly slot: number;
}

const adamwOp: Op<AdamwAttributes> = {
  name: 'adamw',
  shapes: () => [],
  accumulates: [0, 2, 3],
  lower({ inputs, attributes }) {
    const [parameter, gradient, exp_avg, exp_avg_sq, scalars] = inputs;
    const { beta1, beta2, eps, weight_decay, lr_scale, slot } = attributes as AdamwAttributes;
    const count = sizeOf((parameter as Tensor).shape);
    return [
      {
        kernel: 'adamw',
        tensors: { parameter, gradient, exp_avg, exp_avg_sq, scalars },
        uniforms: { count, slot, beta1, beta2, eps, weight_decay, lr_scale },
      },
    ];
  },
};

/** One AdamW step (Loshchilov & Hutter 2019) on a packed range. */
export const adamw = (g: Graph, range: readonly [Tensor, Tensor, Tensor, Tensor], scalars: Tensor, attributes: AdamwAttributes): void => {
  g.apply(adamwOp, [...range, scalars], attributes);
};
