// add_to_lengths: the lengths of examples that have learned rows before their tokens (a prompt), for attention and pooling to go by.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

const addToLengthsOp: Op<{ readonly lengths: Tensor }, { readonly longer: Tensor }, { readonly rows: number }> = {
  name: 'add_to_lengths',
  shapes: ({ lengths }) => ({ longer: { shape: lengths.shape, dtype: 'u32' } }),
  lower: ({ inputs: { lengths }, outputs: { longer }, attributes: { rows } }) => [
    { kernel: 'add_to_lengths', tensors: { lengths, longer }, uniforms: { B: lengths.shape[0] as number, rows } },
  ],
};

/** lengths [B] + P, in storage of their own. */
export const addToLengths = (g: Graph, lengths: Tensor, P: number): Tensor => g.apply(addToLengthsOp, { lengths }, { rows: P }).longer;
