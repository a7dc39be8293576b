// Metrics as the page orders and writes them: names are those of GLUE and `evaluate`, titles those of the tasks' cards. Pure.

import type { TaskCard } from '../../src/protocol/cards.ts';
import type { Metrics } from '../../src/protocol/messages.ts';
import { isShare } from '../../src/protocol/metrics.ts';
import { number, percent } from './format.ts';

const order = [
  ...['accuracy', 'top_5_accuracy', 'acc', 'acc_norm', 'f1', 'matthews_correlation', 'pearson', 'spearmanr', 'exact_match'],
  ...['mse', 'perplexity', 'loss'],
];

/** `top_5_accuracy` is no accuracy on a set of that name. */
const longestFirst = order.toSorted((a, b) => b.length - a.length);

/** `mismatched_accuracy` as the set that it was measured on, and the metric; `set` is empty for the set that chooses the best. */
function partsOf(name: string): { set: string; metric: string } {
  const metric = longestFirst.find((known) => name === known || name.endsWith(`_${known}`)) ?? name;
  return { set: name.slice(0, Math.max(0, name.length - metric.length - 1)), metric };
}

/** Metrics of the set that chooses the best come first. */
export const metricOrder = (name: string): number => {
  const { set, metric } = partsOf(name);
  const at = order.indexOf(metric);
  return (set === '' ? 0 : 100) + (at < 0 ? 99 : at);
};

/** Whether 1 is the best that there is: errors and losses have no such end. */
export const isScore = (name: string): boolean => !['mse', 'perplexity'].includes(partsOf(name).metric) && !name.includes('loss');

/** Shares as percent, the rest as numbers. */
export const metricText = (name: string, value: number): string => (isShare(name) ? percent(value, 1) : number(value));

/** As the tasks call it, with the set that it was measured on where that is a further one. */
export function metricTitle(name: string, tasks: readonly TaskCard[]): string {
  const { set, metric } = partsOf(name);
  const named = tasks.flatMap(({ metrics }) => metrics).find((known) => known.name === metric);
  const title = named?.title ?? (metric === 'loss' ? 'Loss' : metric);
  return set === '' ? title : `${title}, ${set}`;
}

/** What a curve of evaluations shows: scores, or the perplexity of a task of words, which chooses its best whatever else is said of its texts. */
export function drawnMetrics(metrics: Metrics): readonly string[] {
  const names = Object.keys(metrics).sort((a, b) => metricOrder(a) - metricOrder(b));
  if (names.includes('perplexity')) return ['perplexity'];
  const scores = names.filter(isScore);
  return scores.length > 0 ? scores : names.slice(0, 1);
}

export interface ShownMetric {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** What was measured, in order, with the titles that the tasks give. */
export function shownMetrics(metrics: Metrics, tasks: readonly TaskCard[]): ShownMetric[] {
  return Object.entries(metrics)
    .sort(([a], [b]) => metricOrder(a) - metricOrder(b))
    .map(([name, value]) => ({ name, title: metricTitle(name, tasks), text: metricText(name, value) }));
}
