// softmax_cross_entropy: loss and, in place of the logits, its gradient in one pass, both already divided by the number of labelled rows of the
// (accumulated) batch.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

type CrossEntropyInputs = {
  readonly logits: Tensor; // [B, V]
  readonly labels: Tensor; // [B]
};

type CrossEntropyOutputs = {
  readonly row_loss: Tensor; // [B]
  readonly d_logits: Tensor; // [B, V]
};

const crossEntropyOp: Op<CrossEntropyInputs, CrossEntropyOutputs> = {
  name: 'softmax_cross_entropy',
  shapes({ logits, labels }) {
    const [B, V] = logits.shape as [number, number];
    if (labels.shape.join() !== `${B}`) throw new Error(`softmax_cross_entropy: labels [${labels.shape}] for logits [${B}, ${V}]`);
    return { row_loss: { shape: [B] }, d_logits: { shape: [B, V] } };
  },
  inPlace: () => [['d_logits', 'logits']],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ outputs: { d_logits } }) => ({ logits: d_logits }),
  lower({ inputs: { labels }, outputs: { row_loss, d_logits } }) {
    const [B, V] = d_logits.shape as [number, number];
    return [{ kernel: 'softmax_cross_entropy', tensors: { logits: d_logits, labels, row_loss }, uniforms: { B, V } }];
  },
};

/** row_loss [B] of logits [B, V] (consumed) and labels [B]; rows labelled -100 count nothing. */
export const softmaxCrossEntropy = (g: Graph, logits: Tensor, labels: Tensor): Tensor =>
  g.apply(crossEntropyOp, { logits, labels }, {}).row_loss;

const accumulateSumOp: Op<{ readonly x: Tensor; readonly out: Tensor }, NoTensors, { readonly slot: number }> = {
  name: 'accumulate_sum',
  shapes: () => ({}),
  accumulates: ['out'],
  lower: ({ inputs, attributes: { slot } }) => [
    { kernel: 'accumulate_sum', tensors: inputs, uniforms: { count: sizeOf(inputs.x.shape), slot } },
  ],
};

/** out[slot] += sum of x */
export const accumulateSum = (g: Graph, x: Tensor, out: Tensor, slot: number): void => {
  g.apply(accumulateSumOp, { x, out }, { slot });
};
