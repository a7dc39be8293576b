// CSV and TSV to rows of text, strictly: every row as wide as the first, every problem named by its row. Knows nothing of labels.
// Invariant: a row of the file is never dropped, joined or padded in silence; blank lines alone are passed over.

import Papa from 'papaparse';
import { decodeUtf8 } from '../formats/text.ts';
import { RetraceError } from '../protocol/errors.ts';

export interface Table {
  /** File name, for messages. */
  readonly name: string;
  /** Names from the header, or "0", "1", ... where there is none. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Row numbers as a spreadsheet shows them (the file's first row is 1), one for each of `rows`. */
  readonly rowNumbers: readonly number[];
  readonly header: boolean;
}

/** Beyond this a string of the whole file is at the limit of what browsers allow. */
const MAX_TABLE_BYTES = 256 * 2 ** 20;

/** "3, 7, 12 and 40 more": enough rows to find the fault, not all of them. */
export function listRows(rows: readonly number[], shown = 5): string {
  const more = rows.length - shown;
  return rows.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const utf8 = (text: string): readonly number[] => [...new TextEncoder().encode(text)];

/** What people have in place of a table, by its first bytes. */
const OTHER_FILES: readonly { readonly is: string; readonly begins: readonly number[] }[] = [
  { is: 'a Parquet file', begins: utf8('PAR1') },
  { is: 'a zip archive or an Excel workbook', begins: utf8('PK\u0003\u0004') },
  { is: 'a gzip archive', begins: [0x1f, 0x8b] },
  { is: 'a PDF document', begins: utf8('%PDF') },
];

/** JSON Lines have commas and quotes enough to look like a table of nonsense. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  const begins = text.trimStart();
  const line = /^[^\r\n]*/.exec(begins)?.[0] ?? '';
  return [line, begins.length < 2 ** 20 ? begins : ''].some((whole) => {
    try {
      return typeof JSON.parse(whole) === 'object';
    } catch {
      return false;
    }
  });
}

function refuseOther(name: string, is: string): never {
  throw new RetraceError({
    code: 'not-a-table',
    message: `${name} is ${is}, not a CSV or TSV.`,
    where: name,
    remedy: 'Save it as CSV (UTF-8) with a column of texts and a column of labels: spreadsheets export it, and pandas writes it by to_csv.',
  });
}

/** By extension where it says so, else the separator that the first line has most of. */
function guessDelimiter(name: string, text: string): string {
  if (/\.(tsv|tab)$/i.test(name)) return '\t';
  const line = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (delimiter: string): number => line.split(delimiter).length - 1;
  return ['\t', ';', '|'].reduce((best, next) => (count(next) > count(best) ? next : best), ',');
}

/**
 * GLUE's TSVs are written without quoting: a quote in them is just a character. Quoting holds only where every cell that begins with a
 * quote is closed within its own line, for otherwise one stray quote would swallow the lines up to the next.
 */
function isQuoted(text: string, delimiter: string): boolean {
  if (delimiter !== '\t') return true;
  return text.split(/\r\n|\n|\r/).every((line) => line.split('\t').every((cell) => !cell.startsWith('"') || /^"(?:[^"]|"")*"$/.test(cell)));
}

/**
 * The whole file as a table. `header` says whether the first row names the columns (it does by default).
 * Errors: `not-a-table`, `wrong-encoding`, `table-too-large`, `bad-quotes`, `ragged-rows`, `duplicate-column`, `empty-table`.
 */
export function parseTable(name: string, content: Uint8Array | string, { header = true }: { readonly header?: boolean } = {}): Table {
  if (content.length > MAX_TABLE_BYTES) {
    throw new RetraceError({
      code: 'table-too-large',
      message: `${name} has ${content.length} bytes; at most ${MAX_TABLE_BYTES} are read.`,
      where: name,
      remedy: 'Take a sample of its rows: a few thousand of each class are plenty to fine-tune.',
    });
  }
  if (typeof content !== 'string') {
    const other = OTHER_FILES.find(({ begins }) => begins.every((byte, i) => content[i] === byte));
    if (other) refuseOther(name, other.is);
  }
  const text = typeof content === 'string' ? content.replace(/^\ufeff/, '') : decodeUtf8(name, content);
  if (isJson(text)) refuseOther(name, 'JSON');
  const delimiter = guessDelimiter(name, text);
  // Papa has no switch for quoting; a quote character that cannot occur (text holds no NUL) turns it off.
  const quoteChar = isQuoted(text, delimiter) ? '"' : '\0';
  const parsed = Papa.parse<string[]>(text, { delimiter, quoteChar });
  const bad = parsed.errors.find((error) => error.type === 'Quotes');
  if (bad !== undefined) {
    const row = (bad.row ?? 0) + 1;
    throw new RetraceError({
      code: 'bad-quotes',
      message: `A quoted cell in row ${row} of ${name} is not closed as it should be: ${bad.message}.`,
      where: `${name}, row ${row}`,
      remedy: 'Double each quote inside a quoted cell (""), or save the file as TSV without quotes.',
    });
  }
  const numbered = parsed.data.map((cells, i) => ({ cells, number: i + 1 })).filter(({ cells }) => cells.length > 1 || cells[0] !== '');
  const width = numbered[0]?.cells.length ?? 0;
  refuseRagged(name, numbered, width, header);
  const columns = Array.from({ length: width }, (_, i) => (header ? numbered[0]?.cells[i]?.trim() : undefined) || String(i));
  refuseDuplicates(name, columns);
  const rows = header ? numbered.slice(1) : numbered;
  if (rows.length === 0) {
    throw new RetraceError({
      code: 'empty-table',
      message: `${name} has ${header && width > 0 ? 'a header but no rows' : 'no rows'}.`,
      where: name,
      remedy: header && width > 0 ? 'If its first row is data, say that there is no header.' : 'Choose a file with one example a row.',
    });
  }
  return { name, columns, rows: rows.map(({ cells }) => cells), rowNumbers: rows.map(({ number }) => number), header };
}

function refuseRagged(name: string, numbered: readonly { cells: string[]; number: number }[], width: number, header: boolean): void {
  const ragged = numbered.filter(({ cells }) => cells.length !== width);
  const [first] = ragged;
  if (first === undefined) return;
  const rows = ragged.map(({ number }) => number);
  throw new RetraceError({
    code: 'ragged-rows',
    message:
      `${ragged.length} of ${numbered.length} rows in ${name} do not have the ${width} columns of the ${header ? 'header' : 'first row'}: ` +
      `row ${first.number} has ${first.cells.length} (rows ${listRows(rows)}).`,
    where: `${name}, row ${first.number}`,
    remedy: 'Quote cells that contain the separator or a line break, or remove those rows.',
  });
}

function refuseDuplicates(name: string, columns: readonly string[]): void {
  const twice = columns.find((column, i) => columns.indexOf(column) < i);
  if (twice === undefined) return;
  throw new RetraceError({
    code: 'duplicate-column',
    message: `${name} has two columns named "${twice}" (${columns.indexOf(twice)} and ${columns.lastIndexOf(twice)}, counted from 0).`,
    where: `${name}, row 1`,
    remedy: 'Rename one of them. If the first row is data, say that there is no header.',
  });
}

/** Index of a column given by name or by 0-based number. Error: `missing-column`, naming those that exist. */
export function columnIndex(table: Table, column: string): number {
  const named = table.columns.indexOf(column);
  if (named >= 0) return named;
  if (/^\d+$/.test(column) && Number(column) < table.columns.length) return Number(column);
  throw new RetraceError({
    code: 'missing-column',
    message: `${table.name} has no column "${column}". Its columns are ${table.columns.map((name) => `"${name}"`).join(', ')}.`,
    where: `${table.name}, row 1`,
    remedy: 'Choose one of these columns, by name or by its number from 0.',
  });
}
