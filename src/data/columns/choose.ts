// The columns of a run: those that are named, the rest guessed (guess.ts), and what no file can do without.

import type { ColumnReasons, Columns, NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Table } from '../table/table.ts';
import { guessColumns } from './guess.ts';

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
  const label = [guess.columns.label, ...others].find(fits);
  if (label === undefined) return guess;
  return {
    columns: { ...guess.columns, label },
    reasons: { ...guess.reasons, label: `each of its values is one of the ${labels.length} labels that were trained` },
  };
}
