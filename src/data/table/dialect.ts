// Which separator and quotes a delimited file has, from the rows at its beginning. As DuckDB's and CleverCSV's sniffers do it, every candidate
// reads the same rows and the one that reads them consistently wins; the header's look and the file's extension only settle what rows leave open.
// Invariant: what the user or a `sep=` line says is never overruled.

import { type Dialect, RecordReader, type TextRecord } from './records.ts';

export interface DialectRequest {
  readonly separator?: string | undefined;
  readonly quote?: string | undefined;
  /** The text is the whole file, not its beginning. */
  readonly whole: boolean;
}

export interface DialectFound extends Dialect {
  readonly separatorFrom: 'user' | 'sep line' | 'rows';
  readonly quoteFrom: 'user' | 'rows';
  /** The first record is Excel's `sep=` line. */
  readonly sepLine: boolean;
  /** No row that was looked at contradicts the quotes, but later ones may: this kind of file is also written without. */
  readonly quotesDoubtful: boolean;
}

/**
 * Separators looked for, and how odd it is to meet one inside a cell. Commas stand in every text; a tab in a cell means that another
 * separator was taken for the right one.
 */
const SEPARATORS: ReadonlyMap<string, number> = new Map([
  [',', 1],
  [';', 2],
  ['|', 4],
  ['\t', 8],
]);

/** Excel's first line, with which it says its separator. */
const SEP_LINE = /^"?sep=([^\r\n])"?(?=[\r\n]|$)/i;

interface Judged {
  readonly dialect: Dialect;
  readonly width: number;
  readonly rows: number;
  /** Rows as wide as the first. */
  readonly even: number;
  /** Rows that are not, or that are faulty. */
  readonly problems: number;
  /** Rows with text behind a closing quote: they can be read, but speak against the reading. */
  readonly tails: number;
  readonly oddity: number;
}

/** A line without a separator and without text, in a file of several columns. */
export const isBlank = ({ cells, blank }: TextRecord, columns: number): boolean =>
  blank || (columns > 1 && cells.length === 1 && cells[0]?.trim() === '');

function judge(dialect: Dialect, text: string, whole: boolean, sepLine: boolean): Judged {
  const reader = new RecordReader(dialect);
  const records = reader.push(text);
  // What a sample breaks off is no fault; but a cell that takes up half of it was opened by a quote that is none.
  const broken = !whole && (reader.fault !== undefined || reader.pending > text.length / 2) ? 1 : 0;
  // A sample may end within the first row: then that part of it has to do.
  if (whole || records.length === 0) records.push(...reader.end());
  const filled = records.slice(sepLine ? 1 : 0).filter((record) => !isBlank(record, 2));
  const width = filled[0]?.cells.length ?? 0;
  const even = filled.filter(({ cells, fault }) => cells.length === width && fault === undefined).length;
  const others = [...SEPARATORS].filter(([separator]) => separator !== dialect.separator);
  let oddity = 0;
  for (const { cells } of filled) {
    for (const [i, cell] of cells.entries()) {
      if (i > 0 && cell.startsWith(' ')) oddity++;
      for (const [separator, odd] of others) if (cell.includes(separator)) oddity += odd;
    }
  }
  const tails = filled.filter(({ tail }) => tail).length;
  return { dialect, width, rows: filled.length, even, problems: filled.length - even + broken, tails, oddity };
}

/** Quotes are read as quotes unless the rows contradict them: then, in the formats that are written without, they are characters. */
function betterQuoted(quoted: Judged, plain: Judged): Judged {
  return (plain.problems - quoted.problems || plain.tails - quoted.tails) < 0 ? plain : quoted;
}

/** GLUE writes TSV without quotes, and a file of one column often is a list of lines; elsewhere a quote is a quote. */
const mayBePlain = (separator: string): boolean => separator === '\t' || separator === '';

export function findDialect(name: string, text: string, { separator, quote, whole }: DialectRequest): DialectFound {
  const said = SEP_LINE.exec(text)?.[1];
  const given = separator ?? said;
  const read = (candidate: string): Judged => {
    const as = (mark: string) => judge({ separator: candidate, quote: mark }, text, whole, said !== undefined);
    if (quote !== undefined) return as(quote);
    return mayBePlain(candidate) ? betterQuoted(as('"'), as('')) : as('"');
  };
  const { dialect, tails } = given !== undefined ? read(given) : likeliest(name, [...SEPARATORS.keys()].map(read), () => read(''));
  return {
    ...dialect,
    separatorFrom: separator !== undefined ? 'user' : said !== undefined ? 'sep line' : 'rows',
    quoteFrom: quote !== undefined ? 'user' : 'rows',
    sepLine: said !== undefined,
    quotesDoubtful: quote === undefined && dialect.quote !== '' && mayBePlain(dialect.separator) && tails === 0,
  };
}

function likeliest(name: string, judged: readonly Judged[], oneColumn: () => Judged): Judged {
  const consistent = judged.filter(({ width, problems }) => width > 1 && problems === 0);
  if (consistent.length > 0) {
    const tabbed = /\.(tsv|tab)$/i.test(name) ? consistent.find(({ dialect }) => dialect.separator === '\t') : undefined;
    return tabbed ?? consistent.reduce((best, next) => ((next.tails - best.tails || next.oddity - best.oddity) < 0 ? next : best));
  }
  // No separator in the first row and hardly one in the others: one text a line, with commas where prose has them.
  if (judged.every(({ width, even, rows }) => width <= 1 && 2 * even >= rows)) return oneColumn();
  // Nothing fits: what fits best, so that the error names the fewest rows.
  const share = ({ width, problems, tails, rows }: Judged): number => (width > 1 ? 0 : 2) + (problems + tails / 2) / Math.max(1, rows);
  return judged.reduce((best, next) => (share(next) < share(best) ? next : best));
}
