// zeros: a value that depends on nothing, such as the state before the first layer of a recurrence.

import type { Graph, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';
import type { NoTensors, Op } from '../op.ts';

const zerosOp = (shape: readonly number[]): Op<NoTensors, { readonly x: Tensor }> => ({
  name: 'zeros',
  shapes: () => ({ x: { shape } }),
  lower: ({ outputs: { x } }) => [{ kernel: 'clear', tensors: { x }, uniforms: { count: sizeOf(shape) } }],
});

/** A transient of zeros (f32). */
export const zeros = (g: Graph, shape: readonly number[]): Tensor => g.apply(zerosOp(shape), {}, {}).x;
