// Records of a delimited file to rows of a table, each as wide as the first: sets the header apart, passes over blank lines and Excel's `sep=` line,
// refuses what does not fit. Chooses no dialect (dialect.ts). Invariant: rows are numbered as the file has them, all of these counted, and a row that
// does not fit is an error that names it.

import { RetraceError } from '../../protocol/errors.ts';
import { plural, rowsText } from '../../protocol/sentences.ts';
import { type DialectFound, isBlank } from './dialect.ts';
import { type RecordFault, RecordReader, type TextRecord } from './records.ts';
import { cellTooLarge, MAX_COLUMNS, type Row, refuseDuplicates } from './table.ts';

/** Ragged rows are counted this far behind the first of them, in characters: the whole of most files, and seconds of the largest. */
const COUNT_RAGGED = 64 * 2 ** 20;
const LISTED = 5;

/**
 * What becomes of text behind a closing quote: it joins the cell, as in Python's csv, and is said; or the row is refused, where the quotes are in
 * doubt and another reading is left to be tried.
 */
export type Tails = 'join' | 'refuse';

export class DelimitedRows {
  readonly #name: string;
  readonly #dialect: DialectFound;
  readonly #header: boolean;
  readonly #tails: Tails;
  readonly #reader: RecordReader;
  #first: TextRecord | undefined;
  #filled = 0;
  #ragged: number[] = [];
  #raggedCount = 0;
  #raggedWidth = 0;
  #sinceRagged = 0;
  #tailed: number[] = [];
  #tailedCount = 0;

  constructor(name: string, dialect: DialectFound, header: boolean, tails: Tails = 'join') {
    this.#name = name;
    this.#dialect = dialect;
    this.#header = header;
    this.#tails = tails;
    this.#reader = new RecordReader(dialect);
  }

  push(text: string): Row[] {
    const rows = this.#rowsOf(this.#reader.push(text));
    if (this.#raggedCount > 0) {
      this.#sinceRagged += text.length;
      if (this.#sinceRagged > COUNT_RAGGED) this.#refuseRagged('so far');
    }
    this.#refuse(this.#reader.number, this.#reader.fault);
    return rows;
  }

  end(): Row[] {
    const rows = this.#rowsOf(this.#reader.end());
    if (this.#raggedCount > 0) this.#refuseRagged('all');
    return rows;
  }

  /** So far there is no row but the header, and the next one has begun. */
  get inFirstRow(): boolean {
    return this.#filled <= (this.#header ? 1 : 0) && this.#reader.pending > 0;
  }

  /** Names of the columns, once a row was read. Error: `duplicate-column`. */
  columns(): string[] {
    const cells = this.#first?.cells ?? [];
    const names = cells.map((cell, i) => (this.#header ? cell.trim() : '') || String(i));
    refuseDuplicates(this.#name, names, `row ${this.#first?.number ?? 1}`);
    return names;
  }

  get lineEnds(): string[] {
    return Object.entries(this.#reader.lineEnds).flatMap(([end, count]) => (count > 0 ? [JSON.stringify(end).slice(1, -1)] : []));
  }

  /** What people should know of the rows so far. */
  notes(): string[] {
    const count = this.#tailedCount;
    if (count === 0) return [];
    const rows = `${plural(count, 'row')} of ${this.#name} (${rowsText(this.#tailed, count)})`;
    return [
      `In ${rows} text stands behind a closing quote; it is read as part of the cell, as Python's csv does. Most often the separator or the quotes are not what they seem: --separator and --quote set them, or the choices under the data on the page.`,
    ];
  }

  #rowsOf(records: readonly TextRecord[]): Row[] {
    const rows: Row[] = [];
    for (const record of records) {
      if (this.#dialect.sepLine && record.number === 1) continue;
      const { cells, number } = record;
      if (isBlank(record, this.#first?.cells.length ?? 1)) continue;
      this.#refuse(number, record.tail && this.#tails === 'refuse' ? 'tail' : record.fault);
      this.#filled++;
      if (record.tail) this.#noteTail(number);
      if (this.#first === undefined) {
        this.#first = record;
        if (this.#header) continue;
      }
      if (cells.length !== this.#first.cells.length) this.#noteRagged(number, cells.length);
      else if (this.#raggedCount === 0) rows.push(record);
    }
    return rows;
  }

  #noteRagged(row: number, width: number): void {
    if (this.#raggedCount === 0) this.#raggedWidth = width;
    this.#raggedCount++;
    if (this.#ragged.length < LISTED) this.#ragged.push(row);
  }

  #noteTail(row: number): void {
    this.#tailedCount++;
    if (this.#tailed.length < LISTED) this.#tailed.push(row);
  }

  #refuse(row: number, fault: RecordFault | 'tail' | undefined): void {
    if (fault === undefined) return;
    if (fault === 'long') {
      throw cellTooLarge(this.#name, row, this.#dialect.quote === '' ? '' : '; most likely a quote in it or before it is not closed');
    }
    if (fault === 'wide') {
      throw new RetraceError({
        code: 'too-many-columns',
        message: `Row ${row} of ${this.#name} has more than ${MAX_COLUMNS} cells; that many columns are read at most.`,
        where: `${this.#name}, row ${row}`,
        remedy:
          'Keep the columns of the texts and labels alone. If the file should have few columns, say what separates its cells (--separator), and check ' +
          'that its rows end in line breaks.',
      });
    }
    const mark = this.#dialect.quote;
    throw new RetraceError({
      code: 'bad-quotes',
      message:
        fault === 'open'
          ? `The quoted cell in row ${row} of ${this.#name} is never closed.`
          : `A quoted cell in row ${row} of ${this.#name} goes on behind its closing quote.`,
      where: `${this.#name}, row ${row}`,
      remedy: `Double each quote inside a quoted cell (${mark}${mark}). If quotes are plain characters in this file, say so (--quote none).`,
    });
  }

  #refuseRagged(extent: 'all' | 'so far'): never {
    const [first] = this.#ragged;
    const width = this.#first?.cells.length ?? 0;
    throw new RetraceError({
      code: 'ragged-rows',
      message:
        `${this.#raggedCount} of ${extent === 'all' ? '' : 'the first '}${this.#filled} rows in ${this.#name} do not have the ${width} ` +
        `column${width === 1 ? '' : 's'} of the ${this.#header ? 'header' : 'first row'}: row ${first} has ${this.#raggedWidth} ` +
        `(${rowsText(this.#ragged, this.#raggedCount)}).`,
      where: `${this.#name}, row ${first}`,
      remedy:
        'Quote cells that contain the separator or a line break, or remove those rows. If the cells are separated by something else, ' +
        'say by what (--separator; none for one text a line).',
    });
  }
}
