// The columns of a comparison: what each is called, its value for sorting and for programs, and its text for people.

import { rangesText, timeText } from '../../src/protocol/budget.ts';
import { categories } from '../../src/protocol/config.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { usage } from '../flags.ts';
import { bytesText, flopsText, percentText } from '../format.ts';
import { transientBytes } from '../plan_report.ts';

export interface Row {
  /** Where depths in place of the model's own were asked for. */
  readonly depth: number | undefined;
  readonly report: PlanReport;
  /** Full fine-tuning that stores its activations, at the same depth. */
  readonly full: PlanReport;
}

interface Column {
  readonly title: string;
  value(row: Row): string | number | undefined;
  text(value: number): string;
}

const named = (title: string, value: (row: Row) => string): Column => ({ title, value, text: String });
const counted = (title: string, value: (row: Row) => number | undefined): Column => ({ title, value, text: countText });
const bytes = (title: string, value: (row: Row) => number | undefined): Column => ({ title, value, text: bytesText });
const share = (value: (report: PlanReport) => number): Column => ({
  title: 'of full',
  value: ({ report, full }) => value(report) / value(full),
  text: percentText,
});

const columns: Readonly<Record<string, Column>> = {
  layers: counted('layers', ({ depth }) => depth),
  method: named('method', ({ report }) => report.method),
  policy: named('policy', ({ report: { policy, budget } }) => (budget ? rangesText(budget.chosen.ranges) : policy)),
  granularity: named('granularity', ({ report }) => report.granularity),
  micro_batch: counted('micro-batch', ({ report: { batch, micro_batch } }) => (micro_batch < batch ? micro_batch : undefined)),
  streams: named('streams', ({ report }) => report.streams),
  trainable_parameters: counted('trainable', ({ report }) => report.trainable_parameters),
  dispatches: counted('dispatches', ({ report }) => report.dispatches),
  predicted_ms: { title: 'predicted time', value: ({ report }) => report.predicted?.ms, text: timeText },
  flops: { title: 'FLOPs a step', value: ({ report }) => report.flops, text: flopsText },
  flops_of_full: share(({ flops }) => flops),
  ...Object.fromEntries(
    categories.filter((name) => name !== 'staging').map((name) => [name, bytes(name, ({ report }) => report.bytes[name])]),
  ),
  total: bytes('total', ({ report }) => report.bytes.total),
  total_of_full: share((report) => report.bytes.total),
  activation_and_workspace: bytes('activation + workspace', ({ report }) => transientBytes(report)),
  activation_and_workspace_of_full: share(transientBytes),
  host: bytes('host', ({ report }) => report.host?.bytes),
  to_gpu: bytes('to GPU a step', ({ report }) => report.host?.to_gpu),
  from_gpu: bytes('from GPU a step', ({ report }) => report.host?.from_gpu),
};
export const columnNames = Object.keys(columns);

/** Rows by a column, smallest first; largest first with a dash before its name. Rows without a value come last. Error: `usage`. */
export function sortRows(rows: readonly Row[], by: string | undefined): readonly Row[] {
  if (by === undefined) return rows;
  const column = columns[by.replace(/^-/, '')];
  if (!column) {
    const known = columnNames.join(', ');
    throw usage(`--sort names the column '${by}'; known are ${known}.`, `Use one of ${known}; -COLUMN for the largest first.`, '--sort');
  }
  const direction = by.startsWith('-') ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return direction * (x < y ? -1 : Number(x > y));
  });
}

/** Columns in which some row has something. */
const used = (rows: readonly Row[]): [string, Column][] =>
  Object.entries(columns).filter(([, { value }]) => rows.some((row) => value(row) !== undefined));

/** A header and a line for each row, for people. */
export function tableOf(rows: readonly Row[]): string[][] {
  const shown = used(rows);
  const cell = ({ value, text }: Column, row: Row): string => {
    const own = value(row);
    return typeof own === 'number' ? text(own) : (own ?? '');
  };
  return [shown.map(([, { title }]) => title), ...rows.map((row) => shown.map(([, column]) => cell(column, row)))];
}

/** The same for programs: names of columns, then plain numbers. No value holds a comma or a quote. */
export function csvOf(rows: readonly Row[]): string {
  const shown = used(rows);
  const lines = rows.map((row) => shown.map(([, { value }]) => String(value(row) ?? '')).join(','));
  return [shown.map(([name]) => name).join(','), ...lines].join('\n');
}
