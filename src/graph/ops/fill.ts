// zeros: a value that depends on nothing, such as the state before the first layer of a recurrence.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const zerosOp = (shape: readonly number[]): Op<NoTensors, { readonly x: Tensor }> => ({
  name: 'zeros',
  shapes: () => ({ x: { shape } }),
  lower: ({ outputs: { x } }) => [{ kernel: 'clear', tensors: { x }, uniforms: { count: sizeOf(shape) } }],
});

/** A transient of zeros (f32). */
export const zeros = (g: Graph, shape: readonly number[]): Tensor => g.apply(zerosOp(shape), {}, {}).x;
