// zeros: a value that depends on nothing, such as the state before the first layer of a recurrence.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const zerosOp = (shape: readonly number[]): Op => ({
  name: 'zeros',
  shapes: () => [{ shape }],
  lower: ({ outputs }) => [{ kernel: 'clear', tensors: { x: outputs[0] }, uniforms: { count: sizeOf(shape) } }],
});

/** A transient of zeros (f32). */
export const zeros = (g: Graph, shape: readonly number[]): Tensor => g.apply1<Attributes>(zerosOp(shape), [], {});
