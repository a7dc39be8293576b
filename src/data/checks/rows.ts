// The rows of a table as the checks look at them: texts and labels, each put into one form once, with the file's row numbers. Decides nothing.
// Invariant: every pass over the rows is linear, and rows are counted all, though only the first are listed.

import type { RowsIn } from '../../protocol/messages.ts';
import { listText, rowsText } from '../../protocol/sentences.ts';
import { type Choices, choicesOf } from '../choices.ts';
import type { ColumnChoice } from '../examples.ts';
import { columnIndex, type Table } from '../table/table.ts';

/** A class, or a set of rows of any kind: how many there are, and the first of them. */
export interface RowSet {
  count: number;
  readonly first: number[];
}

export interface CheckedRows {
  /** File name. */
  readonly name: string;
  readonly textColumn: string;
  readonly pairColumn: string | undefined;
  /** None of texts alone, whose labels are ''. */
  readonly labelColumn: string | undefined;
  readonly texts: readonly string[];
  /** Second texts, where there are any: of a pair, or those to be written. */
  readonly pairs: readonly string[] | undefined;
  /** Answers of each question, where there are any. */
  readonly choices: readonly Choices[] | undefined;
  /** What a row is about, in words. */
  readonly what: { readonly one: string; readonly many: string };
  /** The row that has the text first: the same for all rows of one text (of one pair), Unicode form and spaces put aside. */
  readonly firstRow: Uint32Array;
  /** What makes a row's texts the same as another's. */
  keyOf(row: number): string;
  /** The first row with that key, or undefined. */
  rowOf(key: string): number | undefined;
  /** Trimmed, as the classes are. */
  readonly labels: readonly string[];
  /** Labels with their outer spaces, where there are any. */
  readonly untrimmed: ReadonlyMap<string, RowSet>;
  readonly classes: ReadonlyMap<string, RowSet>;
  readonly numbers: readonly number[];
}

const LISTED = 20;

export function addRow(rows: RowSet, number: number): void {
  rows.count += 1;
  if (rows.first.length < LISTED) rows.first.push(number);
}

export const rowSet = (numbers: Iterable<number> = []): RowSet => {
  const rows: RowSet = { count: 0, first: [] };
  for (const number of numbers) addRow(rows, number);
  return rows;
};

/** Those rows of which the test holds, by their place. */
export function rowsWhere(numbers: readonly number[], test: (row: number) => boolean): RowSet {
  const rows = rowSet();
  for (let i = 0; i < numbers.length; i++) if (test(i)) addRow(rows, numbers[i] ?? 0);
  return rows;
}

export function addTo(sets: Map<string, RowSet>, key: string, number: number): void {
  const rows = sets.get(key);
  if (rows) addRow(rows, number);
  else sets.set(key, { count: 1, first: [number] });
}

export const rowsIn = (file: string, { count, first }: RowSet): RowsIn => ({ file, count, first });

/** `row 3`; `rows 3, 7, 12, 13, 20 and 40 more` */
export const rowSetText = ({ count, first }: RowSet): string => rowsText(first, count);

/** A value in a message, shortened, with what can't be seen written out. */
export function quoted(value: string, visible: 'as it is' | 'code points' = 'as it is'): string {
  const short = value.length > 40 ? `${value.slice(0, 39)}…` : value;
  const hidden = visible === 'code points' ? /[^\x20-\x7e…]/gu : /[\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;
  return `"${short.replace(hidden, (mark) => `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)}"`;
}

/** `"a", "b", "c", "d" and 4 more` */
export const listed = (parts: readonly string[]): string => listText(parts, 4);

const textForm = (text: string): string => {
  // Most texts are in that form already, and a million of them need not be written anew.
  const composed = /[\u0300-\uffff]/.test(text) ? text.normalize('NFC') : text;
  return /^\s|\s$|\s\s|[^\S ]/.test(composed) ? composed.replace(/\s+/g, ' ').trim() : composed;
};

/** Case counts, for models can tell it. */
const keyOf = (text: string, pair: string | undefined, choices: readonly string[] = []): string =>
  [text, ...(pair === undefined ? [] : [pair]), ...choices].map(textForm).join('\0');

const whatRowsAre = (columns: ColumnChoice): CheckedRows['what'] => {
  if (columns.choiceColumns !== undefined) return { one: 'question with its answers', many: 'questions with their answers' };
  return columns.textPairColumn === undefined && columns.targetColumn === undefined
    ? { one: 'text', many: 'texts' }
    : { one: 'pair of texts', many: 'pairs of texts' };
};

/** Error: `missing-column`. */
export function checkedRows(table: Table, columns: ColumnChoice): CheckedRows {
  const { textColumn, labelColumn, choiceColumns } = columns;
  const pairColumn = columns.textPairColumn ?? columns.targetColumn;
  const textAt = columnIndex(table, textColumn);
  const labelAt = labelColumn === undefined ? undefined : columnIndex(table, labelColumn);
  const pairAt = pairColumn === undefined ? undefined : columnIndex(table, pairColumn);
  const texts = table.rows.map((row) => row[textAt] ?? '');
  const pairs = pairAt === undefined ? undefined : table.rows.map((row) => row[pairAt] ?? '');
  const untrimmed = new Map<string, RowSet>();
  const classes = new Map<string, RowSet>();
  const labels = table.rows.map((row, i) => {
    const [raw, number] = [(labelAt === undefined ? '' : row[labelAt]) ?? '', table.rowNumbers[i] ?? 0];
    const label = raw.trim();
    addTo(classes, label, number);
    if (label !== raw) addTo(untrimmed, label, number);
    return label;
  });
  const choicesAt = choiceColumns && choicesOf(table, choiceColumns);
  const choices = choicesAt && table.rows.map((_, row) => choicesAt(row) ?? { texts: [] });
  const keyOfRow = (row: number): string => keyOf(texts[row] ?? '', pairs?.[row], choices?.[row]?.texts);
  const firsts = new Map<string, number>();
  const firstRow = Uint32Array.from(texts, (_, i) => {
    const key = keyOfRow(i);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, i);
    return first ?? i;
  });
  return {
    ...{ name: table.name, textColumn, pairColumn, labelColumn, what: whatRowsAre(columns) },
    ...{ texts, pairs, choices, firstRow, labels, untrimmed, classes, numbers: table.rowNumbers },
    keyOf: keyOfRow,
    rowOf: (key) => firsts.get(key),
  };
}
