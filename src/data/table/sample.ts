// From a table that streams to rows in memory: all of them, a seeded sample where there are more than may be held, or the first few.
// Invariant: the sample depends on the rows' places, the bounds and the seed alone, and a smaller bound gives a part of a larger one's sample.

import { RetraceError } from '../../protocol/errors.ts';
import { defaultMaxRows } from '../../protocol/reading.ts';
import { countText } from '../../protocol/sentences.ts';
import { randomKey, randomU32, siteId } from '../../random/counter.ts';
import { type BytesPlace, KeptPictures } from './kept_pictures.ts';
import { type Column, emptyTable, headerAlone, type Pictures, type Row, type RowBatch, type Table, type TableSource } from './table.ts';

/** Characters that a table holds at most, in the columns that were asked for, unless people say how many rows they want. */
const MAX_CHARACTERS = 64 * 2 ** 20;
/** Bytes of pictures that are taken out of files of rows, likewise; a few row groups more, for groups are taken whole. */
const MAX_PICTURE_BYTES = 2 ** 30;

export interface TableBounds {
  readonly maxRows?: number | undefined;
  readonly maxCharacters?: number | undefined;
  readonly maxPictureBytes?: number | undefined;
  readonly seed?: number | undefined;
  /** Makes a place for pictures that stand in the file itself, where there are any; left out, the table has their names alone. */
  readonly place?: (() => Promise<BytesPlace>) | undefined;
  /** Indices of the columns wanted; left out: all. */
  readonly columns?: readonly number[] | undefined;
  readonly onProgress?: ((bytesRead: number, of: number) => void) | undefined;
}

/** A copy that does not hold on to the piece of text that its cells were cut from (V8 keeps the whole parent of a slice). */
function detached({ number, cells }: Row): Row {
  const packed = [...cells, '\n'].join('');
  let at = 0;
  return {
    number,
    cells: cells.map((cell) => {
      at += cell.length;
      return packed.slice(at - cell.length, at);
    }),
  };
}

/** Keeps the rows with the smallest random numbers: a uniform sample without knowing how many rows will come. */
class Sample {
  readonly #key: number;
  readonly #maxRows: number;
  readonly #maxCharacters: number;
  /** What each kept row drew. */
  #drawn: number[] = [];
  #rows: Row[] = [];
  #characters = 0;
  /** Rows that draw this or more are not kept. */
  #below = 2 ** 32;
  seen = 0;

  constructor(seed: number, maxRows: number, maxCharacters: number) {
    this.#key = randomKey(seed, 0, siteId('data.sample'));
    this.#maxRows = maxRows;
    this.#maxCharacters = maxCharacters;
  }

  /** Beforehand, where it is known how many rows will come: none is then kept for a while that would be dropped for its number. */
  expect(count: number): void {
    if (count <= this.#maxRows) return;
    const drawn = Uint32Array.from({ length: count }, (_, i) => randomU32(this.#key, i)).sort();
    this.#below = drawn[this.#maxRows] ?? this.#below;
  }

  /** Whether it is kept, for the time being. */
  add(row: Row): boolean {
    const drawn = randomU32(this.#key, this.seen++);
    if (drawn >= this.#below) return false;
    this.#drawn.push(drawn);
    this.#rows.push(detached(row));
    this.#characters += charactersOf(row);
    if (this.#rows.length > this.#maxRows * 1.15 + 100 || this.#characters > this.#maxCharacters * 1.15) this.#cut();
    return true;
  }

  #cut(): void {
    let count = Math.min(this.#rows.length, this.#maxRows);
    while (count < this.#rows.length || this.#characters > this.#maxCharacters) {
      if (count === this.#rows.length) count = Math.min(count - 1, Math.floor((count * this.#maxCharacters) / this.#characters));
      // Equal draws stay out together, so that the sample does not depend on when it is cut.
      this.#below = Uint32Array.from(this.#drawn).sort()[count] ?? this.#below;
      let kept = 0;
      for (const [i, drawn] of this.#drawn.entries()) {
        const row = this.#rows[i];
        if (drawn >= this.#below || row === undefined) continue;
        this.#drawn[kept] = drawn;
        this.#rows[kept++] = row;
      }
      this.#drawn.length = kept;
      this.#rows.length = kept;
      this.#characters = this.#rows.reduce((sum, row) => sum + charactersOf(row), 0);
      count = kept;
    }
  }

  rows(): Row[] {
    this.#cut();
    return this.#rows;
  }
}

const charactersOf = ({ cells }: Row): number => cells.reduce((sum, cell) => sum + cell.length, 0);

const pickedOf = (source: TableSource, columns: readonly number[] | undefined): readonly Column[] =>
  columns === undefined ? source.columns : columns.flatMap((i) => source.columns[i] ?? []);

function tableOf(
  source: TableSource,
  rows: readonly Row[],
  columns: readonly number[] | undefined,
  of: number,
  notes: string[],
  pictures: Pictures | undefined = source.pictures,
): Table {
  const picked = pickedOf(source, columns);
  return {
    name: source.name,
    columns: picked.map(({ name }) => name),
    rows: rows.map(({ cells }) => cells),
    rowNumbers: rows.map(({ number }) => number),
    header: source.header,
    kinds: picked,
    reading: source.reading,
    ...(of > rows.length ? { sampledFrom: of } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(pictures === undefined ? {} : { pictures }),
  };
}

/** `read` with the likeliest reading of a file, else with the next; the last one's error where none holds. */
export async function withReading<T>(source: TableSource, read: (source: TableSource) => Promise<T>): Promise<T> {
  try {
    return await read(source);
  } catch (thrown) {
    const other = thrown instanceof RetraceError ? source.otherwise?.() : undefined;
    if (other === undefined) throw thrown;
    return withReading(other, read);
  }
}

const noRows = ({ name, header, columns }: TableSource): RetraceError =>
  header && columns.length > 0 ? headerAlone(name) : emptyTable(name, 'no rows');

/** All rows of one reading, batch by batch, to `take`; gives the notes on them. Error: `empty-table`. */
async function readAll(
  reading: TableSource,
  { columns, onProgress, pictures }: Pick<TableBounds, 'columns' | 'onProgress'> & { readonly pictures?: 'bytes' | undefined },
  take: (rows: readonly Row[]) => void | Promise<void>,
): Promise<string[]> {
  const notes: string[] = [];
  let seen = 0;
  for await (const { rows, bytesRead } of reading.rows({ columns, pictures, onNote: (note) => notes.push(note) })) {
    await take(rows);
    seen += rows.length;
    onProgress?.(bytesRead, reading.size);
  }
  if (seen === 0) throw noRows(reading);
  return notes;
}

/**
 * All rows, or a sample where there are more than the bounds allow, and the pictures that they name. Errors: those of the format, `empty-table`; what the
 * place throws.
 */
export function readTable(source: TableSource, bounds: TableBounds = {}): Promise<Table> {
  const { maxRows = defaultMaxRows, seed = 42, columns, place } = bounds;
  const most = (usual: number): number => (bounds.maxRows === undefined ? usual : Number.POSITIVE_INFINITY);
  const { maxCharacters = most(MAX_CHARACTERS), maxPictureBytes = most(MAX_PICTURE_BYTES) } = bounds;
  return withReading(source, async (reading) => {
    const picked = pickedOf(reading, columns);
    const holdsPictures = reading.pictures === undefined && picked.some(({ kind }) => kind === 'image');
    const kept = holdsPictures && place !== undefined ? new KeptPictures(await place()) : undefined;
    const drawn = await reading.drawn?.({ maxRows, maxCharacters, seed, columns, ...(kept ? { maxPictureBytes } : {}) });
    const from = drawn?.source ?? reading;
    const sample = new Sample(seed, maxRows, maxCharacters);
    if (kept !== undefined && from.rowCount !== undefined) sample.expect(from.rowCount);
    const notes = await readAll(from, { ...bounds, pictures: kept && 'bytes' }, async (rows) => {
      for (const row of rows) if (sample.add(row) && kept !== undefined) await kept.add(row);
    });
    const { rows, pictures } = (await kept?.end(sample.rows(), picked)) ?? { rows: sample.rows(), pictures: undefined };
    const table = tableOf(reading, rows, columns, drawn?.of ?? sample.seen, notes, pictures);
    return drawn === undefined ? table : { ...table, drawnFrom: drawn.from };
  });
}

/** What of the rows was taken, where it is not all; no more than one sentence or two. */
export function sampleText({ name, rows, sampledFrom, drawnFrom }: Table): string[] {
  if (sampledFrom === undefined) return [];
  if (drawnFrom === undefined) return [`Of ${sampledFrom} rows of ${name} a sample of ${rows.length} is taken (--max-rows).`];
  return [
    `${countText(rows.length)} of ${countText(sampledFrom)} rows of ${name} are taken, from ${drawnFrom}, drawn by the seed (--max-rows).`,
    'Rows of one group come together, so this is not a uniform sample.',
  ];
}

/** Files up to this are read to their end for a preview, so that their rows are counted, all looked at, and their faults shown at once. */
const READ_WHOLE = 8 * 2 ** 20;
/** Rows of larger ones: as many as the guess of columns looks at. */
const BEGINNING = 2000;

export interface TableBeginning {
  /** The first rows; of a small file all of them. */
  readonly table: Table;
  /** Rows of the file. */
  readonly rows: number;
  readonly counted: 'exactly' | 'estimated';
}

/** The first rows and how many there are. Errors: those of the format in what was read, `empty-table`. */
export function readBeginning(source: TableSource, readWhole = READ_WHOLE): Promise<TableBeginning> {
  return withReading(source, async (reading) => {
    const kept: Row[] = [];
    const notes: string[] = [];
    let [seen, whole] = [0, true];
    let last: RowBatch = { rows: [], bytesRead: 0 };
    for await (last of reading.rows({ onNote: (note) => notes.push(note) })) {
      seen += last.rows.length;
      const room = reading.size <= readWhole ? last.rows.length : Math.max(0, BEGINNING - kept.length);
      for (const row of last.rows.slice(0, room)) kept.push(detached(row));
      whole = reading.size <= readWhole || kept.length < BEGINNING;
      if (!whole) break;
    }
    if (seen === 0) throw noRows(reading);
    const rows = whole ? seen : (reading.rowCount ?? Math.round((seen * reading.size) / Math.max(1, last.bytesRead)));
    return {
      table: tableOf(reading, kept, undefined, rows, notes),
      rows,
      counted: whole || reading.rowCount !== undefined ? 'exactly' : 'estimated',
    };
  });
}

export interface RowCount {
  /** The reading that holds. */
  readonly source: TableSource;
  readonly count: number;
  readonly notes: readonly string[];
}

/** Reads all rows once, so that a fault shows before anything is done with them. */
export function countRows(source: TableSource, bounds: Pick<TableBounds, 'columns' | 'onProgress'> = {}): Promise<RowCount> {
  return withReading(source, async (reading) => {
    let count = 0;
    const notes = await readAll(reading, bounds, (rows) => {
      count += rows.length;
    });
    return { source: reading, count, notes };
  });
}
