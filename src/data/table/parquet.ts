// Parquet as a table, by hyparquet: only the columns that are wanted are fetched and decoded, flat ones a few pages at a time (parquet_column.ts),
// others by row groups; pictures are rows of their own bytes (parquet_pictures.ts). Loaded only when there is such a file. Invariant: sizes and counts in the file meet their bounds (parquet_guard.ts) before anything is made of them.

import { type AsyncBuffer, type FileMetaData, type ParquetScan, parquetMetadataAsync, parquetScan, type RowGroup } from 'hyparquet';
import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { joinedReads } from './joined_reads.ts';
import { cellText, type ParquetColumn, parsers } from './parquet_cells.ts';
import { type Decoding, FlatColumn } from './parquet_column.ts';
import {
  badParquet,
  boundedCompressors,
  checkChunk,
  checked,
  checkMetadata,
  checkPaths,
  footerLength,
  PageCheck,
  rangeOf,
} from './parquet_guard.ts';
import { keyOf, partsOf, pictureOf } from './parquet_pictures.ts';
import { type ClassNames, isDescribed, parquetColumns, withoutDecimals } from './parquet_schema.ts';
import { cellTooLarge, emptyTable, MAX_CELL, MAX_COLUMNS, type Row, type RowBatch, type RowRequest, type TableSource } from './table.ts';

/** Rows made at a time. */
const BATCH = 4096;
/** Likewise where pictures are among them, which take some hundred kilobytes each. */
const PICTURES_BATCH = 32;

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
  /** Of its pictures, which are no characters; 0 where their bytes are not wanted. */
  readonly pictures: number;
}

export interface GroupRequest extends RowRequest {
  /** Rows of files before this one: pictures without a name have that of their row in all of them together. */
  readonly before?: number | undefined;
  /** Row groups wanted, by their numbers from 0; left out: all. */
  readonly groups?: ReadonlySet<number>;
}

export interface ParquetTable extends TableSource {
  readonly rowCount: number;
  /** Whether its metadata describe its columns as the datasets library does, names of classes among them. */
  readonly described: boolean;
  /** Its row groups, seen by the columns that are wanted, and their pictures where those are. */
  groups(columns?: readonly number[], pictures?: RowRequest['pictures']): GroupSize[];
  rows(request?: GroupRequest): AsyncIterable<RowBatch>;
}

/** Errors: `bad-parquet`, `too-many-columns`, `empty-table`. */
export async function openParquet(file: ByteSource, { classes, reads }: ParquetOptions = {}): Promise<ParquetTable> {
  const initialFetchSize = 8 + (await footerLength(file));
  const metadata = await guarded(file, () => parquetMetadataAsync(bufferOf(file), { initialFetchSize }));
  checkMetadata(file, metadata);
  const columns = await guarded(file, async () => {
    checkPaths(file, metadata);
    return parquetColumns(metadata, classes);
  });
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
    groups: (wanted, pictures) => groupSizes(metadata, picked(columns, wanted), pictures),
    rows: (request = {}) => {
      const parts = partsOf(picked(columns, request.columns), request.pictures);
      const ranges = chunksOf(metadata, parts, request.groups).map(rangeOf);
      const source = reads === 'requests' ? joinedReads(file, ranges) : file;
      return rowsOf(source, withoutDecimals(metadata, columns), columns, note, request);
    },
  };
}

const picked = (columns: readonly ParquetColumn[], wanted: readonly number[] | undefined): readonly ParquetColumn[] =>
  wanted === undefined ? columns : wanted.flatMap((at) => columns[at] ?? []);

type Parts = ReturnType<typeof partsOf>;

const chunksIn = ({ columns }: RowGroup, parts: Parts) =>
  columns.filter(({ meta_data }) => {
    const path = meta_data?.path_in_schema ?? [];
    return parts.has(path[0] ?? '') || parts.has(keyOf(path));
  });

const chunksOf = ({ row_groups }: FileMetaData, parts: Parts, groups?: ReadonlySet<number>) =>
  row_groups.filter((_, i) => groups?.has(i) ?? true).flatMap((group) => chunksIn(group, parts));

function groupSizes({ row_groups }: FileMetaData, columns: readonly ParquetColumn[], pictures: RowRequest['pictures']): GroupSize[] {
  const parts = partsOf(columns, pictures);
  const ofPictures = new Set(columns.flatMap(({ picture }) => (picture === undefined ? [] : [keyOf(picture.bytes)])));
  return row_groups.map((group) => {
    const size = { rows: Number(group.num_rows), bytes: 0, unpacked: 0, pictures: 0 };
    for (const { meta_data } of chunksIn(group, parts)) {
      size.bytes += Number(meta_data?.total_compressed_size ?? 0);
      size[ofPictures.has(keyOf(meta_data?.path_in_schema ?? [])) ? 'pictures' : 'unpacked'] += Number(
        meta_data?.total_uncompressed_size ?? 0,
      );
    }
    return size;
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
  { columns: wanted, groups, before = 0, pictures, onNote }: GroupRequest,
): AsyncGenerator<RowBatch> {
  const asked = picked(columns, wanted);
  const parts = partsOf(asked, pictures);
  const names = [...parts.values()].flatMap((path) => (path.length === 1 ? path : []));
  const withPictures = pictures === 'bytes' && asked.some(({ picture }) => picture !== undefined);
  const batch = withPictures ? PICTURES_BATCH : BATCH;
  const made = { file, asked, before, bytes: wanted === undefined ? ('describe' as const) : ('refuse' as const), withPictures };
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
    for (const [key, path] of end > begin ? parts : []) taking.set(key, await takeFrom(file, metadata, group, path, begin, scan, decoding));
    for (let at = begin; at < end; at += batch) {
      const count = Math.min(batch, end - at);
      const data = new Map<string, ArrayLike<unknown>>();
      for (const [key, take] of taking) data.set(key, await take(count));
      const rows = Array.from({ length: count }, (_, i) => rowOf(made, data, i, at + i + 1));
      read += rows.length;
      yield { rows, bytesRead: Math.round((file.size * read) / all) };
    }
  }
  for (const note of notes) onNote?.(note);
}

/** The next so many values of a column. */
type Take = (count: number) => Promise<ArrayLike<unknown>>;

/** A flat column, and a leaf of a struct by itself, comes page by page; one of lists or structs is decoded for the whole row group. */
async function takeFrom(
  file: ByteSource,
  metadata: FileMetaData,
  group: RowGroup,
  path: readonly string[],
  rowStart: number,
  scan: ParquetScan,
  decoding: Decoding,
): Promise<Take> {
  for (const chunk of group.columns) {
    const column = chunk.meta_data;
    if (column === undefined || !path.every((name, depth) => column.path_in_schema[depth] === name)) continue;
    const check = new PageCheck(file, metadata, group, column, decoding.compressors);
    if (check.levels.flat && column.path_in_schema.length === path.length) {
      const pages = new FlatColumn(file, metadata, chunk, column, check, decoding);
      return (count) => checked(file, column, () => pages.take(count));
    }
    await checked(file, column, () => checkChunk(file, chunk, column, check));
  }
  const rowEnd = rowStart + Number(group.num_rows);
  const values = await guarded(file, () => scan.readColumn({ column: path[0] ?? '', rowStart, rowEnd }));
  let at = 0;
  return async (count) => {
    at += count;
    return values.slice(at - count, at);
  };
}

interface Making {
  readonly file: ByteSource;
  readonly asked: readonly ParquetColumn[];
  readonly before: number;
  readonly bytes: 'refuse' | 'describe';
  /** Whether the bytes of pictures were read. */
  readonly withPictures: boolean;
}

function rowOf(
  { file, asked, before, bytes, withPictures }: Making,
  data: ReadonlyMap<string, ArrayLike<unknown>>,
  at: number,
  number: number,
): Row {
  const pictures: (Uint8Array | undefined)[] = [];
  const cells = asked.map((column, i) => {
    let cell: string;
    try {
      if (column.picture === undefined) cell = cellText(data.get(column.path[0] ?? '')?.[at], column, bytes);
      else {
        const found = pictureOf(file, column, column.picture, (path) => data.get(keyOf(path))?.[at], { number, before, withPictures });
        cell = found.cell;
        pictures[i] = found.bytes;
      }
    } catch (thrown) {
      if (thrown instanceof RetraceError) throw thrown;
      throw badParquet(file, `column "${column.name}" is no UTF-8 text in row ${number}`);
    }
    if (cell.length > MAX_CELL) throw cellTooLarge(file.name, number, '');
    return cell;
  });
  return withPictures ? { number, cells, pictures: Array.from(cells, (_, i) => pictures[i]) } : { number, cells };
}
