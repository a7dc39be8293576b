// From data references to tokenised examples: reads the table, finds the columns, holds a part back where no evaluation data are given.

import { checkRows, checkSplit } from '../data/checks/checks.ts';
import { checkedRows } from '../data/checks/rows.ts';
import { namesBeside } from '../data/choices.ts';
import type { ChosenColumns } from '../data/columns/choose.ts';
import { type TokenizedDataset, type TokenizedExample, tokenizeDataset } from '../data/dataset.ts';
import { type ColumnChoice, type Dataset, type Example, holdOut, labelledRows } from '../data/examples.ts';
import { splitBeginning } from '../data/hub/preview.ts';
import { openSplit } from '../data/hub/split.ts';
import { labelLines, labelsBeside } from '../data/table/labels_beside.ts';
import { openTable } from '../data/table/open.ts';
import { readBeginning, readTable, sampleText, type TableBeginning } from '../data/table/sample.ts';
import { columnIndex, type Table, type TableSource } from '../data/table/table.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Waiting } from '../hub/client.ts';
import { blobSource, openFile } from '../hub/folder.ts';
import { type ColumnReasons, type Columns, columnNames, type DataRef, type NamedColumns } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { knownDataset } from '../protocol/hub_data.ts';
import type { DataPreview, DataProgress, DataWarning } from '../protocol/messages.ts';
import type { Reading } from '../protocol/reading.ts';
import { taskNamed } from '../tasks/registry.ts';
import type { Encoding, Task } from '../tasks/task.ts';
import type { Host } from './host.ts';

/** Share of the data that is held back for evaluation where there are no evaluation data. */
export const heldBackShare = 0.1;
const previewRows = 12;

interface OpenData {
  readonly source: TableSource;
  /** The same rows for ever: a split of the hub at its commit. */
  readonly pinned: DataRef;
}

/** The file's table, opened: its columns are known, its rows unread. Errors: those of its format, and of the hub. */
export async function openData(data: DataRef, host: Host, waiting?: Waiting): Promise<OpenData> {
  if (data.kind === 'file') {
    const table = await openTable(blobSource(data.name, data.blob), data);
    const labels = data.labels && (await openTable(blobSource(data.labels.name, data.labels.blob), labelLines));
    return { source: labels ? await labelsBeside(table, labels) : table, pinned: data };
  }
  if (data.kind === 'hub') {
    const { source, pinned } = await openSplit(host.hub, data, waiting);
    return { source, pinned: { ...data, ...pinned } };
  }
  const source = await openFile(await host.bundled('data', data.name), `${data.part}.tsv`);
  return { source: await openTable({ ...source, name: `${data.name}/${data.part}.tsv` }, { header: true }), pinned: data };
}

/** The first rows: of a split of the hub as its server shows them, where it does. */
export async function beginningOf(data: DataRef, host: Host, source?: TableSource): Promise<TableBeginning> {
  if (data.kind === 'hub') return splitBeginning(host.hub, data);
  return readBeginning(source ?? (await openData(data, host)).source);
}

export type OnDataProgress = (progress: DataProgress) => void;

/** Nobody wants to be told of less. */
const TELL_EVERY_MS = 200;

/** How far a file is read, a few times a second; nothing of one that is read sooner. The end is told where there was a beginning. */
export function tellReading(name: string, tell: OnDataProgress | undefined): (done: number, of: number) => void {
  let [told, before] = [false, performance.now()];
  return (done, of) => {
    const now = performance.now();
    if (done < of ? now - before < TELL_EVERY_MS : !told) return;
    [told, before] = [done < of, now];
    tell?.({ work: 'reading', name, done, of });
  };
}

interface ReadRows {
  /** The reference to the very same rows. */
  readonly pinned: DataRef;
  /** Those columns alone that play a part. */
  readonly table: Table;
  /** As they were chosen or guessed, by name or number. */
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
  readonly choice: ColumnChoice;
}

/** Rows in memory; of a file with more than `max_rows` a sample. Columns left out are guessed by `guess` from the first rows. */
export async function readRows(
  data: DataRef,
  host: Host,
  {
    columns: given,
    guess = (table) => taskNamed(undefined).columnsOf(table),
    seed,
    onProgress,
    waiting,
  }: {
    columns?: Columns | undefined;
    guess?(table: Table): ChosenColumns;
    seed?: number;
    onProgress?: OnDataProgress | undefined;
    waiting?: Waiting | undefined;
  } = {},
): Promise<ReadRows> {
  const { source, pinned } = await openData(data, host, waiting);
  const { columns, reasons } = given ? { columns: given, reasons: {} } : guess((await beginningOf(data, host, source)).table);
  const names = source.columns.map(({ name }) => name);
  const indexOf = (column: string): number => {
    const at = columnIndex({ name: source.name, columns: names }, column);
    // One column of answers may hold them as a list.
    if (columns.choices?.length !== 1 || columns.choices[0] !== column) requireTexts(source, at);
    return at;
  };
  const nameOf = (column: string): string => names[indexOf(column)] ?? column;
  const nameOfAny = (column: string | undefined) => (column === undefined ? undefined : nameOf(column));
  const table = await readTable(source, {
    seed,
    onProgress: tellReading(source.name, onProgress),
    maxRows: data.kind === 'bundled' ? undefined : data.max_rows,
    columns: [...new Set([...columnNames(columns).map(indexOf), ...besideChoices(columns.choices?.map(nameOf), names)])].sort(
      (a, b) => a - b,
    ),
  });
  const choice = {
    textColumn: nameOf(columns.text),
    textPairColumn: nameOfAny(columns.text_pair),
    labelColumn: nameOfAny(columns.label),
    choiceColumns: columns.choices?.map(nameOf),
    targetColumn: nameOfAny(columns.target),
  };
  return { table: labelledRows(table, choice.labelColumn), columns, reasons, choice, pinned };
}

/** Where the names of the answers stand beside the answers. */
function besideChoices(choices: readonly string[] = [], names: readonly string[]): number[] {
  const at = choices.length === 1 ? names.indexOf(namesBeside(choices[0] ?? '') ?? '') : -1;
  return at < 0 ? [] : [at];
}

/** Error `not-texts`: the column holds lists, objects or bytes. */
export function requireTexts({ name, columns }: TableSource, at: number): void {
  const column = columns[at];
  if (column === undefined || !['list', 'object', 'bytes'].includes(column.kind)) return;
  throw new RetraceError({
    code: 'not-texts',
    message: `Column "${column.name}" of ${name} holds ${column.is}, which can be neither texts nor labels.`,
    where: `${name}, column "${column.name}"`,
    remedy: 'Choose another column.',
  });
}

/** Of a table that does not say how it was read. */
const unread: Reading = { format: 'delimited', header: true, said: '' };

export async function previewOf(data: DataRef, named: NamedColumns | undefined, host: Host, task?: string): Promise<DataPreview> {
  const chosen = taskNamed(task);
  const { table, rows, counted } = await beginningOf(chosen.reads?.(data) ?? data, host);
  const { columns: guess, reasons } = chosen.columnsOf(table, named);
  return {
    name: table.name,
    columns: table.columns,
    kinds: (table.kinds ?? []).map(({ kind, is }) => ({ kind, is })),
    header: table.header,
    reading: table.reading ?? unread,
    notes: table.notes ?? [],
    rows,
    rows_counted: counted,
    sample: table.rows.slice(0, previewRows),
    guess,
    reasons,
  };
}

interface Lengths {
  readonly max_length: number;
  /** Tokens that a decoder writes at most; left out: as many. */
  readonly max_target_length?: number;
  /** Whether the model writes with another stack than that which reads; left out: it does not. */
  readonly decoder?: boolean;
  /** Whether texts are joined and cut into rows of one length, in tasks of texts alone; left out: they are. */
  readonly packing?: boolean | undefined;
}

export interface DataRequest extends Lengths {
  readonly task?: string | undefined;
  readonly data: DataRef;
  readonly eval_data?: DataRef | undefined;
  readonly more_eval_data?: Readonly<Record<string, DataRef>> | undefined;
  readonly columns?: Columns | undefined;
  readonly seed: number;
}

export interface RunData {
  readonly task: Task;
  /** References to the very rows that were read. */
  readonly from: { readonly data: DataRef; readonly eval_data?: DataRef; readonly more_eval_data?: Readonly<Record<string, DataRef>> };
  readonly train: TokenizedDataset;
  readonly evaluation: TokenizedDataset;
  /** Further sets to evaluate with, by name. */
  readonly more: ReadonlyMap<string, TokenizedDataset>;
  readonly texts: Dataset['examples'];
  readonly labels: readonly string[];
  readonly columns: Columns;
  readonly heldBack: boolean;
  /** Rows of the training file, where they are more than were taken. */
  readonly sampledFrom: number | undefined;
  readonly reading: readonly string[];
  /** What looks wrong with them. */
  readonly warnings: readonly DataWarning[];
}

/** A file beside another has a header where the other has one, unless it is said. */
const likewise = (data: DataRef, { header }: Table): DataRef => (data.kind === 'file' ? { header, ...data } : data);

/** How a file was read, in sentences; nobody chose how the bundled data are. */
function readingOf(table: Table, data: DataRef): string[] {
  if (data.kind === 'bundled') return [];
  const { name, reading, notes = [] } = table;
  return [...(reading ? [`${name}: ${reading.said}`] : []), ...sampleText(table), ...notes];
}

/** Where the examples of a part stand in the whole. */
function placesOf(part: Dataset, whole: Dataset): ReadonlySet<number> {
  const held = new Set(part.examples);
  const places = new Set<number>();
  whole.examples.forEach((example, place) => {
    if (held.has(example)) places.add(place);
  });
  return places;
}

/** A part to train on and a part to evaluate with. Where none can be held back, the error says what is wrong with the data, if anything is. */
function heldOut(whole: Dataset, seed: number, [why]: readonly DataWarning[]): { readonly train: Dataset; readonly held: Dataset } {
  try {
    return holdOut(whole, heldBackShare, seed);
  } catch (thrown) {
    if (!(thrown instanceof RetraceError) || why === undefined) throw thrown;
    throw new RetraceError({ ...thrown.toReport(), message: `${thrown.message} ${why.message}`, remedy: why.remedy });
  }
}

/** Nobody is to mend what comes with Retrace; it is said what is in it all the same. */
const asPublished = (warnings: readonly DataWarning[], data: DataRef): readonly DataWarning[] =>
  data.kind === 'file'
    ? warnings
    : warnings.map((warning) => ({ ...warning, remedy: 'Nothing has to be done: these are the data as their authors published them.' }));

/** Of tasks that learn labels; any texts can be written. */
const labelsOf = { class: 'classes', number: 'numbers', choice: "choices among each question's own answers" } as const;

/** Error `other-task`, of a data set that is known to hold what another task learns. */
function requireFitting(data: DataRef, task: Task): void {
  const known = data.kind === 'hub' ? knownDataset(data.id, data.config) : undefined;
  if (known === undefined || !(task.learns in labelsOf)) return;
  const learns = known.columns.choices !== undefined ? 'choice' : known.classes.length === 0 ? 'number' : 'class';
  if (task.learns === learns) return;
  throw new RetraceError({
    code: 'other-task',
    message: `The labels of ${known.title} (${known.id}/${known.config}) are ${labelsOf[learns]}, and the task is ${task.name}.`,
    where: data.name,
    remedy: `Choose the task ${known.task}.`,
  });
}

/** How a task makes rows of examples. */
function encodingFor(
  task: Task,
  tokenizer: Tokenizer,
  { max_length: maxLength, max_target_length = maxLength, decoder = false, packing = true }: Lengths,
  purpose: Encoding['purpose'],
) {
  const encoding = { max_length: maxLength, max_target_length, purpose, decoder, packing };
  return {
    maxLength,
    encode: (example: Example) => task.encode(example, tokenizer, encoding),
    gather: (examples: readonly TokenizedExample[]) => task.gathered?.(examples, tokenizer, encoding) ?? examples,
  };
}

/** Training and evaluation examples, tokenised. `onProgress` hears of both: bytes of each file, then examples of both parts. */
export async function loadData(
  request: DataRequest,
  tokenizer: Tokenizer,
  host: Host,
  onProgress?: OnDataProgress,
  waiting?: Waiting,
): Promise<RunData> {
  const { seed } = request;
  const task = taskNamed(request.task);
  requireFitting(request.data, task);
  const { table, columns, choice, pinned } = await readRows(task.reads?.(request.data) ?? request.data, host, {
    ...{ columns: request.columns, guess: task.columnsOf, seed, onProgress, waiting },
  });
  const whole = task.examplesOf(table, choice);
  const evaluation =
    request.eval_data &&
    (await readRows(likewise(task.reads?.(request.eval_data) ?? request.eval_data, table), host, { columns, seed, onProgress, waiting }));
  const given = evaluation && task.examplesOf(evaluation.table, evaluation.choice, whole.labels);
  const checked = checkedRows(table, choice);
  const own = checkRows(checked, task.checks.rows);
  const parts = given ? { train: whole, held: given } : heldOut(whole, seed, own);
  const other = evaluation ? { given: checkedRows(evaluation.table, evaluation.choice) } : { held: placesOf(parts.held, whole) };
  const [name, of] = [table.name, parts.train.examples.length + parts.held.examples.length];
  const tokenize = (part: Dataset, purpose: Encoding['purpose'], before: number) =>
    tokenizeDataset(part, tokenizer, {
      ...encodingFor(task, tokenizer, request, purpose),
      onProgress: (done) => onProgress?.({ work: 'tokenising', name, done: before + done, of }),
    });
  const more = new Map<string, TokenizedDataset>();
  const pinnedMore: Record<string, DataRef> = {};
  for (const [set, data] of Object.entries(request.more_eval_data ?? {})) {
    const rows = await readRows(likewise(task.reads?.(data) ?? data, table), host, { columns, seed, onProgress, waiting });
    const examples = task.examplesOf(rows.table, rows.choice, whole.labels);
    more.set(set, await tokenizeDataset(examples, tokenizer, encodingFor(task, tokenizer, request, 'evaluation')));
    pinnedMore[set] = rows.pinned;
  }
  return {
    task,
    from: {
      data: pinned,
      ...(evaluation ? { eval_data: evaluation.pinned } : {}),
      ...(more.size > 0 ? { more_eval_data: pinnedMore } : {}),
    },
    more,
    train: await tokenize(parts.train, 'training', 0),
    evaluation: await tokenize(parts.held, 'evaluation', parts.train.examples.length),
    texts: parts.held.examples,
    labels: whole.labels,
    columns,
    heldBack: !given,
    sampledFrom: table.sampledFrom,
    reading: [
      ...readingOf(table, request.data),
      ...(evaluation && request.eval_data ? readingOf(evaluation.table, request.eval_data) : []),
    ],
    warnings: [...(tokenizer.warnings ?? []), ...asPublished([...own, ...checkSplit(checked, other, task.checks.split)], request.data)],
  };
}

/** Examples for a model whose labels and length are settled. */
export async function loadEvaluation(
  request: {
    readonly task: Task;
    readonly data: DataRef;
    readonly columns?: NamedColumns | undefined;
    readonly labels: readonly string[];
  } & Lengths,
  tokenizer: Tokenizer,
  host: Host,
  onProgress?: OnDataProgress,
): Promise<ChosenColumns & { dataset: TokenizedDataset; reading: readonly string[] }> {
  const { task } = request;
  const guess = (table: Table) => task.columnsOf(table, request.columns, request.labels);
  const { table, columns, reasons, choice } = await readRows(task.reads?.(request.data) ?? request.data, host, { guess, onProgress });
  const examples = task.examplesOf(table, choice, request.labels);
  const dataset = await tokenizeDataset(examples, tokenizer, encodingFor(task, tokenizer, request, 'evaluation'));
  return { columns, reasons, dataset, reading: readingOf(table, request.data) };
}
