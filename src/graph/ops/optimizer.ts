// Ops of a parameter update. Most work on packed ranges (many parameters that share weight decay, side by side in one buffer), not on parameters.
// Not here: which optimizer has which states and numbers (src/train/optimizers).

import { kernelSpec } from '../../kernels/table.ts';
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

/** Kernels that update a range element by element. */
export type ElementUpdate = 'adamw' | 'sgd' | 'lion';

const onlyRead = ['gradient', 'scalars'];

const elementUpdateOp = (kernel: ElementUpdate): Op => {
  const { bindings, uniforms, overrides = [] } = kernelSpec(kernel);
  const names = Object.keys(bindings);
  const picked = (keys: readonly string[], attributes: Attributes) => Object.fromEntries(keys.map((key) => [key, Number(attributes[key])]));
  return {
    name: kernel,
    shapes: () => [],
    accumulates: names.flatMap((name, i) => (onlyRead.includes(name) ? [] : [i])),
    lower: ({ inputs, attributes }) => [
      {
        kernel,
        tensors: Object.fromEntries(names.map((name, i) => [name, inputs[i]])),
        uniforms: picked(Object.keys(uniforms), attributes),
        overrides: picked(overrides, attributes),
      },
    ],
  };
};

const elementUpdates: Readonly<Record<ElementUpdate, Op>> = {
  adamw: elementUpdateOp('adamw'),
  sgd: elementUpdateOp('sgd'),
  lion: elementUpdateOp('lion'),
};

/** One step of `kernel` on packed tensors, named as its bindings are; `numbers` are its uniforms and overrides but for `count`. */
export function updateElements(
  g: Graph,
  kernel: ElementUpdate,
  tensors: Readonly<Record<string, Tensor | undefined>>,
  numbers: Readonly<Record<string, number>>,
): void {
  const inputs = Object.keys(kernelSpec(kernel).bindings).map((name) => tensors[name]);
  g.apply(elementUpdates[kernel], inputs, { ...numbers, count: sizeOf((inputs[0] as Tensor).shape) });
}
