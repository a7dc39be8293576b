// A run's history as one table: a row a step, with what was evaluated there, under the grouped names that trackers take (`train/loss`, `eval/accuracy`).
// Numbers and column names of our own alone, so that no cell can be a formula.

import { logHistory, type RunRecord } from './log_history.ts';
import { tagOf } from './tensorboard.ts';

export function historyCsv(run: RunRecord): Uint8Array {
  const bySteps = new Map<number, Record<string, number>>();
  for (const { values, step, epoch, seconds } of logHistory(run)) {
    // What stands for the whole run is no column of its steps.
    if ('train_runtime' in values) continue;
    const own = Object.fromEntries(Object.entries(values).map(([name, value]) => [tagOf(name), value]));
    bySteps.set(step, { ...bySteps.get(step), 'train/epoch': epoch, 'train/seconds': seconds, ...own });
  }
  const columns = [...new Set([...bySteps.values()].flatMap((row) => Object.keys(row)))];
  const lines = [...bySteps].map(([step, row]) => [step, ...columns.map((name) => row[name] ?? '')].join(','));
  return new TextEncoder().encode(`${[['step', ...columns].join(','), ...lines].join('\n')}\n`);
}
