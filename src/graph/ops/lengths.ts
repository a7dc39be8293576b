// add_to_lengths: the lengths of examples that got rows before their tokens, which attention and pooling then go by.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';

const addToLengthsOp: Op<Attributes & { readonly rows: number }> = {
  name: 'add_to_lengths',
  shapes: ([lengths]) => [{ shape: (lengths as Tensor).shape, dtype: 'u32' }],
  lower({ inputs, outputs, attributes }) {
    const [lengths] = inputs as [Tensor];
    const uniforms = { B: lengths.shape[0] as number, rows: attributes['rows'] as number };
    return [{ kernel: 'add_to_lengths', tensors: { lengths, longer: outputs[0] }, uniforms }];
  },
};

/** lengths [B] + P, in storage of their own. */
export const addToLengths = (g: Graph, lengths: Tensor, P: number): Tensor => g.apply1(addToLengthsOp, [lengths], { rows: P });
