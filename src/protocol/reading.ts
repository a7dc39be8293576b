// How a file of rows is read: what people may set, and what was found. Plain data; the readers are src/data/table.
// Invariant: a setting that is left out is found out from the file itself, and what was found is said in a `Reading`.

import * as v from 'valibot';

/** `latin1` is ISO-8859-1, byte = code point, as Python has it; `windows-1252` is what Excel calls ANSI. */
export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin1'] as const;
export type Encoding = (typeof encodings)[number];

/** Rows that a table holds at most unless `max_rows` says otherwise; of more a sample is drawn. Tokenised they take some hundred megabytes. */
export const defaultMaxRows = 200_000;

const character = (what: string) =>
  v.pipe(
    v.string(),
    v.check((value) => value.length <= 1 && !/[\r\n\0]/.test(value), `${what} is one character, or none`),
  );

/** Fields of a data reference that say how to read it. */
export const readingSettings = {
  /** False where the first row is data. */
  header: v.optional(v.boolean()),
  /** Between two cells; '' where there is one column. */
  separator: v.optional(character('the separator')),
  /** Round a cell that holds a separator or a line break; '' where a quote is a character like any other. */
  quote: v.optional(character('the quote')),
  encoding: v.optional(v.picklist(encodings)),
  max_rows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000))),
  /** What is done about pictures that can't be decoded. */
  broken_pictures: v.optional(v.picklist(['refuse', 'skip'])),
};
const settings = v.object(readingSettings);
export type ReadingSettings = Readonly<v.InferOutput<typeof settings>>;

/** The file of labels that is read beside one of rows: `train-labels.lst` beside `train.jsonl`. */
export const labelsFileOf = (name: string): string => `${name.replace(/\.[^./\\]*$/, '')}-labels.lst`;

/** Whether a file is a picture of a kind that is read, by what it is called alone. */
export const isCalledPicture = (path: string): boolean => /\.(?:jpe?g|jfif|png|webp|gif)$/i.test(path);

export const tableFormats = ['delimited', 'json', 'json-lines', 'parquet', 'pictures'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** How a file was read. */
export interface Reading {
  readonly format: TableFormat;
  readonly header: boolean;
  readonly encoding?: Encoding;
  readonly separator?: string;
  readonly quote?: string;
  /** All of this as a sentence for people. */
  readonly said: string;
}

/** What stands in a column's cells. Only `text`, `number` and `boolean` can be a text or a label; cells of `image` name pictures. */
export const columnKinds = ['text', 'number', 'boolean', 'empty', 'list', 'object', 'bytes', 'image'] as const;
export type ColumnKind = (typeof columnKinds)[number];
