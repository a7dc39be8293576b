// A table whose labels stand in a file of their own, a line for each of its rows, as one table with a last column `label`: PIQA has its labels so.
// Invariant: both files are read side by side, a batch at a time, and end together, or the data are refused with both counts.

import { RetraceError } from '../../protocol/errors.ts';
import { kindOfTexts } from './kinds.ts';
import type { Column, Row, RowBatch, RowRequest, TableSource } from './table.ts';

const LABEL = 'label';

/** How the lines of such a file are read. */
export const labelLines = { separator: '', quote: '', header: false } as const;

/** `labels` has one column. Errors: `two-labels`, where the table has such a column of its own; `labels-differ`, told at the end of the shorter file. */
export async function labelsBeside(table: TableSource, labels: TableSource): Promise<TableSource> {
  if (table.columns.some(({ name }) => name === LABEL)) {
    throw new RetraceError({
      code: 'two-labels',
      message: `${table.name} has a column "${LABEL}", and ${labels.name} holds labels for it too.`,
      where: table.name,
      remedy: `Rename or remove ${labels.name}, or the column.`,
    });
  }
  const kind = kindOfTexts(await firstCells(labels));
  const column: Column = { name: LABEL, ...kind };
  return {
    ...{ name: table.name, size: table.size + labels.size, header: table.header, columns: [...table.columns, column] },
    ...(table.rowCount === undefined ? {} : { rowCount: table.rowCount }),
    reading: { ...table.reading, said: `${table.reading.said}; labels from ${labels.name}` },
    rows: (request) => rowsOf(table, labels, request),
  };
}

async function firstCells(labels: TableSource): Promise<string[]> {
  for await (const { rows } of labels.rows()) return rows.map(({ cells }) => cells[0] ?? '');
  return [];
}

async function* rowsOf(table: TableSource, labels: TableSource, { columns, onNote }: RowRequest = {}): AsyncGenerator<RowBatch> {
  const at = table.columns.length;
  const wanted = columns ?? [...table.columns.keys(), at];
  const own = wanted.filter((column) => column !== at);
  const take = takeFrom(labels);
  const merged = ({ number, cells }: Row, label: string): Row => {
    const rest = [...cells];
    return { number, cells: wanted.map((column) => (column === at ? label : (rest.shift() ?? ''))) };
  };
  let count = 0;
  for await (const { rows, bytesRead } of table.rows({ columns: own, ...(onNote ? { onNote } : {}) })) {
    const taken = await take(rows.length);
    count += taken.length;
    if (taken.length < rows.length) throw differ(table, labels, `more than ${count}`, String(count));
    yield { rows: rows.map((row, i) => merged(row, taken[i] ?? '')), bytesRead };
  }
  if ((await take(1)).length > 0) throw differ(table, labels, String(count), `more than ${count}`);
}

/** The next so many labels; fewer where there are no more. */
function takeFrom(labels: TableSource): (count: number) => Promise<string[]> {
  const batches = labels.rows()[Symbol.asyncIterator]();
  let rows: readonly Row[] = [];
  let at = 0;
  return async (count) => {
    const taken: string[] = [];
    while (taken.length < count) {
      if (at === rows.length) {
        const { done, value } = await batches.next();
        if (done === true) return taken;
        [rows, at] = [value.rows, 0];
      }
      for (; at < rows.length && taken.length < count; at++) taken.push(rows[at]?.cells[0] ?? '');
    }
    return taken;
  };
}

const differ = (table: TableSource, labels: TableSource, rows: string, lines: string): RetraceError =>
  new RetraceError({
    code: 'labels-differ',
    message: `${table.name} has ${rows} rows, and ${labels.name} ${lines} labels: one line for each row is needed.`,
    where: labels.name,
    remedy: 'Take the file of labels that belongs to this file, or remove it if it is none.',
  });
