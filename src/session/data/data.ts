// From data references to tokenised examples: rows become examples of a task, a part of them is held back where no evaluation data are given. Not here: how
// rows are read (rows.ts).

import { checkRows, checkSplit } from '../../data/checks/checks.ts';
import { checkPictures, pictureRows } from '../../data/checks/pictures.ts';
import { checkedRows } from '../../data/checks/rows.ts';
import type { ChosenColumns } from '../../data/columns/choose.ts';
import { type TokenizedDataset, type TokenizedExample, tokenizeDataset } from '../../data/dataset.ts';
import { type Dataset, type Example, holdOut, keeping } from '../../data/examples.ts';
import { sampleText } from '../../data/table/sample.ts';
import type { Table } from '../../data/table/table.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Waiting } from '../../hub/client.ts';
import type { Columns, DataRef, NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { knownDataset } from '../../protocol/hub_data.ts';
import type { DataWarning } from '../../protocol/messages.ts';
import { taskNamed } from '../../tasks/registry.ts';
import type { Encoding, Task } from '../../tasks/task.ts';
import type { Host } from '../host.ts';
import { readable } from '../pictures/readable.ts';
import type { PictureReader } from '../pictures/reader.ts';
import { type OnDataProgress, type ReadRows, readRows } from './rows.ts';

/** Share of the data that is held back for evaluation where there are no evaluation data. */
export const heldBackShare = 0.1;
interface Lengths {
  readonly max_length: number;
  /** Tokens that a decoder writes at most; left out: as many. */
  readonly max_target_length?: number;
  /** Whether the model writes with another stack than that which reads; left out: it does not. */
  readonly decoder?: boolean;
  /** Whether texts are joined and cut into rows of one length, in tasks of texts alone; left out: they are. */
  readonly packing?: boolean | undefined;
}

/** What reads pictures, of a model that looks at them. */
interface Reads {
  readonly pictures?: PictureReader | undefined;
}

export interface DataRequest extends Lengths, Reads {
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

/** How a file was read, in sentences; nobody chose how the bundled data are. */
function readingOf(table: Table, data: DataRef): string[] {
  if (data.kind === 'bundled') return [];
  const { name, reading, notes = [] } = table;
  return [...(reading ? [`${name}: ${reading.said}`] : []), ...sampleText(table), ...notes];
}

/** The task's examples of a table; of pictures, those that can be read. */
async function examplesOf(
  task: Task,
  { table, choice }: Pick<ReadRows, 'table' | 'choice'>,
  data: DataRef,
  known: readonly string[] | undefined,
  { pictures, onProgress }: Reads & { readonly onProgress?: OnDataProgress | undefined },
) {
  const all = task.examplesOf(table, choice, known);
  if (pictures === undefined) return { dataset: all, table, notes: [] };
  const { name } = table;
  const broken = 'broken_pictures' in data ? data.broken_pictures : undefined;
  const { dataset, notes } = await readable(all, pictures, {
    ...{ name, broken: broken ?? 'refuse' },
    onProgress: (done, of) => onProgress?.({ work: 'decoding', name, done, of }),
  });
  const stay = new Set(dataset.examples);
  const rows = all.examples.map((example) => stay.has(example));
  return { dataset, table: keeping(table, rows), notes };
}

/** What looks wrong with the pictures themselves; nothing of texts. */
async function pictureWarnings(
  { table, choice }: Pick<ReadRows, 'table' | 'choice'>,
  other: { readonly given: Pick<ReadRows, 'table' | 'choice'> } | { readonly held: ReadonlySet<number> },
): Promise<readonly DataWarning[]> {
  const rowsOf = (read: Pick<ReadRows, 'table' | 'choice'>) =>
    pictureRows(read.table, read.choice.textColumn, read.choice.labelColumn ?? '');
  if (table.pictures === undefined) return [];
  return checkPictures(rowsOf({ table, choice }), 'given' in other ? { given: rowsOf(other.given) } : other);
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
  data.kind === 'file' || data.kind === 'pictures'
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
  const { seed, pictures } = request;
  const task = taskNamed(request.task, pictures === undefined ? 'text' : 'image');
  requireFitting(request.data, task);
  const rows = await readRows(task, request.data, host, { columns: request.columns, seed, onProgress, waiting });
  const { columns, choice, pinned } = rows;
  const reads = { pictures, onProgress };
  const { dataset: whole, table, notes } = await examplesOf(task, rows, request.data, undefined, reads);
  const evaluation =
    request.eval_data && (await readRows(task, request.eval_data, host, { beside: rows.table, columns, seed, onProgress, waiting }));
  const read = evaluation && request.eval_data && (await examplesOf(task, evaluation, request.eval_data, whole.labels, reads));
  const given = read?.dataset;
  const checked = checkedRows(table, choice);
  const own = checkRows(checked, task.checks.rows);
  const parts = given ? { train: whole, held: given } : heldOut(whole, seed, own);
  const held = placesOf(parts.held, whole);
  const other = evaluation ? { given: checkedRows(evaluation.table, evaluation.choice) } : { held };
  const ofPictures = await pictureWarnings(
    { table, choice },
    read && evaluation ? { given: { ...evaluation, table: read.table } } : { held },
  );
  const [name, of] = [table.name, parts.train.examples.length + parts.held.examples.length];
  const tokenize = (part: Dataset, purpose: Encoding['purpose'], before: number) =>
    tokenizeDataset(part, tokenizer, {
      ...encodingFor(task, tokenizer, request, purpose),
      // A picture has no words to look up.
      ...(pictures === undefined
        ? { onProgress: (done: number) => onProgress?.({ work: 'tokenising', name, done: before + done, of }) }
        : {}),
    });
  const more = new Map<string, TokenizedDataset>();
  const pinnedMore: Record<string, DataRef> = {};
  for (const [set, data] of Object.entries(request.more_eval_data ?? {})) {
    const further = await readRows(task, data, host, { beside: table, columns, seed, onProgress, waiting });
    const { dataset } = await examplesOf(task, further, data, whole.labels, reads);
    more.set(set, await tokenizeDataset(dataset, tokenizer, encodingFor(task, tokenizer, request, 'evaluation')));
    pinnedMore[set] = further.pinned;
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
      ...[...notes, ...(read?.notes ?? []), ...(pictures?.notes ?? [])],
    ],
    warnings: [
      ...(tokenizer.warnings ?? []),
      ...asPublished([...ofPictures, ...own, ...checkSplit(checked, other, task.checks.split)], request.data),
    ],
  };
}

/** Examples for a model whose labels and length are settled. */
export async function loadEvaluation(
  request: {
    readonly task: Task;
    readonly data: DataRef;
    readonly columns?: NamedColumns | undefined;
    readonly labels: readonly string[];
  } & Lengths &
    Reads,
  tokenizer: Tokenizer,
  host: Host,
  onProgress?: OnDataProgress,
): Promise<ChosenColumns & { dataset: TokenizedDataset; reading: readonly string[] }> {
  const { task } = request;
  const guess = (table: Table) => task.columnsOf(table, request.columns, request.labels);
  const rows = await readRows(task, request.data, host, { guess, onProgress });
  const { dataset: examples, notes } = await examplesOf(task, rows, request.data, request.labels, { ...request, onProgress });
  const dataset = await tokenizeDataset(examples, tokenizer, encodingFor(task, tokenizer, request, 'evaluation'));
  const { columns, reasons, table } = rows;
  return { columns, reasons, dataset, reading: [...readingOf(table, request.data), ...notes] };
}
