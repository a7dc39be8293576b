// From data references to tokenised examples: reads the table, finds the columns, holds a part back where no evaluation data are given.

import { chooseBuckets } from '../data/batches.ts';
import { guessColumns } from '../data/columns/guess.ts';
import { type TokenizedDataset, tokenizeDataset } from '../data/dataset.ts';
import { type Dataset, holdOut, toExamples } from '../data/examples.ts';
import { parseTable, type Table } from '../data/table.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { openFile } from '../hub/folder.ts';
import type { ColumnReasons, Columns, DataRef, NamedColumns } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { DataPreview, DataReport } from '../protocol/messages.ts';
import type { Host } from './host.ts';

/** Share of the data that is held back for evaluation where there are no evaluation data. */
export const heldBackShare = 0.1;
const previewRows = 12;

async function readBytes(data: DataRef, host: Host): Promise<Uint8Array> {
  if (data.kind === 'file') return new Uint8Array(await data.blob.arrayBuffer());
  const source = await openFile(await host.bundled('data', data.name), `${data.part}.tsv`);
  return source.read(0, source.size);
}

export async function readTable(data: DataRef, host: Host): Promise<Table> {
  const name = data.kind === 'bundled' ? `${data.name}/${data.part}.tsv` : data.name;
  return parseTable(name, await readBytes(data, host), { header: data.kind === 'bundled' || (data.header ?? true) });
}

export interface ChosenColumns {
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
}

/** The columns' roles: those named, the rest guessed, with the reasons. Errors: `no-label-column`, `missing-column`. */
export function columnsOf(table: Table, named?: NamedColumns): ChosenColumns {
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

/** As guessed, but a label column that isn't named is one whose values are all among `labels`, where there is one. */
export function columnsFor(table: Table, labels: readonly string[], named?: NamedColumns): ChosenColumns {
  const guess = columnsOf(table, named);
  if (named?.label !== undefined) return guess;
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

export async function previewOf(data: DataRef, named: NamedColumns | undefined, host: Host): Promise<DataPreview> {
  const table = await readTable(data, host);
  const { columns: guess, reasons } = columnsOf(table, named);
  return {
    name: table.name,
    columns: table.columns,
    header: table.header,
    rows: table.rows.length,
    sample: table.rows.slice(0, previewRows),
    guess,
    reasons,
  };
}

export interface DataRequest {
  readonly data: DataRef;
  readonly eval_data?: DataRef | undefined;
  readonly columns?: Columns | undefined;
  readonly max_length: number;
  readonly seed: number;
}

export interface RunData {
  readonly train: TokenizedDataset;
  readonly evaluation: TokenizedDataset;
  readonly texts: Dataset['examples'];
  readonly labels: readonly string[];
  readonly columns: Columns;
  readonly heldBack: boolean;
}

const choiceOf = ({ text, text_pair, label }: Columns) => ({ textColumn: text, textPairColumn: text_pair, labelColumn: label });

/** Training and evaluation examples, tokenised. `onProgress` counts examples of both. */
export async function loadData(
  request: DataRequest,
  tokenizer: Tokenizer,
  host: Host,
  onProgress?: (done: number, of: number) => void,
): Promise<RunData> {
  const table = await readTable(request.data, host);
  const columns = request.columns ?? columnsOf(table).columns;
  const whole = toExamples(table, choiceOf(columns));
  const given = request.eval_data && toExamples(await readTable(request.eval_data, host), choiceOf(columns), whole.labels);
  const parts = given ? { train: whole, held: given } : holdOut(whole, heldBackShare, request.seed);
  const of = parts.train.examples.length + parts.held.examples.length;
  const tokenize = (part: Dataset, before: number) =>
    tokenizeDataset(part, tokenizer, { maxLength: request.max_length, onProgress: (done) => onProgress?.(before + done, of) });
  return {
    train: await tokenize(parts.train, 0),
    evaluation: await tokenize(parts.held, parts.train.examples.length),
    texts: parts.held.examples,
    labels: whole.labels,
    columns,
    heldBack: !given,
  };
}

/** Examples for a model whose labels and length are settled. */
export async function loadEvaluation(
  request: {
    readonly data: DataRef;
    readonly columns?: NamedColumns | undefined;
    readonly labels: readonly string[];
    readonly max_length: number;
  },
  tokenizer: Tokenizer,
  host: Host,
): Promise<ChosenColumns & { dataset: TokenizedDataset }> {
  const table = await readTable(request.data, host);
  const { columns, reasons } = columnsFor(table, request.labels, request.columns);
  const examples = toExamples(table, choiceOf(columns), request.labels);
  return { columns, reasons, dataset: await tokenizeDataset(examples, tokenizer, { maxLength: request.max_length }) };
}

/** Padded lengths of a run over these data. */
export const bucketsOf = (train: TokenizedDataset, evaluation: TokenizedDataset): number[] =>
  chooseBuckets(Uint32Array.from([...train.lengths, ...evaluation.lengths]), { maxLength: train.maxLength });

export function reportData({ train, evaluation, labels, heldBack }: RunData): DataReport {
  const lengths: number[] = [];
  for (const length of train.lengths) lengths[length] = (lengths[length] ?? 0) + 1;
  return {
    labels,
    train: { examples: train.examples.length, per_label: train.classCounts },
    evaluation: { examples: evaluation.examples.length, per_label: evaluation.classCounts, held_back: heldBack },
    lengths: Array.from(lengths, (count) => count ?? 0),
    truncated: train.truncated + evaluation.truncated,
    max_length: train.maxLength,
    buckets: bucketsOf(train, evaluation),
  };
}
