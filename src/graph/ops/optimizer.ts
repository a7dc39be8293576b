// Ops of a parameter update. Most work on slabs (many parameters of one group, side by side in one buffer), not on single parameters.
// Not here: which optimizer keeps which states and has which numbers (src/train/optimizers).

import { kernelSpec } from '../../kernels/table.ts';
import type { Graph } from '../graph.ts';
import type { Attributes, NoTensors, Op, Outputs } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

/** Partial sums that squareSum makes of a slab's gradients: 1,024, and of more than a million numbers so many that each sums up to 1,024 of them. */
export const partialSums = (gradient: Tensor): number => 1024 * Math.max(1, Math.ceil(sizeOf(gradient.shape) / 1024 ** 2));

const squareSumOp: Op<{ readonly g: Tensor; readonly partials: Tensor }, NoTensors, { readonly offset: number }> = {
  name: 'square_sum',
  shapes: () => ({}),
  accumulates: ['partials'],
  lower: ({ inputs, attributes: { offset } }) => [
    { kernel: 'square_sum', tensors: inputs, uniforms: { count: sizeOf(inputs.g.shape), offset, sums: partialSums(inputs.g) } },
  ],
};

/** partials[offset ..] = sums of squares of the gradients of a slab, `partialSums` of them. */
export const squareSum = (g: Graph, gradient: Tensor, partials: Tensor, offset: number): void => {
  g.apply(squareSumOp, { g: gradient, partials }, { offset });
};

const clipScaleOp: Op<{ readonly partials: Tensor; readonly out: Tensor }, NoTensors, { readonly slot: number }> = {
  name: 'clip_scale',
  shapes: () => ({}),
  accumulates: ['out'],
  lower: ({ inputs, attributes: { slot } }) => [
    { kernel: 'clip_scale', tensors: inputs, uniforms: { count: sizeOf(inputs.partials.shape), slot } },
  ],
};

/** out[slot] = global gradient norm, out[slot + 1] = the factor that clips it to max_grad_norm. */
export const clipScale = (g: Graph, partials: Tensor, out: Tensor, slot: number): void => {
  g.apply(clipScaleOp, { partials, out }, { slot });
};

/** Kernels that update a slab element by element. */
export type ElementUpdate = 'adamw' | 'sgd' | 'lion';

/** Named as the bindings of the kernel are; all have `parameter`. */
type UpdateInputs = Outputs & { readonly parameter: Tensor };

const onlyRead = ['gradient', 'scalars'];

const elementUpdateOp = (kernel: ElementUpdate): Op<UpdateInputs, NoTensors> => {
  const { bindings, uniforms, overrides = [] } = kernelSpec(kernel);
  const picked = (keys: readonly string[], attributes: Attributes) => Object.fromEntries(keys.map((key) => [key, Number(attributes[key])]));
  return {
    name: kernel,
    shapes: () => ({}),
    accumulates: Object.keys(bindings).filter((name) => !onlyRead.includes(name)),
    lower: ({ inputs, attributes }) => [
      {
        kernel,
        tensors: inputs,
        uniforms: picked(Object.keys(uniforms), attributes),
        overrides: picked(overrides, attributes),
      },
    ],
  };
};

const elementUpdates: Readonly<Record<ElementUpdate, Op<UpdateInputs, NoTensors>>> = {
  adamw: elementUpdateOp('adamw'),
  sgd: elementUpdateOp('sgd'),
  lion: elementUpdateOp('lion'),
};

/** One step of `kernel` on packed tensors, named as its bindings are; `numbers` are its uniforms and overrides but for `count`. */
export function updateElements(g: Graph, kernel: ElementUpdate, tensors: UpdateInputs, numbers: Readonly<Record<string, number>>): void {
  g.apply(elementUpdates[kernel], tensors, { ...numbers, count: sizeOf(tensors.parameter.shape) });
}
