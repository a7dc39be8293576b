// reshape: the same elements, seen in another shape. No kernel runs: what comes out lies where x lay.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const reshapeOp: Op<{ readonly x: Tensor }, { readonly y: Tensor }, { readonly shape: string }> = {
  name: 'reshape',
  shapes({ x: { shape: own, dtype } }, attributes) {
    const shape = attributes.shape.split(',').map(Number);
    if (sizeOf(shape) !== sizeOf(own)) throw new Error(`reshape: [${own}] as [${shape}]`);
    return { y: { shape, dtype } };
  },
  inPlace: () => [['y', 'x']],
  vjp: ({ g, inputs: { x }, d }) => ({ x: reshape(g, d('y'), x.shape) }),
  lower: () => [],
};

/** x as a tensor of `shape`. Consumes x. */
export const reshape = (g: Graph, x: Tensor, shape: readonly number[]): Tensor => g.apply(reshapeOp, { x }, { shape: shape.join() }).y;
