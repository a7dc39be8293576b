// What the cells of each column are like: how many are filled, how many differ, how long they are, whether they are numbers or ids. Says
// nothing of roles. Invariant: rows are taken evenly from the whole table, for files are often sorted by their label.

import { looksLikeId, numberOf, wordCount } from '../cells.ts';
import type { Table } from '../table/table.ts';

export interface ColumnProfile {
  readonly at: number;
  readonly name: string;
  /** Share of the cells that are not blank. */
  readonly filled: number;
  /** Values that differ, blank ones aside. */
  readonly distinct: number;
  /** Mean words and characters of the filled cells. */
  readonly words: number;
  readonly length: number;
  /** Share of the filled cells that are numbers. */
  readonly numbers: number;
  /** A number or key of its own in each row. */
  readonly ids: boolean;
}

/** Enough rows to tell a label from a text. */
const SAMPLE_ROWS = 2000;
/** In fewer rows a label may well be different in each. */
const FEWEST_IDS = 8;

/** At most SAMPLE_ROWS of them, evenly from all. */
export function sampleRows<T>(rows: readonly T[]): readonly T[] {
  if (rows.length <= SAMPLE_ROWS) return rows;
  return Array.from({ length: SAMPLE_ROWS }, (_, i) => rows[Math.floor((i * rows.length) / SAMPLE_ROWS)] as T);
}

export function profileColumns(table: Table): ColumnProfile[] {
  const rows = sampleRows(table.rows);
  return table.columns.map((name, at) => {
    const cells = rows.map((row) => (row[at] ?? '').trim()).filter((cell) => cell !== '');
    const mean = (of: (cell: string) => number): number => cells.reduce((sum, cell) => sum + of(cell), 0) / Math.max(1, cells.length);
    const distinct = new Set(cells).size;
    return {
      at,
      name,
      filled: cells.length / Math.max(1, rows.length),
      distinct,
      words: mean(wordCount),
      length: mean((cell) => cell.length),
      numbers: mean((cell) => (numberOf(cell) === undefined ? 0 : 1)),
      ids: distinct >= FEWEST_IDS && distinct >= 0.9 * cells.length && mean((cell) => (looksLikeId(cell) ? 1 : 0)) >= 0.9,
    };
  });
}
