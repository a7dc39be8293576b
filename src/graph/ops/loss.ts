// Cross-entropy: loss and, in place of the logits, its gradient in one pass, both already divided by the number of labelled rows of the (accumulated)
// batch, or by the weights of their labels. Logits of a vocabulary have rows as wide as the next multiple of 4 (vocabulary.ts) and a kernel of their own.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

type CrossEntropyInputs = {
  readonly logits: Tensor; // [B, V], of a vocabulary [B, width]
  readonly labels: Tensor; // [B]
  readonly weights: Tensor | undefined; // [V]
};

type CrossEntropyOutputs = {
  readonly row_loss: Tensor; // [B]
  readonly d_logits: Tensor; // as logits
};

type CrossEntropyAttributes = {
  readonly label_smoothing: number;
  /** Words of a vocabulary; 0 where every column is a class. */
  readonly words: number;
};

/** Throws where labels are not one for each row of logits, or the logits have no room for the words. */
function checkRows(op: string, logits: Tensor, labels: Tensor, words: number): void {
  const [B, width] = logits.shape as [number, number];
  if (labels.shape.join() !== `${B}`) throw new Error(`${op}: labels [${labels.shape}] for logits [${B}, ${width}]`);
  if (words > width || (words > 0 && width % 4 !== 0)) throw new Error(`${op}: ${words} words in rows of ${width}`);
}

const crossEntropyOp: Op<CrossEntropyInputs, CrossEntropyOutputs, CrossEntropyAttributes> = {
  name: 'softmax_cross_entropy',
  shapes({ logits, labels, weights }, { words }) {
    checkRows('softmax_cross_entropy', logits, labels, words);
    if (weights && (words > 0 || weights.shape.join() !== `${logits.shape[1]}`))
      throw new Error(`softmax_cross_entropy: weights [${weights.shape}] for ${words ? 'a vocabulary' : `logits [${logits.shape}]`}`);
    return { row_loss: { shape: labels.shape }, d_logits: { shape: logits.shape } };
  },
  inPlace: () => [['d_logits', 'logits']],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ outputs: { d_logits } }) => ({ logits: d_logits }),
  lower({ inputs: { labels, weights }, outputs: { row_loss, d_logits }, attributes: { label_smoothing: smoothing, words } }) {
    const [B, width] = d_logits.shape as [number, number];
    const SMOOTHED = smoothing > 0 ? 1 : 0;
    if (words > 0) {
      const uniforms = { B, V: words, width, smoothing };
      const overrides = { SMOOTHED, LOG_LIKELIHOOD: 0 };
      return [{ kernel: 'softmax_cross_entropy_wide', tensors: { logits: d_logits, labels, row_loss }, uniforms, overrides }];
    }
    const overrides = { WEIGHTED: weights ? 1 : 0, SMOOTHED };
    const tensors = { logits: d_logits, labels, weights, row_loss };
    return [{ kernel: 'softmax_cross_entropy', tensors, uniforms: { B, V: width, smoothing }, overrides }];
  },
};

export interface CrossEntropyOptions {
  /** As torch.nn.CrossEntropyLoss; 0 where left out. */
  readonly label_smoothing?: number;
  /** [V]: how often a row of each class counts. `inverse_count` is then 1 over the sum of the weights of the labels that count. */
  readonly weights?: Tensor | undefined;
  /** Words of a vocabulary, whose logits are [B, width]; left out: every column is a class. */
  readonly words?: number;
}

/** row_loss [B] of logits [B, V] (consumed) and labels [B]; rows labelled -100 count nothing. */
export const softmaxCrossEntropy = (
  g: Graph,
  logits: Tensor,
  labels: Tensor,
  { label_smoothing = 0, weights, words = 0 }: CrossEntropyOptions = {},
): Tensor => g.apply(crossEntropyOp, { logits, labels, weights }, { label_smoothing, words }).row_loss;

type LikelihoodInputs = {
  readonly logits: Tensor; // [B, width]
  readonly labels: Tensor; // [B]
};

const logLikelihoodOp: Op<LikelihoodInputs, { readonly log_likelihood: Tensor }, { readonly words: number }> = {
  name: 'log_likelihood',
  shapes({ logits, labels }, { words }) {
    checkRows('log_likelihood', logits, labels, words);
    return { log_likelihood: { shape: labels.shape } };
  },
  lower({ inputs: { logits, labels }, outputs: { log_likelihood }, attributes: { words } }) {
    const [B, width] = logits.shape as [number, number];
    const uniforms = { B, V: words, width, smoothing: 0 };
    const overrides = { SMOOTHED: 0, LOG_LIKELIHOOD: 1 };
    return [{ kernel: 'softmax_cross_entropy_wide', tensors: { logits, labels, row_loss: log_likelihood }, uniforms, overrides }];
  },
};

/** log softmax(logits)[label] [B] of logits [B, width] of a vocabulary and labels [B]; 0 where the label is -100. It has no gradient. */
export const logLikelihood = (g: Graph, logits: Tensor, labels: Tensor, words: number): Tensor =>
  g.apply(logLikelihoodOp, { logits, labels }, { words }).log_likelihood;

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
