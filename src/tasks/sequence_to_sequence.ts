// Sequence to sequence: a text to be written for a text that is read. In a model with an encoder and a decoder each reads its own; in a model of one stack what is
// to be written stands behind what is read, and the loss is on it alone.

import { wordTargets } from '../data/batches.ts';
import { continuedText, writtenText } from '../data/continuations.ts';
import { softmaxCrossEntropy } from '../graph/ops/loss.ts';
import { writtenAnswer, writtenScores } from './language_modelling.ts';
import { exactMatch } from './metrics/writing.ts';
import { targetReading } from './reading.ts';
import type { Task } from './task.ts';

export const sequenceToSequence: Task = {
  name: 'sequence_to_sequence',
  title: 'Text to text',
  summary: 'A text to be written for a text that is read, such as its summary.',
  inputs: 'text',

  ...targetReading,

  encode({ text, target }, tokenizer, { max_length, max_target_length, decoder }) {
    const options = { max_length, max_target_length, decoder, end: true };
    return [target === undefined ? writtenText(text, tokenizer, options) : continuedText(text, ` ${target}`, tokenizer, options)];
  },
  head: 'words',
  targets: wordTargets,
  outputs: () => 1,
  loss: softmaxCrossEntropy,

  score: writtenScores,
  // Their outer white space counts nothing, as in Transformers' examples of it.
  scoreWritten(texts, references) {
    const [written, right] = [texts, references].map((all) => all.map((text) => text.trim())) as [string[], string[]];
    return { exact_match: exactMatch(written, right) };
  },
  metrics: [
    { name: 'exact_match', title: 'Exact match', greater_is_better: true },
    { name: 'perplexity', title: 'Perplexity', greater_is_better: false },
  ],
  metric_for_best_model: 'perplexity',
  answer: writtenAnswer,

  pipeline_tag: 'text2text-generation',
};
