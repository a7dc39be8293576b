// Tables: what a file of rows is once it is read, whatever its format, and how one that is too large to hold is read row by row.
// Knows nothing of labels. Invariant: a row of the file is never dropped, joined or padded in silence; blank lines alone are passed over.

import { RetraceError } from '../../protocol/errors.ts';
import type { ColumnKind, Reading } from '../../protocol/reading.ts';
import type { PictureFile } from '../pictures/picture.ts';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The kind in words, finer than `kind`: "list of numbers". */
  readonly is: string;
  /** Names of its classes, in the order of the numbers that stand for them, where the file or its data set has them. */
  readonly classes?: readonly string[] | undefined;
}

export interface Row {
  /** As a spreadsheet shows it: the file's first row is 1, blank lines and the header count. In JSON Lines it is the line, in JSON and Parquet the row. */
  readonly number: number;
  /** One for each column that was asked for. What is missing or null is ''. */
  readonly cells: readonly string[];
  /** Bytes of the picture that each cell names, of cells that name one which stands in the file itself; there where they were asked for. */
  readonly pictures?: readonly (Uint8Array | undefined)[];
}

/** Pictures by the cells that name them. */
export type Pictures = ReadonlyMap<string, PictureFile>;

export interface RowBatch {
  readonly rows: readonly Row[];
  /** Bytes of the file up to here. */
  readonly bytesRead: number;
}

export interface RowRequest {
  /** Indices of the columns wanted; left out: all. */
  readonly columns?: readonly number[] | undefined;
  /** Pictures that stand in the file itself are read; left out, no more than what they are called. */
  readonly pictures?: 'bytes' | undefined;
  /** Told once at the end of what people should know of the rows that were read, a sentence at a time. */
  onNote?(sentence: string): void;
}

export interface Bounds {
  readonly maxRows: number;
  readonly maxCharacters: number;
  /** Bytes of pictures that stand in the file; left out, they are not read. */
  readonly maxPictureBytes?: number | undefined;
  readonly seed: number;
  readonly columns?: readonly number[] | undefined;
}

/** Some of the rows, drawn by blocks, of a source that is far too large to read. */
export interface Drawn {
  readonly source: TableSource;
  /** Rows that there are. */
  readonly of: number;
  /** "24 of 1,600 row groups". */
  readonly from: string;
}

/** A file of rows that is not held: its columns are known, its rows are read from the beginning each time they are asked for. */
export interface TableSource {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly columns: readonly Column[];
  readonly header: boolean;
  readonly reading: Reading;
  /** Where the file says it beforehand. */
  readonly rowCount?: number;
  /** Where its pictures are files of their own. */
  readonly pictures?: Pictures;
  /** In the order of the file. Errors: those of the format, each naming its row. */
  rows(request?: RowRequest): AsyncIterable<RowBatch>;
  /** A part of the rows that is enough for the bounds, the same for the same seed; undefined where all should be read. */
  drawn?(bounds: Bounds): Promise<Drawn | undefined>;
  /** Another reading, where this one was only the likelier by what was looked at; to be tried when its rows turn out not to fit. */
  otherwise?(): TableSource | undefined;
}

/** Rows in memory: all of a file, or a sample of them. */
export interface Table {
  /** File name, for messages. */
  readonly name: string;
  /** Names from the header, or "0", "1", ... where there is none. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** `Row.number` of each of `rows`. */
  readonly rowNumbers: readonly number[];
  readonly header: boolean;
  /** What stands in each column; left out: texts. */
  readonly kinds?: readonly Column[];
  readonly reading?: Reading;
  /** Rows that the file has, where `rows` is a sample of them or its beginning. */
  readonly sampledFrom?: number;
  /** Which blocks a sample comes from, where others were not read: "24 of 1,600 row groups". */
  readonly drawnFrom?: string;
  /** What people should know of how the file was read, a sentence each. */
  readonly notes?: readonly string[];
  /** Of its columns of pictures, where there are any. */
  readonly pictures?: Pictures;
}

/** Most characters of one cell: a longer one is a fault of the file, most often a quote that is never closed. */
export const MAX_CELL = 4 * 2 ** 20;
/** Most characters of all cells of one row. */
export const MAX_ROW = 4 * MAX_CELL;
/** Most columns; spreadsheets end there too. */
export const MAX_COLUMNS = 16_384;

export function refuseDuplicates(name: string, columns: readonly string[], where = 'row 1'): void {
  const seen = new Map<string, number>();
  for (const [i, column] of columns.entries()) {
    const before = seen.get(column);
    seen.set(column, i);
    if (before === undefined) continue;
    throw new RetraceError({
      code: 'duplicate-column',
      message: `${name} has two columns named "${column}" (${before} and ${i}, counted from 0).`,
      where: `${name}, ${where}`,
      remedy: 'Rename one of them. If the first row is data, say that there is no header.',
    });
  }
}

export const cellTooLarge = (name: string, row: number, why: string): RetraceError =>
  new RetraceError({
    code: 'cell-too-large',
    message: `A cell in row ${row} of ${name} is longer than ${MAX_CELL} characters${why}.`,
    where: `${name}, row ${row}`,
    remedy: 'Models read a few thousand characters at most: shorten the cell, or close the quote that makes it run on.',
  });

/** No row to learn from or to predict. */
export const emptyTable = (name: string, what: string, remedy = 'Choose a file with one example a row.'): RetraceError =>
  new RetraceError({ code: 'empty-table', message: `${name} has ${what}.`, where: name, remedy });

/** Likewise, of a file that was read to its end. */
export const headerAlone = (name: string): RetraceError =>
  emptyTable(name, 'a header but no rows', 'If its first row is data, say that there is no header.');

/** Index of a column given by name or by 0-based number. Error: `missing-column`, naming those that exist. */
export function columnIndex({ name, columns }: { readonly name: string; readonly columns: readonly string[] }, column: string): number {
  const named = columns.indexOf(column);
  if (named >= 0) return named;
  if (/^\d+$/.test(column) && Number(column) < columns.length) return Number(column);
  throw new RetraceError({
    code: 'missing-column',
    message: `${name} has no column "${column}". Its columns are ${columns.map((known) => `"${known}"`).join(', ')}.`,
    where: `${name}, row 1`,
    remedy: 'Choose one of these columns, by name or by its number from 0.',
  });
}
