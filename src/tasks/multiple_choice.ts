// Multiple choice: which of some answers goes with a text. Each answer is a row beside its text and gets a score from the head that classifies texts; the loss is
// the cross-entropy over the scores of an example, as Transformers' AutoModelForMultipleChoice has it. For models that write, question_answering.ts.

import { classTargets } from '../data/batches.ts';
import { softmaxCrossEntropy } from '../graph/ops/loss.ts';
import { bestPlace } from './metrics/choice.ts';
import { crossEntropy, softmax } from './metrics/cross_entropy.ts';
import { choiceReading } from './reading.ts';
import { outputsOf, type Task } from './task.ts';

export const multipleChoice: Task = {
  name: 'multiple_choice',
  title: 'Multiple choice',
  summary: 'Which of some answers goes with a text, by a score for each.',
  inputs: 'text',

  ...choiceReading,

  // Of a passage and a question, the question stands before each answer.
  encode: ({ text, textPair, choices }, tokenizer, { max_length }) =>
    choices === undefined
      ? [tokenizer.encode(text, textPair, max_length)]
      : choices.map((choice) => tokenizer.encode(text, textPair === undefined ? choice : `${textPair} ${choice}`, max_length)),
  head: 'choices',
  targets: classTargets,
  outputs: () => 1,
  loss: softmaxCrossEntropy,

  score(examples) {
    const scored = examples.map((one) => ({ scores: outputsOf([one]), right: one.example.label }));
    const count = Math.max(1, scored.length);
    const correct = scored.filter(({ scores, right }) => bestPlace([...scores]) === right).length;
    const loss = scored.reduce((sum, { scores, right }) => sum + crossEntropy(scores, right), 0);
    return { metrics: { accuracy: correct / count, loss: loss / count } };
  },
  metrics: [{ name: 'accuracy', title: 'Accuracy', greater_is_better: true }],
  metric_for_best_model: 'accuracy',
  answer(judged, choices) {
    const scores = outputsOf([judged]);
    return { probabilities: softmax(scores), label: choices[bestPlace([...scores])] ?? '' };
  },

  pipeline_tag: 'multiple-choice',
};
