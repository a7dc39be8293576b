// Rows of a data reference: its table opened and begun, its columns found, its rows read into memory. Not here: what becomes of them (data.ts).

import { namesBeside } from '../../data/choices.ts';
import type { ChosenColumns } from '../../data/columns/choose.ts';
import { type ColumnChoice, columnChoice } from '../../data/examples.ts';
import { splitBeginning } from '../../data/hub/preview.ts';
import { openSplit } from '../../data/hub/split.ts';
import { openPictures, partsOf } from '../../data/picture_sets/folder.ts';
import { fileListing, type PictureListing } from '../../data/picture_sets/listing.ts';
import { zipListing } from '../../data/picture_sets/zip.ts';
import { labelLines, labelsBeside } from '../../data/table/labels_beside.ts';
import { openTable } from '../../data/table/open.ts';
import { readBeginning, readTable, type TableBeginning } from '../../data/table/sample.ts';
import { columnIndex, type Table, type TableSource } from '../../data/table/table.ts';
import { isZip } from '../../formats/zip_files.ts';
import type { Waiting } from '../../hub/client.ts';
import { blobSource, openFile } from '../../hub/folder.ts';
import type { Inputs } from '../../protocol/cards.ts';
import { type ColumnReasons, type Columns, columnNames, type DataRef, type NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { DataPreview, DataProgress } from '../../protocol/messages.ts';
import type { Reading } from '../../protocol/reading.ts';
import { taskNamed } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import { type Host, inBlobs } from '../host.ts';
import { previewPictures } from './preview_pictures.ts';

const previewRows = 12;

interface OpenData {
  readonly source: TableSource;
  /** Of a folder or zip of pictures, the parts that it has. */
  readonly parts?: readonly string[];
  /** The same rows for ever: a split of the hub at its commit. */
  readonly pinned: DataRef;
}

export interface Opening {
  /** Of pictures, a file may be a zip of them. Left out: texts. */
  readonly inputs?: Inputs;
  /** To predict of, pictures need no classes. */
  readonly to?: 'learn' | 'predict';
  readonly waiting?: Waiting | undefined;
}

/** A folder or a zip of pictures, listed; undefined of other data. */
async function picturesListed(data: Extract<DataRef, { kind: 'pictures' | 'file' }>, inputs: Inputs): Promise<PictureListing | undefined> {
  if (data.kind === 'pictures') return fileListing(data.files, data.name);
  if (inputs !== 'image') return undefined;
  const { name, blob } = data;
  return isZip(new Uint8Array(await blob.slice(0, 4).arrayBuffer())) ? zipListing(blobSource(name, blob), blob) : undefined;
}

/** The file's table, opened: its columns are known, its rows unread. Errors: those of its format, and of the hub. */
export async function openData(data: DataRef, host: Host, { inputs = 'text', to = 'learn', waiting }: Opening = {}): Promise<OpenData> {
  if (data.kind === 'pictures' || data.kind === 'file') {
    const listing = await picturesListed(data, inputs);
    if (listing !== undefined)
      return { source: await openPictures(listing, { part: data.part, to }), parts: partsOf(listing), pinned: data };
  }
  if (data.kind === 'file') {
    const table = await openTable(blobSource(data.name, data.blob), data);
    const labels = data.labels && (await openTable(blobSource(data.labels.name, data.labels.blob), labelLines));
    return { source: labels ? await labelsBeside(table, labels) : table, pinned: data };
  }
  if (data.kind === 'hub') {
    const { source, pinned } = await openSplit(host.hub, data, waiting);
    return { source, pinned: { ...data, ...pinned } };
  }
  const folder = await host.bundled('data', data.name);
  const pictures = await folder.open(`${data.part}.zip`);
  if (pictures) {
    // Over HTTP each picture would be a request of its own; all of them together are some hundred kilobytes.
    const whole = new Blob([new Uint8Array(await pictures.read(0, pictures.size))]);
    const listing = await zipListing(blobSource(`${data.name}/${data.part}.zip`, whole), whole);
    return { source: await openPictures(listing, { to }), pinned: data };
  }
  const source = await openFile(folder, `${data.part}.tsv`);
  return { source: await openTable({ ...source, name: `${data.name}/${data.part}.tsv` }, { header: true }), pinned: data };
}

/** The first rows: of a split of the hub as its server shows them, where it does. */
export async function beginningOf(data: DataRef, host: Host, source?: TableSource, opening?: Opening): Promise<TableBeginning> {
  if (data.kind === 'hub') return splitBeginning(host.hub, data);
  return readBeginning(source ?? (await openData(data, host, opening)).source);
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

export interface ReadRows {
  /** The reference to the very same rows. */
  readonly pinned: DataRef;
  /** Those columns alone that play a part. */
  readonly table: Table;
  /** As they were chosen or guessed, by name or number. */
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
  readonly choice: ColumnChoice;
}

/** A task's rows in memory; of a file with more than `max_rows` a sample. Columns left out are guessed by `guess` from the first rows. */
export async function readRows(
  task: Task,
  asked: DataRef,
  host: Host,
  {
    beside,
    columns: given,
    guess = task.columnsOf,
    seed,
    onProgress,
    waiting,
  }: {
    /** A file that is read with it: the one has a header where the other has one, unless it is said. */
    beside?: Table;
    columns?: Columns | undefined;
    guess?(table: Table): ChosenColumns;
    seed?: number;
    onProgress?: OnDataProgress | undefined;
    waiting?: Waiting | undefined;
  } = {},
): Promise<ReadRows> {
  const read = task.reads?.(asked) ?? asked;
  const data = beside && read.kind === 'file' ? { header: beside.header, ...read } : read;
  const { source, pinned } = await openData(data, host, { inputs: task.inputs, waiting });
  const { columns, reasons } = given ? { columns: given, reasons: {} } : guess((await beginningOf(data, host, source)).table);
  const { places, choice } = foundColumns(source, columns);
  const named = besideChoices(
    choice.choiceColumns,
    source.columns.map(({ name }) => name),
  );
  const table = await readTable(source, {
    seed,
    onProgress: tellReading(source.name, onProgress),
    maxRows: data.kind === 'bundled' ? undefined : data.max_rows,
    place: async () => host.gathering?.() ?? inBlobs(),
    columns: [...new Set([...places, ...named])].sort((a, b) => a - b),
  });
  return { table: task.rowsOf(table, choice), columns, reasons, choice, pinned };
}

/** Where the columns that play a part stand in a table, and what they are called there. Errors: `missing-column`, `not-texts`. */
export function foundColumns(source: TableSource, columns: Columns): { readonly places: readonly number[]; readonly choice: ColumnChoice } {
  const names = source.columns.map(({ name }) => name);
  const placeOf = (column: string): number => {
    const at = columnIndex({ name: source.name, columns: names }, column);
    // One column of answers may hold them as a list.
    if (column !== columns.image && (columns.choices?.length !== 1 || columns.choices[0] !== column)) requireTexts(source, at);
    return at;
  };
  const nameOf = (column: string): string => names[placeOf(column)] ?? column;
  return { places: [...new Set(columnNames(columns).map(placeOf))], choice: columnChoice(columns, nameOf) };
}

/** Where the names of the answers stand beside the answers. */
function besideChoices(choices: readonly string[] = [], names: readonly string[]): number[] {
  const at = choices.length === 1 ? names.indexOf(namesBeside(choices[0] ?? '') ?? '') : -1;
  return at < 0 ? [] : [at];
}

/** Error `not-texts`: the column holds lists, objects or bytes. */
function requireTexts({ name, columns }: TableSource, at: number): void {
  const column = columns[at];
  if (column === undefined || !['list', 'object', 'bytes', 'image'].includes(column.kind)) return;
  throw new RetraceError({
    code: 'not-texts',
    message: `Column "${column.name}" of ${name} holds ${column.is}, which can be neither texts nor labels.`,
    where: `${name}, column "${column.name}"`,
    remedy: 'Choose another column.',
  });
}

/** Of a table that does not say how it was read. */
const unread: Reading = { format: 'delimited', header: true, said: '' };

/** The task's guess; where answers have names that nobody knows, none, so that their columns can be chosen. */
function guessedColumns(task: Task, table: Table, named: NamedColumns | undefined): ChosenColumns & { readonly notes?: readonly string[] } {
  try {
    return task.columnsOf(table, named);
  } catch (thrown) {
    // A question and two answers at least.
    const nameless = thrown instanceof RetraceError && thrown.code === 'no-choices-column' && table.columns.length >= 3;
    if (!nameless || named !== undefined) throw thrown;
    return { columns: { text: '' }, reasons: {}, notes: [thrown.message] };
  }
}

export async function previewOf(data: DataRef, named: NamedColumns | undefined, host: Host, task?: string): Promise<DataPreview> {
  const chosen = taskNamed(task);
  const read = chosen.reads?.(data) ?? data;
  const opening = { inputs: chosen.inputs };
  // A split of the hub may be shown by its server, and is opened for its pictures alone.
  const opened = read.kind === 'hub' ? undefined : await openData(read, host, opening);
  const { table, rows, counted } = await beginningOf(read, host, opened?.source);
  const { columns: guess, reasons, notes = [] } = guessedColumns(chosen, table, named);
  return {
    name: table.name,
    columns: table.columns,
    kinds: (table.kinds ?? []).map(({ kind, is }) => ({ kind, is })),
    header: table.header,
    reading: table.reading ?? unread,
    notes: [...(table.notes ?? []), ...notes],
    rows,
    rows_counted: counted,
    sample: table.rows.slice(0, previewRows),
    guess,
    reasons,
    ...(chosen.inputs === 'image' ? await picturesOf(opened ?? (await openData(read, host, opening)), guess) : {}),
  };
}

async function picturesOf({ source, parts }: OpenData, columns: Columns): Promise<Pick<DataPreview, 'pictures' | 'parts'>> {
  return { pictures: await previewPictures(source, columns), ...(parts ? { parts } : {}) };
}
