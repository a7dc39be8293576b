// Parquet as a table, by hyparquet: only the columns that are wanted are fetched and decoded, flat ones a few pages at a time (parquet_column.ts),
// others by row groups. Loaded only when there is such a file. Invariant: sizes and counts in the file meet their bounds (parquet_guard.ts) before anything is made of them.

import { type AsyncBuffer, type FileMetaData, type ParquetScan, parquetMetadataAsync, parquetScan, type RowGroup } from 'hyparquet';
import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { joinedReads } from './joined_reads.ts';
import { cellText, type ParquetColumn, parsers } from './parquet_cells.ts';
import { type Decoding, FlatColumn } from './parquet_column.ts';
import { badParquet, boundedCompressors, checkChunk, checked, checkMetadata, footerLength, PageCheck, rangeOf } from './parquet_guard.ts';
import { type ClassNames, isDescribed, parquetColumns, withoutDecimals } from './parquet_schema.ts';
import { cellTooLarge, emptyTable, MAX_CELL, MAX_COLUMNS, type Row, type RowBatch, type RowRequest, type TableSource } from './table.ts';

/** Rows made at a time. */
const BATCH = 4096;

export interface ParquetOptions {
  /** Names of classes by column, where the file itself has none. */
  readonly classes?: ClassNames | undefined;
  /** Each read is a request: few long ones are made of many short ones. */
  readonly reads?: 'requests' | undefined;
}

/** What some columns of a row group take. */
export interface GroupSize {
  readonly rows: number;
  /** Bytes in the file. */
  readonly bytes: number;
  /** Bytes once unpacked: at least the characters of texts that are not repeated. */
  readonly unpacked: number;
}

export interface GroupRequest extends RowRequest {
  /** Row groups wanted, by their numbers from 0; left out: all. */
  readonly groups?: ReadonlySet<number>;
}

export interface ParquetTable extends TableSource {
  readonly rowCount: number;
  /** Whether its metadata describe its columns as the datasets library does, names of classes among them. */
  readonly described: boolean;
  /** Its row groups, seen by the columns that are wanted. */
  groups(columns?: readonly number[]): GroupSize[];
  rows(request?: GroupRequest): AsyncIterable<RowBatch>;
}

/** Errors: `bad-parquet`, `too-many-columns`, `empty-table`. */
export async function openParquet(file: ByteSource, { classes, reads }: ParquetOptions = {}): Promise<ParquetTable> {
  const initialFetchSize = 8 + (await footerLength(file));
  const metadata = await guarded(file, () => parquetMetadataAsync(bufferOf(file), { initialFetchSize }));
  checkMetadata(file, metadata);
  const columns = await guarded(file, async () => parquetColumns(metadata, classes));
  if (columns.length > MAX_COLUMNS) {
    throw new RetraceError({
      code: 'too-many-columns',
      message: `${file.name} has ${columns.length} columns; at most ${MAX_COLUMNS} are read.`,
      where: file.name,
      remedy: 'Keep the columns of the texts and labels alone.',
    });
  }
  const rowCount = Number(metadata.num_rows);
  if (rowCount === 0 || columns.length === 0) throw emptyTable(file.name, 'no rows');
  const codecs = new Set(metadata.row_groups.flatMap((group) => group.columns.map(({ meta_data }) => meta_data?.codec ?? '')));
  const named = columns.filter((column) => column.classes !== undefined);
  const note = named.map(
    ({ name, classes: names = [] }) =>
      `"${name}" holds numbers, which are read as the names that the ${classes?.has(name) ? 'data set' : 'file'} gives its classes (0: ${names[0]}).`,
  );
  return {
    ...{ name: file.name, size: file.size, columns, header: true, rowCount, described: isDescribed(metadata) },
    reading: {
      format: 'parquet',
      header: true,
      said: `${metadata.row_groups.length === 1 ? '1 row group' : `${metadata.row_groups.length} row groups`}, ${[...codecs].join(' and ').toLowerCase()}`,
    },
    groups: (wanted) => groupSizes(metadata, topsOf(columns, wanted)),
    rows: (request = {}) => {
      const ranges = chunksOf(metadata, topsOf(columns, request.columns), request.groups).map(rangeOf);
      const source = reads === 'requests' ? joinedReads(file, ranges) : file;
      return rowsOf(source, withoutDecimals(metadata, columns), columns, note, request);
    },
  };
}

const picked = (columns: readonly ParquetColumn[], wanted: readonly number[] | undefined): readonly ParquetColumn[] =>
  wanted === undefined ? columns : wanted.flatMap((at) => columns[at] ?? []);

/** The columns of the file that those wanted are made of. */
const topsOf = (columns: readonly ParquetColumn[], wanted: readonly number[] | undefined): ReadonlySet<string> =>
  new Set(picked(columns, wanted).flatMap(({ path: [top = ''] }) => [top]));

const chunksIn = ({ columns }: RowGroup, tops: ReadonlySet<string>) =>
  columns.filter(({ meta_data }) => tops.has(meta_data?.path_in_schema[0] ?? ''));

const chunksOf = ({ row_groups }: FileMetaData, tops: ReadonlySet<string>, groups?: ReadonlySet<number>) =>
  row_groups.filter((_, i) => groups?.has(i) ?? true).flatMap((group) => chunksIn(group, tops));

function groupSizes({ row_groups }: FileMetaData, tops: ReadonlySet<string>): GroupSize[] {
  return row_groups.map((group) => {
    const chunks = chunksIn(group, tops).flatMap(({ meta_data }) => meta_data ?? []);
    return {
      rows: Number(group.num_rows),
      bytes: chunks.reduce((sum, chunk) => sum + Number(chunk.total_compressed_size), 0),
      unpacked: chunks.reduce((sum, chunk) => sum + Number(chunk.total_uncompressed_size), 0),
    };
  });
}

const bufferOf = (file: ByteSource): AsyncBuffer => ({
  byteLength: file.size,
  async slice(begin, end = file.size) {
    if (!(begin >= 0 && end >= begin && end <= file.size)) throw new Error(`bytes ${begin} to ${end} are asked for, of ${file.size}`);
    const bytes = await file.read(begin, end);
    return bytes.slice().buffer;
  },
});

/** What the library throws, as an error that says which file. */
async function guarded<T>(file: ByteSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof RetraceError) throw thrown;
    throw badParquet(file, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

async function* rowsOf(
  file: ByteSource,
  metadata: FileMetaData,
  columns: readonly ParquetColumn[],
  notes: readonly string[],
  { columns: wanted, groups, onNote }: GroupRequest,
): AsyncGenerator<RowBatch> {
  const asked = picked(columns, wanted);
  const names = [...topsOf(columns, wanted)];
  const decoding = { compressors: await boundedCompressors(file), parsers, utf8: false };
  const scan = await guarded(file, () =>
    parquetScan({ ...decoding, file: bufferOf(file), metadata, columns: names, useOffsetIndex: false }),
  );
  const all = metadata.row_groups.reduce((sum, { num_rows }, i) => sum + (groups?.has(i) === false ? 0 : Number(num_rows)), 0);
  let [begin, end, read] = [0, 0, 0];
  for (const [i, group] of metadata.row_groups.entries()) {
    begin = end;
    end = begin + Number(group.num_rows);
    if (groups?.has(i) === false) continue;
    const taking = new Map<string, Take>();
    for (const name of end > begin ? names : []) taking.set(name, await takeFrom(file, metadata, group, name, begin, scan, decoding));
    for (let at = begin; at < end; at += BATCH) {
      const count = Math.min(BATCH, end - at);
      const data = new Map<string, ArrayLike<unknown>>();
      for (const [name, take] of taking) data.set(name, await take(count));
      const rows = Array.from({ length: count }, (_, i) =>
        rowOf(file, data, i, at + i + 1, asked, wanted === undefined ? 'describe' : 'refuse'),
      );
      read += rows.length;
      yield { rows, bytesRead: Math.round((file.size * read) / all) };
    }
  }
  for (const note of notes) onNote?.(note);
}

/** The next so many values of a column. */
type Take = (count: number) => Promise<ArrayLike<unknown>>;

/** A flat column comes page by page; one of lists or structs is decoded for the whole row group. */
async function takeFrom(
  file: ByteSource,
  metadata: FileMetaData,
  group: RowGroup,
  name: string,
  rowStart: number,
  scan: ParquetScan,
  decoding: Decoding,
): Promise<Take> {
  for (const chunk of group.columns) {
    const column = chunk.meta_data;
    if (column?.path_in_schema[0] !== name) continue;
    const check = new PageCheck(file, metadata, group, column, decoding.compressors);
    if (check.levels.flat) {
      const pages = new FlatColumn(file, metadata, chunk, column, check, decoding);
      return (count) => checked(file, column, () => pages.take(count));
    }
    await checked(file, column, () => checkChunk(file, chunk, column, check));
  }
  const rowEnd = rowStart + Number(group.num_rows);
  const values = await guarded(file, () => scan.readColumn({ column: name, rowStart, rowEnd }));
  let at = 0;
  return async (count) => {
    at += count;
    return values.slice(at - count, at);
  };
}

function rowOf(
  file: ByteSource,
  data: ReadonlyMap<string, ArrayLike<unknown>>,
  at: number,
  number: number,
  columns: readonly ParquetColumn[],
  bytes: 'refuse' | 'describe',
): Row {
  const cells = columns.map((column) => {
    let cell: string;
    try {
      cell = cellText(data.get(column.path[0] ?? '')?.[at], column, bytes);
    } catch {
      throw badParquet(file, `column "${column.name}" is no UTF-8 text in row ${number}`);
    }
    if (cell.length > MAX_CELL) throw cellTooLarge(file.name, number, '');
    return cell;
  });
  return { number, cells };
}
