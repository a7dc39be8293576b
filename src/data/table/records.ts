// Delimited text to records, a piece at a time: the state machine of Python's csv module (Modules/_csv.c, doublequote, not strict). Judges
// nothing but sizes: how wide a record ought to be, and what a blank line means, is for the reader (delimited_rows.ts).
// Invariant: the cells do not depend on where the text is cut into pieces.

import { MAX_CELL, MAX_COLUMNS, MAX_ROW } from './table.ts';

export interface Dialect {
  /** One character between cells; '' where there is one column. */
  readonly separator: string;
  /** One character round cells; '' where there are no quotes. */
  readonly quote: string;
}

/** `open`: the file ends within quotes; `long`: a cell past MAX_CELL, or cells past MAX_ROW; `wide`: more cells than MAX_COLUMNS. */
export type RecordFault = 'open' | 'long' | 'wide';

export interface TextRecord {
  /** Of the file: its first record is 1; blank lines count. */
  readonly number: number;
  readonly cells: string[];
  /** A line with nothing in it, not even quotes: Python's csv has [] for it. */
  readonly blank: boolean;
  /** Text stands behind a closing quote. It is part of the cell, as in Python's csv; mostly it means that the quotes are not what they seem. */
  readonly tail: boolean;
  readonly fault: RecordFault | undefined;
}

const [LF, CR] = [10, 13];

type State = 'begin' | 'plain' | 'quoted' | 'closing';

export class RecordReader {
  readonly #separator: number;
  readonly #quote: number;
  readonly #quoteText: string;
  #state: State = 'begin';
  /** The last piece ended a record by a carriage return: a line feed that follows belongs to it. */
  #afterReturn = false;
  #number = 1;
  #cells: string[] = [];
  #cell = '';
  /** Characters of the cells before `#cell`. */
  #before = 0;
  #quoted = false;
  /** The cell was quoted, and its closing quote is behind. */
  #closed = false;
  #tail = false;
  #fault: RecordFault | undefined;
  #out: TextRecord[] = [];
  /** Which line ends there are. */
  readonly lineEnds = { '\r\n': 0, '\n': 0, '\r': 0 };

  constructor({ separator, quote }: Dialect) {
    this.#separator = separator === '' ? -1 : separator.charCodeAt(0);
    this.#quote = quote === '' ? -1 : quote.charCodeAt(0);
    this.#quoteText = quote;
  }

  /** Characters that belong to no whole record yet. */
  get pending(): number {
    return this.#before + this.#cell.length;
  }

  /** Number of the record that is being read. */
  get number(): number {
    return this.#number;
  }

  /** Records that end in this piece. */
  push(text: string): TextRecord[] {
    let i = 0;
    if (this.#afterReturn && text.length > 0) {
      this.#afterReturn = false;
      if (text.charCodeAt(0) === LF) {
        i = 1;
        this.lineEnds['\r\n']++;
      } else this.lineEnds['\r']++;
    }
    const n = text.length;
    while (i < n) {
      if (this.#state === 'begin') {
        if (text.charCodeAt(i) === this.#quote) {
          this.#state = 'quoted';
          this.#quoted = true;
          i++;
          continue;
        }
        this.#state = 'plain';
      }
      if (this.#state === 'quoted') {
        const close = text.indexOf(this.#quoteText, i);
        this.#append(text, i, close < 0 ? n : close);
        i = close < 0 ? n : close + 1;
        if (close >= 0) this.#state = 'closing';
        continue;
      }
      if (this.#state === 'closing') {
        if (text.charCodeAt(i) === this.#quote) {
          this.#append(text, i, i + 1);
          this.#state = 'quoted';
          i++;
          continue;
        }
        this.#state = 'plain';
        this.#closed = true;
      }
      i = this.#plain(text, i);
    }
    return this.#taken();
  }

  /** From within an unquoted stretch to behind the end of its cell. */
  #plain(text: string, from: number): number {
    const n = text.length;
    let i = from;
    let c = -1;
    for (; i < n; i++) {
      c = text.charCodeAt(i);
      if (c === this.#separator || c === LF || c === CR) break;
    }
    // Spaces behind a closing quote are common and harmless.
    if (this.#closed && text.slice(from, i).trim() !== '') this.#tail = true;
    this.#append(text, from, i);
    if (i === n) return n;
    this.#endCell();
    if (c === this.#separator) return i + 1;
    this.#endRecord();
    if (c === LF) this.lineEnds['\n']++;
    else if (i + 1 === n) this.#afterReturn = true;
    else if (text.charCodeAt(i + 1) === LF) {
      this.lineEnds['\r\n']++;
      return i + 2;
    } else this.lineEnds['\r']++;
    return i + 1;
  }

  #endCell(): void {
    if (this.#cells.length === MAX_COLUMNS) this.#fault ??= 'wide';
    if (this.#fault !== 'wide') this.#cells.push(this.#cell);
    this.#before += this.#cell.length;
    this.#cell = '';
    this.#closed = false;
    this.#state = 'begin';
  }

  #append(text: string, from: number, to: number): void {
    const length = this.#cell.length + to - from;
    if (length > MAX_CELL || this.#before + length > MAX_ROW) this.#fault ??= 'long';
    // What is too long is refused by the reader; it is not gathered until then.
    if (this.#fault === 'long') return;
    const part = text.slice(from, to);
    this.#cell = this.#cell === '' ? part : this.#cell + part;
  }

  #endRecord(): void {
    const blank = this.#cells.length === 1 && this.#cells[0] === '' && !this.#quoted;
    this.#out.push({ number: this.#number, cells: this.#cells, blank, tail: this.#tail, fault: this.#fault });
    this.#number++;
    this.#cells = [];
    this.#before = 0;
    this.#quoted = false;
    this.#tail = false;
    this.#fault = undefined;
  }

  /** A fault of the record that is not whole yet. */
  get fault(): RecordFault | undefined {
    return this.#fault;
  }

  /** The last record, where no line end closes it. */
  end(): TextRecord[] {
    if (this.#afterReturn) this.lineEnds['\r']++;
    if (this.#state === 'quoted') this.#fault ??= 'open';
    if (this.#cells.length > 0 || this.#cell !== '' || this.#quoted) {
      this.#endCell();
      this.#endRecord();
    }
    return this.#taken();
  }

  #taken(): TextRecord[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}
