// CSV, TSV and their kin as a table, opened by the beginning of its text: dialect, header, columns and what people are told of them; then the rows,
// piece by piece (delimited_rows.ts). Invariant: a file is read again in another way only where its rows contradict the first one.

import type { ByteSource } from '../../formats/bytes.ts';
import type { Reading, ReadingSettings } from '../../protocol/reading.ts';
import { guessHeader, type HeaderGuess } from '../columns/header.ts';
import { DelimitedRows, type Tails } from './delimited_rows.ts';
import { type DialectFound, findDialect } from './dialect.ts';
import { type EncodingFound, type TextBeginning, textPieces } from './encoding.ts';
import { kindOfTexts } from './kinds.ts';
import { emptyTable, headerAlone, type Row, type RowBatch, type RowRequest, type TableSource } from './table.ts';

const SEPARATOR_NAMES: Readonly<Record<string, string>> = { '\t': 'tabs', ',': 'commas', ';': 'semicolons', '|': 'bars', ' ': 'spaces' };

function sentence(
  dialect: DialectFound,
  { encoding, mark }: EncodingFound,
  lineEnds: readonly string[],
  { header, reason }: HeaderGuess,
): string {
  const { separator, quote, separatorFrom } = dialect;
  const from = separatorFrom === 'sep line' ? ' (its sep= line says so)' : '';
  const encodingName = {
    'utf-8': 'UTF-8',
    'utf-16le': 'UTF-16 LE',
    'utf-16be': 'UTF-16 BE',
    'windows-1252': 'Windows-1252',
    latin1: 'Latin-1',
  };
  return [
    separator === '' ? 'one column' : `separated by ${SEPARATOR_NAMES[separator] ?? `'${separator}'`}${from}`,
    quote === '' ? 'a quote is a character like any other' : `quoted with ${quote}`,
    `${encodingName[encoding]}${mark > 0 ? ' (byte-order mark)' : ''}`,
    ...(header || reason === '' ? [] : [`the first row is data (${reason})`]),
    ...(lineEnds.length > 1 ? [`lines end in ${lineEnds.slice(0, -1).join(', ')} and ${lineEnds.at(-1)}`] : []),
  ].join(', ');
}

/** What the beginning of a delimited file tells. */
export interface DelimitedBeginning {
  readonly dialect: DialectFound;
  readonly encoding: EncodingFound;
  readonly columns: TableSource['columns'];
  readonly reading: Reading;
}

/** Whether the first row names the columns, by those below it. */
function headerOf(name: string, dialect: DialectFound, text: string): HeaderGuess {
  const [first, ...rows] = new DelimitedRows(name, dialect, false).push(text);
  return guessHeader(
    first?.cells ?? [],
    rows.map(({ cells }) => cells),
  );
}

/** Undefined where a sample ends within the first row, or within the header. Errors: those of `DelimitedRows`, and `empty-table`. */
export function begin(
  name: string,
  text: string,
  encoding: EncodingFound,
  { header: given, ...settings }: ReadingSettings,
  extent: 'whole' | 'sample',
  dialect = findDialect(name, text, { ...settings, whole: extent === 'whole' }),
): DelimitedBeginning | undefined {
  const guess = given === undefined ? headerOf(name, dialect, text) : { header: given, reason: '' };
  const { header } = guess;
  const rows = new DelimitedRows(name, dialect, header);
  const sample = rows.push(text);
  if (extent === 'whole') sample.push(...rows.end());
  const columns = rows.columns();
  if (extent === 'sample' && rows.inFirstRow) return undefined;
  if (columns.length === 0)
    throw emptyTable(name, extent === 'whole' ? 'no rows' : `nothing but blank lines in its first ${text.length} characters`);
  if (sample.length === 0 && extent === 'whole') throw headerAlone(name);
  return {
    dialect,
    encoding,
    columns: columns.map((column, i) => ({ name: column, ...kindOfTexts(sample.map(({ cells }) => cells[i] ?? '')) })),
    reading: {
      format: 'delimited',
      header,
      encoding: encoding.encoding,
      separator: dialect.separator,
      quote: dialect.quote,
      said: sentence(dialect, encoding, rows.lineEnds, guess),
    },
  };
}

interface WayOfReading {
  readonly dialect: DialectFound;
  readonly tails: Tails;
}

/** The likeliest first. */
function waysOfReading(dialect: DialectFound): readonly [WayOfReading, ...WayOfReading[]] {
  const asFound: WayOfReading = { dialect, tails: 'join' };
  if (!dialect.quotesDoubtful) return [asFound];
  return [{ dialect, tails: 'refuse' }, { dialect: { ...dialect, quote: '' }, tails: 'join' }, asFound];
}

/** A delimited file as a table, by the beginning of its text. */
export async function openDelimited(beginning: TextBeginning): Promise<TableSource> {
  const { file, encoding, sample: text, whole, settings } = beginning;
  const extent = whole ? 'whole' : 'sample';
  const found = findDialect(file.name, text, { ...settings, whole });
  const sourceOf = ({ dialect, tails }: WayOfReading, others: readonly WayOfReading[]): TableSource | undefined => {
    const begun = begin(file.name, text, encoding, settings, extent, dialect);
    if (begun === undefined) return undefined;
    const { columns, reading } = begun;
    const [next, ...rest] = others;
    return {
      ...{ name: file.name, size: file.size, columns, reading, header: reading.header },
      rows: (request) => rowsOf(file, new DelimitedRows(file.name, dialect, reading.header, tails), encoding, request),
      ...(next === undefined ? {} : { otherwise: () => sourceOf(next, rest) }),
    };
  };
  const [first, ...others] = whole ? [{ dialect: found, tails: 'join' } as const] : waysOfReading(found);
  // The first row, or the header, is longer than what was looked at.
  return sourceOf(first, others) ?? openDelimited(await beginning.longer());
}

async function* rowsOf(
  file: ByteSource,
  reader: DelimitedRows,
  encoding: EncodingFound,
  { columns, onNote }: RowRequest = {},
): AsyncGenerator<RowBatch> {
  const pick = (rows: Row[]): Row[] =>
    columns === undefined ? rows : rows.map(({ number, cells }) => ({ number, cells: columns.map((i) => cells[i] ?? '') }));
  for await (const { text, bytesRead } of textPieces(file, encoding)) yield { rows: pick(reader.push(text)), bytesRead };
  yield { rows: pick(reader.end()), bytesRead: file.size };
  for (const note of reader.notes()) onNote?.(note);
}
