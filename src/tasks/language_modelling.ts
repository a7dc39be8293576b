// Language modelling: every token of texts by those before it. Texts are joined and cut into rows of one length, or each is a row (`packing`).

import { wordTargets } from '../data/batches.ts';
import { modelledRow, writtenText } from '../data/continuations.ts';
import { exampleOf } from '../data/dataset.ts';
import { packedRows } from '../data/packing.ts';
import { softmaxCrossEntropy } from '../graph/ops/loss.ts';
import { perplexity } from './metrics/writing.ts';
import { textReading } from './reading.ts';
import { type Judged, sumsOf, type Task } from './task.ts';

/** Sum of -log p over all words, and how many they are. */
export function lossOf(examples: readonly Judged[]): { readonly sum: number; readonly words: number } {
  const rows = examples.flatMap(({ outputs }) => outputs);
  const sums = examples.flatMap(sumsOf);
  return { sum: -sums.reduce((total, own) => total + own, 0), words: rows.reduce((count, { length }) => count + length, 0) };
}

/** What is measured of written texts. */
export function writtenScores(examples: readonly Judged[]) {
  const { sum, words } = lossOf(examples);
  return { metrics: { perplexity: perplexity(sum, Math.max(1, words)), loss: sum / Math.max(1, words) } };
}

/** How likely a text is. */
export function writtenAnswer(judged: Judged) {
  const { sum, words } = lossOf([judged]);
  return { log_likelihood: -sum, perplexity: perplexity(sum, Math.max(1, words)) };
}

export const languageModelling: Task = {
  name: 'language_modelling',
  title: 'Language modelling',
  summary: 'How texts go on: every token of them, by those before it.',
  inputs: 'text',

  ...textReading,

  encode: ({ text }, tokenizer, { max_length, decoder, packing }) =>
    packing
      ? [modelledRow([...tokenizer.leading, ...tokenizer.tokens(text)])]
      : [writtenText(text, tokenizer, { max_length, decoder, end: true })],
  gathered(examples, tokenizer, { max_length, packing }) {
    if (!packing) return examples;
    const texts = examples.flatMap(({ rows }) => rows.map(({ input_ids }) => [...input_ids]));
    const between = tokenizer.eosTokenId ?? tokenizer.bosTokenId ?? tokenizer.padTokenId;
    return packedRows(texts, max_length, between).map((ids) => exampleOf([modelledRow(ids)], 0));
  },
  head: 'words',
  targets: wordTargets,
  outputs: () => 1,
  loss: softmaxCrossEntropy,

  score: writtenScores,
  metrics: [{ name: 'perplexity', title: 'Perplexity', greater_is_better: false }],
  metric_for_best_model: 'perplexity',
  answer: writtenAnswer,
  needs: 'one stack',

  pipeline_tag: 'text-generation',
};
