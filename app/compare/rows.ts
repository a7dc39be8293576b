// The comparison as a table: what a row says, how rows are sorted and written as CSV. Pure.

import { type Category, categories } from '../../src/protocol/config.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { type Cell, keyOf, type Outcome } from '../state/cells.ts';
import { type Pace, predictedMs } from '../state/pace.ts';

export interface Row extends Cell {
  readonly plan: PlanReport;
  readonly predicted_ms: number | undefined;
  /** By a run of the same method and policy, where one has run. */
  readonly measured_ms: number | undefined;
}

export function rowsOf(
  cells: readonly Cell[],
  outcomes: Readonly<Record<string, Outcome>>,
  pace: Pace | undefined,
  measured: ReadonlyMap<string, number>,
): Row[] {
  return cells.flatMap((cell) => {
    const plan = outcomes[keyOf(cell)]?.plan;
    return plan === undefined ? [] : [{ ...cell, plan, predicted_ms: predictedMs(plan, pace), measured_ms: measured.get(keyOf(cell)) }];
  });
}

export interface Column {
  readonly key: string;
  readonly title: string;
  /** For sorting and CSV; undefined where the row has nothing to say. */
  value(row: Row): number | string | undefined;
}

const inCategory = (category: Category): Column => ({
  key: `${category}_bytes`,
  title: category,
  value: ({ plan }) => plan.bytes[category],
});

export const transient = ({ plan }: Row): number => plan.bytes.activation + plan.bytes.workspace;

/** Columns of the table on the page. */
export const columns: readonly Column[] = [
  { key: 'cell', title: 'Method and policy', value: ({ title }) => title },
  { key: 'gpu_bytes', title: 'GPU bytes', value: ({ plan }) => plan.bytes.total },
  { key: 'transient_bytes', title: 'transient', value: transient },
  { key: 'host_bytes', title: 'off the GPU', value: ({ plan }) => plan.host?.bytes },
  { key: 'trainable_parameters', title: 'trainable', value: ({ plan }) => plan.trainable_parameters },
  { key: 'flops', title: 'FLOPs', value: ({ plan }) => plan.flops },
  { key: 'predicted_ms', title: 'predicted', value: ({ predicted_ms }) => predicted_ms },
  { key: 'measured_ms', title: 'measured', value: ({ measured_ms }) => measured_ms },
];

const csvColumns: readonly Column[] = [
  { key: 'model', title: '', value: ({ plan }) => plan.model },
  { key: 'method', title: '', value: ({ method }) => method },
  { key: 'policy', title: '', value: ({ policy }) => policy },
  { key: 'streams', title: '', value: ({ plan }) => plan.streams },
  { key: 'batch', title: '', value: ({ plan }) => plan.batch },
  { key: 'length', title: '', value: ({ plan }) => plan.length },
  ...categories.map(inCategory),
  ...columns.slice(1),
  { key: 'host_to_gpu_bytes', title: '', value: ({ plan }) => plan.host?.to_gpu },
  { key: 'gpu_to_host_bytes', title: '', value: ({ plan }) => plan.host?.from_gpu },
  { key: 'dispatches', title: '', value: ({ plan }) => plan.dispatches },
];

export interface Sorting {
  readonly key: string;
  readonly descending: boolean;
}

/** Rows by one column; those without a value last, equal ones in the order in which they came. */
export function sorted(rows: readonly Row[], { key, descending }: Sorting): Row[] {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) return [...rows];
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sign * (typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y)) : x - y);
  });
}

const quoted = (value: number | string | undefined): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180, bytes and FLOPs as whole numbers. */
export const csvOf = (rows: readonly Row[]): string =>
  [csvColumns.map(({ key }) => key), ...rows.map((row) => csvColumns.map(({ value }) => quoted(value(row))))]
    .map((line) => `${line.join(',')}\r\n`)
    .join('');
