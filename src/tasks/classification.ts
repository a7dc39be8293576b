// Classification: one of some classes for a text or a pair of texts, by cross-entropy over a row of logits.

import { classTargets } from '../data/batches.ts';
import { classChecks, classSplitChecks } from '../data/checks/checks.ts';
import { classColumns, unlabelledColumns } from '../data/columns/choose.ts';
import { encodeTexts } from '../data/dataset.ts';
import { labelledRows, toExamples, toUnlabelled } from '../data/examples.ts';
import { softmaxCrossEntropy } from '../graph/ops/loss.ts';
import type { Mistake } from '../protocol/messages.ts';
import { accuracy, confusionMatrix, f1, matthewsCorrelation, predictionsOf } from './metrics/confusion.ts';
import { crossEntropy, softmax } from './metrics/cross_entropy.ts';
import { outputsOf, type Task, targetsOf } from './task.ts';

/** Mean of -log softmax(logits)[label]. */
function meanLoss(logits: Float32Array, labels: readonly number[], V: number): number {
  const sum = labels.reduce((total, label, i) => total + crossEntropy(logits.subarray(i * V, (i + 1) * V), label), 0);
  return sum / Math.max(1, labels.length);
}

/** Mistakes that are told of. */
const mostMistakes = 60;

/** Examples whose likeliest class is not theirs, the most confident first. */
function mistakesIn(logits: Float32Array, labels: readonly number[], V: number): readonly Mistake[] {
  const predicted = predictionsOf(logits, V);
  const wrong = labels.flatMap((actual, at): Mistake[] => {
    const guess = predicted[at] as number;
    if (guess === actual) return [];
    return [{ at, actual, predicted: guess, probability: softmax(logits.subarray(at * V, (at + 1) * V))[guess] as number }];
  });
  return wrong.sort((a, b) => b.probability - a.probability || a.at - b.at).slice(0, mostMistakes);
}

export const classification: Task = {
  name: 'classification',
  title: 'Classification',
  summary: 'One of some classes for a text, or for a pair of texts.',
  inputs: 'text',
  learns: 'class',

  parts: { needed: ['text', 'label'], optional: ['text_pair'] },
  columnsOf: classColumns,
  rowsOf: labelledRows,
  examplesOf: toExamples,
  unlabelled: { columnsOf: unlabelledColumns, examplesOf: toUnlabelled },
  checks: { rows: classChecks, split: classSplitChecks },

  encode: (example, tokenizer, { max_length }) => encodeTexts(example, tokenizer, max_length),
  head: 'sequence',
  targets: classTargets,
  outputs: (classes) => classes,
  loss: softmaxCrossEntropy,

  score(examples, classes) {
    const [logits, labels] = [outputsOf(examples), targetsOf(examples)];
    const V = classes.length;
    const matrix = confusionMatrix(predictionsOf(logits, V), labels, V);
    const counts = classes.map((_, actual) => [...matrix.counts.subarray(actual * V, (actual + 1) * V)]);
    const metrics = {
      accuracy: accuracy(matrix),
      f1: f1(matrix),
      matthews_correlation: matthewsCorrelation(matrix),
      loss: meanLoss(logits, labels, V),
    };
    return { metrics, confusion: { labels: classes, counts }, mistakes: mistakesIn(logits, labels, V) };
  },
  metrics: [
    { name: 'accuracy', title: 'Accuracy', greater_is_better: true },
    { name: 'f1', title: 'F1', greater_is_better: true },
    { name: 'matthews_correlation', title: 'Matthews correlation', greater_is_better: true },
  ],
  metric_for_best_model: 'accuracy',
  answer(judged, classes) {
    const logits = outputsOf([judged]);
    const best = logits.reduce((at, logit, index) => (logit > (logits[at] as number) ? index : at), 0);
    return { probabilities: softmax(logits), label: classes[best] as string };
  },

  pipeline_tag: 'text-classification',
  problem_type: 'single_label_classification',
};
