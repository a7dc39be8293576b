// The columns of a run: those that are named, the rest guessed (guess.ts), and what no file can do without.

import type { ColumnReasons, Columns, NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { numberOf } from '../cells.ts';
import { columnIndex, type Table } from '../table/table.ts';
import { guessColumns } from './guess.ts';
import { hasLabelWord, isAside, isRowId, labelNames, plainName, scoreNames } from './names.ts';
import { profileColumns } from './profile.ts';

export interface ChosenColumns {
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
}

/** The columns' roles: those named, the rest guessed, with the reasons. Errors: `no-label-column`, `missing-column`. */
function columnsOf(table: Table, named?: NamedColumns): ChosenColumns {
  const { columns, reasons } = guessColumns(table, named);
  const { label } = columns;
  if (label === undefined) {
    throw new RetraceError({
      code: 'no-label-column',
      message: `${table.name} has no second column that could be the label (columns: ${table.columns.join(', ')}).`,
      where: table.name,
      remedy: 'Use a table with a text column and a label column.',
    });
  }
  return { columns: { ...columns, label }, reasons };
}

/** A text, or a pair, of rows to predict of: the column that looks like a label is taken for no text, and else passed over. Error: `missing-column`. */
export function unlabelledColumns(table: Table, named?: NamedColumns): ChosenColumns {
  const { columns, reasons } = guessColumns(table, named);
  const [{ label: _, ...texts }, { label: __, ...ofTexts }] = [columns, reasons];
  return { columns: texts, reasons: ofTexts };
}

/**
 * A text, or a pair, and the class. A label column that isn't named is, for the classes that were trained, one whose values are all among them, where
 * there is one. Errors: `no-label-column`, `missing-column`.
 */
export function classColumns(table: Table, named?: NamedColumns, labels?: readonly string[]): ChosenColumns {
  const guess = columnsOf(table, named);
  if (named?.label !== undefined || labels === undefined) return guess;
  const known = new Set(labels);
  const fits = (column: string): boolean => {
    const at = table.columns.indexOf(column);
    return table.rows.every((row) => known.has((row[at] ?? '').trim()));
  };
  const { text, text_pair } = guess.columns;
  const others = table.columns.filter((column) => column !== text && column !== text_pair);
  const label = [...(guess.columns.label === undefined ? [] : [guess.columns.label]), ...others].find(fits);
  if (label === undefined) return guess;
  return {
    columns: { ...guess.columns, label },
    reasons: { ...guess.reasons, label: `each of its values is one of the ${labels.length} labels that were trained` },
  };
}

/** Columns of numbers that may be what is predicted, the likeliest first, each with the reason. */
function scoresIn(table: Table, taken: readonly (string | null | undefined)[]): { name: string; reason: string }[] {
  const takenAt = taken.flatMap((name) => (typeof name === 'string' ? [columnIndex(table, name)] : []));
  const able = profileColumns(table).filter(
    ({ at, name, filled, numbers, distinct }) =>
      filled > 0.5 && numbers >= 0.9 && distinct >= 2 && !takenAt.includes(at) && !(table.header && isRowId(name)),
  );
  const named = (names: readonly string[]) =>
    names.flatMap((name) => able.filter((column) => table.header && plainName(column.name) === name));
  const ranked = [
    ...named([...scoreNames, ...labelNames]).map(({ name }) => ({ name, reason: `numbers to predict are often called '${name}'` })),
    ...able.filter(({ name }) => table.header && hasLabelWord(name)).map(({ name }) => ({ name, reason: `'${name}' sounds like a label` })),
    ...able
      .filter(({ name, at, ids }) => !(table.header && isAside(name)) && !(ids && isAscending(table, at)))
      .toSorted((a, b) => b.distinct - a.distinct || b.at - a.at)
      .map(({ name }) => ({ name, reason: 'of the columns of numbers that are left it has the most values' })),
  ];
  return ranked;
}

/** A count of the rows, as an index is. */
const isAscending = ({ rows }: Table, at: number): boolean =>
  rows.every((row, i) => i === 0 || (numberOf(row[at] ?? '') ?? Number.NaN) > (numberOf(rows[i - 1]?.[at] ?? '') ?? Number.NaN));

/** `; numbers from 0 to 5` */
function rangeText(table: Table, name: string): string {
  const at = columnIndex(table, name);
  const numbers = table.rows.flatMap((row) => numberOf(row[at] ?? '') ?? []);
  const [low, high] = numbers.reduce<[number, number]>(([a, b], n) => [Math.min(a, n), Math.max(b, n)], [Infinity, -Infinity]);
  return `; numbers from ${low} to ${high}`;
}

/** A text, or a pair, and the number to predict. Errors: `no-number-column`, `missing-column`. */
export function scoreColumns(table: Table, named?: NamedColumns): ChosenColumns {
  if (named?.label !== undefined) return columnsOf(table, named);
  const [score] = scoresIn(table, [named?.text, named?.text_pair]);
  if (score === undefined) {
    throw new RetraceError({
      code: 'no-number-column',
      message: `${table.name} has no column of numbers that could be predicted (columns: ${table.columns.join(', ')}).`,
      where: table.name,
      remedy: 'Name the column that holds them, or learn classes from labels that are words.',
    });
  }
  const { columns, reasons } = columnsOf(table, { ...named, label: score.name });
  return { columns, reasons: { ...reasons, label: `${score.reason}${rangeText(table, score.name)}` } };
}
