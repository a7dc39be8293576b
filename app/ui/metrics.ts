// Metrics as the page orders and writes them: names are those of GLUE and `evaluate`, titles those of the tasks' cards. Pure.

import type { TaskCard } from '../../src/protocol/cards.ts';
import type { Metrics } from '../../src/protocol/messages.ts';
import { number, percent } from './format.ts';

const order = ['accuracy', 'f1', 'matthews_correlation', 'pearson', 'spearmanr', 'mse', 'loss'];

/** `mismatched_accuracy` as the set that it was measured on, and the metric; `set` is empty for the set that chooses the best. */
function partsOf(name: string): { set: string; metric: string } {
  const metric = order.find((known) => name === known || name.endsWith(`_${known}`)) ?? name;
  return { set: name.slice(0, Math.max(0, name.length - metric.length - 1)), metric };
}

/** Metrics of the set that chooses the best come first. */
export const metricOrder = (name: string): number => {
  const { set, metric } = partsOf(name);
  const at = order.indexOf(metric);
  return (set === '' ? 0 : 100) + (at < 0 ? 99 : at);
};

/** Whether 1 is the best that there is: errors and losses have no such end. */
export const isScore = (name: string): boolean => partsOf(name).metric !== 'mse' && !name.includes('loss');

const shares = ['accuracy', 'f1', 'precision', 'recall'];

/** Shares as percent, the rest as numbers. */
export const metricText = (name: string, value: number): string =>
  shares.includes(partsOf(name).metric) ? percent(value, 1) : number(value);

export interface ShownMetric {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** What was measured, in order, with the titles that the tasks give. */
export function shownMetrics(metrics: Metrics, tasks: readonly TaskCard[]): ShownMetric[] {
  const titles = new Map(tasks.flatMap((task) => task.metrics.map(({ name, title }) => [name, title] as const)));
  return Object.entries(metrics)
    .sort(([a], [b]) => metricOrder(a) - metricOrder(b))
    .map(([name, value]) => {
      const { set, metric } = partsOf(name);
      const title = titles.get(metric) ?? metric;
      return { name, title: set === '' ? title : `${title}, ${set}`, text: metricText(name, value) };
    });
}
