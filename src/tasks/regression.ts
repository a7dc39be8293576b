// Regression: a number for a text or a pair of texts, by the mean squared error of the head's one output.

import { scoreChecks, scoreSplitChecks } from '../data/checks/scores.ts';
import { scoreColumns, unlabelledColumns } from '../data/columns/choose.ts';
import { encodeTexts } from '../data/dataset.ts';
import { labelledRows, toScoredExamples, toUnlabelled } from '../data/examples.ts';
import { meanSquaredError } from '../graph/ops/mean_squared_error.ts';
import { meanSquare, pearson, spearman } from './metrics/correlation.ts';
import { outputsOf, type Task, targetsOf } from './task.ts';

/** A picture of more points is none. */
const mostPoints = 1000;

export const regression: Task = {
  name: 'regression',
  title: 'Regression',
  summary: 'A number for a text, or for a pair of texts.',
  inputs: 'text',
  learns: 'number',

  parts: { needed: ['text', 'label'], optional: ['text_pair'] },
  columnsOf: scoreColumns,
  rowsOf: labelledRows,
  examplesOf: toScoredExamples,
  unlabelled: { columnsOf: unlabelledColumns, examplesOf: toUnlabelled },
  checks: { rows: scoreChecks, split: scoreSplitChecks },

  encode: (example, tokenizer, { max_length }) => encodeTexts(example, tokenizer, max_length),
  head: 'sequence',
  targets: { dtype: 'f32', per: 'example', none: 3.4e38 },
  outputs: () => 1,
  loss: (g, outputs, targets) => meanSquaredError(g, outputs, targets),

  score(examples) {
    const [outputs, targets] = [outputsOf(examples), targetsOf(examples)];
    const mse = meanSquare(outputs, targets);
    const correlations = { pearson: pearson(outputs, targets), spearmanr: spearman(outputs, targets) };
    const defined = Object.fromEntries(
      Object.entries(correlations).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const points = Math.min(mostPoints, targets.length);
    const shown = Array.from({ length: points }, (_, i) => Math.floor((i * targets.length) / points));
    return {
      metrics: { ...defined, mse, loss: mse },
      scatter: { at: shown, actual: shown.map((i) => targets[i] as number), predicted: shown.map((i) => outputs[i] as number) },
    };
  },
  metrics: [
    { name: 'pearson', title: 'Pearson correlation', greater_is_better: true },
    { name: 'spearmanr', title: 'Spearman correlation', greater_is_better: true },
    { name: 'mse', title: 'Mean squared error', greater_is_better: false },
  ],
  // GLUE names it first for STS-B; unlike the squared error it does not depend on the scale of the numbers.
  metric_for_best_model: 'pearson',
  answer: (judged) => ({ value: outputsOf([judged])[0] as number }),

  pipeline_tag: 'text-classification',
  problem_type: 'regression',
};
