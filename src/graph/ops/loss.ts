// softmax_cross_entropy: loss and, in place of the logits, its gradient in one pass, both already divided by the number of labelled rows of the
// (accumulated) batch.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const crossEntropyOp: Op = {
  name: 'softmax_cross_entropy',
  shapes([logits, labels]) {
    const [B, V] = (logits as Tensor).shape as [number, number];
    if (labels?.shape.join() !== `${B}`) throw new Error(`softmax_cross_entropy: labels [${labels?.shape}] for logits [${B}, ${V}]`);
    return [{ shape: [B] }, { shape: [B, V] }];
  },
  inPlace: () => [[1, 0]],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ node }) => [node.outputs[1]],
  lower({ inputs, outputs }) {
    const [logits, labels] = inputs as [Tensor, Tensor];
    const [B, V] = logits.shape as [number, number];
    return [
      {
        kernel: 'softmax_cross_entropy',
        tensors: { logits: outputs[1], labels, row_loss: outputs[0] },
        uniforms: { B, V },
      },
    ];
  },
};

/** row_loss [B] of logits [B, V] (consumed) and labels [B]; rows labelled -100 count nothing. */
export const softmaxCrossEntropy = (g: Graph, logits: Tensor, labels: Tensor): Tensor =>
  g.apply(crossEntropyOp, [logits, labels], {})[0] as Tensor;

const accumulateSumOp: Op<Attributes & { slot: number }> = {
  name: 'accumulate_sum',
  shapes: () => [],
  accumulates: [1],
  lower({ inputs, attributes }) {
    const [x, out] = inputs as [Tensor, Tensor];
    return [
      {
        kernel: 'accumulate_sum',
        tensors: { x, out },
        uniforms: { count: sizeOf(x.shape), slot: attributes['slot'] as number },
      },
    ];
  },
};

/** out[slot] += sum of x */
export const accumulateSum = (g: Graph, x: Tensor, out: Tensor, slot: number): void => {
  g.apply(accumulateSumOp, [x, out], { slot });
};
