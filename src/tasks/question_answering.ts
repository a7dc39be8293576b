// Questions with answers to choose among, by a model that writes: it trains on the right answer behind its question, and chooses the answer that it gives the
// largest probability, as lm-evaluation-harness has it. For models that write nothing, multiple_choice.ts.
// Invariant: an answer is preceded by one space, which is no part of its length.

import { wordTargets } from '../data/batches.ts';
import { continuedText, writtenText } from '../data/continuations.ts';
import type { TokenRow } from '../data/dataset.ts';
import { softmaxCrossEntropy } from '../graph/ops/loss.ts';
import { bestPlace, charactersOf, choiceAccuracy } from './metrics/choice.ts';
import { softmax } from './metrics/cross_entropy.ts';
import { perplexity } from './metrics/writing.ts';
import { questionReading } from './reading.ts';
import { type Judged, sumsOf, type Task } from './task.ts';

const wordsIn = ({ words }: TokenRow): number => words?.at.length ?? 0;

/** Mean of -log p over the words of the right answers. */
function meanLoss(examples: readonly Judged[]): number {
  let [sum, words] = [0, 0];
  for (const judged of examples) {
    const { label } = judged.example;
    sum -= sumsOf(judged)[label] ?? 0;
    words += judged.outputs[label]?.length ?? 0;
  }
  return sum / Math.max(1, words);
}

export const questionAnswering: Task = {
  name: 'question_answering',
  title: 'Question answering',
  summary: 'Which of some answers follows a question, by a model that writes.',
  inputs: 'text',

  ...questionReading,

  encode({ text, choices, label }, tokenizer, { max_length, max_target_length, purpose, decoder }) {
    const options = { max_length, max_target_length, decoder, end: false };
    if (choices === undefined) return [writtenText(text, tokenizer, options)];
    const row = (choice: string): TokenRow => {
      const made = continuedText(text, ` ${choice}`, tokenizer, options);
      return made.words ? { ...made, words: { ...made.words, characters: charactersOf(choice) } } : made;
    };
    return purpose === 'training' ? [row(choices[label] ?? '')] : choices.map(row);
  },
  head: 'words',
  targets: wordTargets,
  outputs: () => 1,
  loss: softmaxCrossEntropy,

  score(examples) {
    const accuracy = choiceAccuracy(
      examples.map((one) => ({
        log_likelihoods: sumsOf(one),
        characters: one.example.rows.map(({ words }) => words?.characters ?? 1),
        right: one.example.label,
      })),
    );
    return { metrics: { ...accuracy, loss: meanLoss(examples) } };
  },
  metrics: [
    { name: 'acc', title: 'Accuracy', greater_is_better: true },
    { name: 'acc_norm', title: 'Accuracy by length', greater_is_better: true },
  ],
  metric_for_best_model: 'acc',
  answer(judged, choices) {
    const log_likelihoods = sumsOf(judged);
    const [row] = judged.example.rows;
    if (choices.length === 0)
      return { log_likelihood: log_likelihoods[0] ?? 0, perplexity: perplexity(-(log_likelihoods[0] ?? 0), row ? wordsIn(row) : 0) };
    return { probabilities: softmax(log_likelihoods), label: choices[bestPlace(log_likelihoods)] ?? '', log_likelihoods };
  },
  instead: 'multiple_choice',

  pipeline_tag: 'text-generation',
};
