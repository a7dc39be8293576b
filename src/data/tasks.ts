// What can be learned: one row for each task. A new task is a new row (and, where needed, a new head, loss or metric), nothing else.
// Invariant: metric names are those of GLUE and `evaluate`, in records, events and model cards alike.

import { RetraceError } from '../protocol/errors.ts';
import { accuracy, type ConfusionMatrix, f1, matthewsCorrelation } from './metrics.ts';

export interface TaskMetric {
  readonly name: 'accuracy' | 'f1' | 'matthews_correlation';
  /** As people read it. */
  readonly title: string;
  compute(confusion: ConfusionMatrix): number;
}

export interface TaskDefinition {
  readonly name: 'classification';
  /** Head on top of the model, and Transformers' problem_type. */
  readonly head: 'sequence_classification';
  readonly problem_type: 'single_label_classification';
  readonly loss: 'softmax_cross_entropy';
  /** The hub's name for it. */
  readonly pipeline_tag: 'text-classification';
  readonly metrics: readonly TaskMetric[];
  /** The metric that chooses the best checkpoint; larger is better. */
  readonly metric_for_best_model: TaskMetric['name'];
}

export const TASKS: readonly TaskDefinition[] = [
  {
    name: 'classification',
    head: 'sequence_classification',
    problem_type: 'single_label_classification',
    loss: 'softmax_cross_entropy',
    pipeline_tag: 'text-classification',
    metrics: [
      { name: 'accuracy', title: 'Accuracy', compute: accuracy },
      { name: 'f1', title: 'F1', compute: f1 },
      { name: 'matthews_correlation', title: 'Matthews correlation', compute: matthewsCorrelation },
    ],
    metric_for_best_model: 'accuracy',
  },
];

/** The task's row. Error: `unknown-task`, naming those that exist. */
export function taskNamed(name: string): TaskDefinition {
  const task = TASKS.find((row) => row.name === name);
  if (task !== undefined) return task;
  throw new RetraceError({
    code: 'unknown-task',
    message: `There is no task "${name}".`,
    remedy: `Choose one of: ${TASKS.map((row) => row.name).join(', ')}.`,
  });
}

/** All metrics of a task by name. */
export function evaluateMetrics(task: TaskDefinition, confusion: ConfusionMatrix): Record<string, number> {
  return Object.fromEntries(task.metrics.map((metric) => [metric.name, metric.compute(confusion)]));
}
