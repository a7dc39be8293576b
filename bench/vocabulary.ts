// What a vocabulary head with its loss takes, by plan: BERT-base's masked-LM head (a dense layer with GELU and LayerNorm, then the word embeddings with
// a bias) over all tokens of a batch, few of them at a time, as the words of a model that writes go.

import { markdownTable } from '../cli/format.ts';
import { Graph, type GraphOptions } from '../src/graph/graph.ts';
import { copyInto } from '../src/graph/ops/elementwise.ts';
import { layerNorm } from '../src/graph/ops/layer_norm.ts';
import { linear } from '../src/graph/ops/linear.ts';
import { softmaxCrossEntropy } from '../src/graph/ops/loss.ts';
import { vocabularyLogits } from '../src/graph/ops/vocabulary.ts';
import { Registry } from '../src/graph/registry.ts';
import type { Tensor } from '../src/graph/tensor.ts';
import { planRun } from '../src/plan/plan.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { type OutputLoss, type RowHead, rowLoss } from '../src/train/row_loss.ts';
import { stepPrograms } from '../src/train/update.ts';

const [C, V] = [768, 30522];
export const tokensOfABatch = 2048;

/** BERT's masked-LM head over C numbers and V words. */
export const vocabularyHead =
  (C: number, V: number): RowHead =>
  (g, rows) =>
    g.scope('cls.predictions', () => {
      const dense = { bias: g.weight('transform.dense.bias', [C]), activation: 'gelu' } as const;
      const h = linear(g, rows, g.weight('transform.dense.weight', [C, C]), dense);
      const normed = layerNorm(g, h, g.weight('transform.LayerNorm.weight', [C]), g.weight('transform.LayerNorm.bias', [C]), 1e-12);
      return vocabularyLogits(g, normed, g.parameter('word_embeddings.weight', [V, C]), g.weight('bias', [V])); // [N, V up to a multiple of 4]
    });

/** Its loss. */
export const vocabularyLoss =
  (words: number): OutputLoss =>
  (g, logits, labels) =>
    softmaxCrossEntropy(g, logits, labels, { words });

/** Bytes of activations and workspace of the frozen head, forward and back to the gradient of its tokens. */
export function planVocabularyHead(tokensAtATime: number): number {
  const registry = new Registry();
  const options: Omit<GraphOptions, 'training'> = { trains: () => false, storedType: () => 'f32' };
  const g = new Graph(registry, { ...options, training: true, tokensAtATime });
  const rows = g.input('hidden_states', [tokensOfABatch, C], 'f32');
  const labels = g.input('labels', [tokensOfABatch], 'i32');
  const gradient = rowLoss(g, rows, { head: vocabularyHead(C, V), targets: labels, loss: vocabularyLoss(V) }, true) as Tensor;
  copyInto(g, gradient, registry.result('d_hidden_states', gradient.shape, 'f32'));
  const step = stepPrograms(registry, options, { optimizer: defaultTraining, purposes: ['training'] });
  const { bytes } = planRun(registry, [{ name: 'training', graph: g }], step);
  return bytes.activation + bytes.workspace;
}

export function vocabularyTable(): string {
  const rows = [tokensOfABatch, 512, 128, 64].map((tokens) => [String(tokens), (planVocabularyHead(tokens) / 2 ** 20).toFixed(1)]);
  return markdownTable([['tokens at a time', 'activation + workspace'], ...rows]);
}
