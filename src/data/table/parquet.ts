// Parquet as a table, by hyparquet: only the columns that are wanted are fetched and decoded, flat ones a few pages at a time (parquet_column.ts),
// others by row groups. Loaded only when there is such a file. Invariant: sizes and counts in the file meet their bounds (parquet_guard.ts) before anything is made of them.

import {
  type AsyncBuffer,
  type FileMetaData,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import type { ByteSource } from '../../formats/bytes.ts';
import { isRecord } from '../../formats/text.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ColumnKind } from '../../protocol/reading.ts';
import { cellText, type ParquetColumn, parsers } from './parquet_cells.ts';
import { type Decoding, FlatColumn } from './parquet_column.ts';
import { badParquet, boundedCompressors, checkChunk, checked, checkFooter, checkMetadata, PageCheck } from './parquet_guard.ts';
import { cellTooLarge, emptyTable, MAX_CELL, MAX_COLUMNS, type Row, type RowBatch, type RowRequest, type TableSource } from './table.ts';

/** Digits behind a decimal's point: a decimal of 128 bits has 38, one of 256 bits 76. */
const MAX_SCALE = 76;
/** Rows made at a time. */
const BATCH = 4096;

function leafKind({ element }: SchemaTree): { readonly kind: ColumnKind; readonly is: string } {
  const { type, converted_type, logical_type } = element;
  if (type === 'BOOLEAN') return { kind: 'boolean', is: 'true or false' };
  const logical = logical_type?.type;
  if (
    /^(?:DATE|TIME|TIMESTAMP)/.test(converted_type ?? '') ||
    logical === 'DATE' ||
    logical === 'TIME' ||
    logical === 'TIMESTAMP' ||
    type === 'INT96'
  )
    return { kind: 'text', is: 'dates and times' };
  if (converted_type === 'DECIMAL' || logical === 'DECIMAL' || logical === 'FLOAT16') return { kind: 'number', is: 'numbers' };
  if (logical === 'UUID') return { kind: 'text', is: 'text' };
  if (
    type === 'FIXED_LEN_BYTE_ARRAY' ||
    converted_type === 'BSON' ||
    logical === 'BSON' ||
    logical === 'GEOMETRY' ||
    logical === 'GEOGRAPHY'
  )
    return { kind: 'bytes', is: 'bytes' };
  return type === 'BYTE_ARRAY' ? { kind: 'text', is: 'text' } : { kind: 'number', is: 'numbers' };
}

const decimalScale = ({ scale, logical_type }: SchemaElement): number => {
  const digits = scale ?? (logical_type?.type === 'DECIMAL' ? logical_type.scale : 0);
  return Number.isInteger(digits) && digits >= 0 && digits <= MAX_SCALE ? digits : 0;
};

/** What a node of the schema is as columns: a struct is one for each of its members, a list is one. */
function columnsOfNode(node: SchemaTree, path: readonly string[]): ParquetColumn[] {
  const { element, children } = node;
  const name = path.join('.');
  const annotation = element.logical_type?.type ?? element.converted_type;
  if (element.repetition_type === 'REPEATED' || annotation === 'LIST') {
    let inner = node;
    while (inner.children.length === 1 && inner.children[0] !== undefined) inner = inner.children[0];
    const is = inner.children.length > 0 ? 'lists of objects' : `lists of ${leafKind(inner).is === 'text' ? 'texts' : leafKind(inner).is}`;
    return [{ name, path, kind: 'list', is, float: undefined, scale: undefined }];
  }
  if (annotation === 'MAP' || annotation === 'MAP_KEY_VALUE' || annotation === 'VARIANT')
    return [{ name, path, kind: 'object', is: 'objects', float: undefined, scale: undefined }];
  if (children.length > 0) return children.flatMap((child) => columnsOfNode(child, [...path, child.element.name]));
  const decimal = element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL';
  return [
    {
      ...{ name, path, ...leafKind(node) },
      float: element.type === 'FLOAT' ? 'single' : element.type === 'DOUBLE' ? 'double' : undefined,
      scale: decimal ? decimalScale(element) : undefined,
    },
  ];
}

/** Class names by column, as the datasets library writes them: {"info": {"features": {"label": {"names": [...], "_type": "ClassLabel"}}}}. */
function classNames(metadata: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  let json: unknown;
  try {
    json = JSON.parse(text ?? 'null');
  } catch {
    // Written by whoever made the file; without it the numbers stand for themselves.
    return found;
  }
  const info = isRecord(json) && isRecord(json['info']) ? json['info'] : {};
  const features = isRecord(info['features']) ? info['features'] : {};
  for (const [column, feature] of Object.entries(features)) {
    if (!isRecord(feature) || feature['_type'] !== 'ClassLabel' || !Array.isArray(feature['names'])) continue;
    const names: readonly unknown[] = feature['names'];
    const texts = names.filter((name): name is string => typeof name === 'string' && name.trim() !== '');
    if (texts.length === names.length && texts.length <= 4096 && new Set(texts).size === texts.length) found.set(column, texts);
  }
  return found;
}

/** The schema without the marks of those decimals that are columns: the library would make numbers of them, which hold 15 digits. */
function withoutDecimals(metadata: FileMetaData, columns: readonly ParquetColumn[]): FileMetaData {
  const names = new Set(columns.filter(({ scale }) => scale !== undefined).map(({ path }) => path.join('\0')));
  if (names.size === 0) return metadata;
  const plain = new Set<SchemaElement>();
  const mark = ({ element, children }: SchemaTree, path: readonly string[]): void => {
    if (names.has(path.join('\0'))) plain.add(element);
    for (const child of children) mark(child, [...path, child.element.name]);
  };
  mark(parquetSchema(metadata), []);
  const schema = metadata.schema.map((element) => {
    if (!plain.has(element)) return element;
    const { converted_type: _, logical_type: __, ...rest } = element;
    return rest;
  });
  return { ...metadata, schema };
}

/** Errors: `bad-parquet`, `too-many-columns`, `empty-table`. */
export async function openParquet(file: ByteSource): Promise<TableSource> {
  await checkFooter(file);
  const metadata = await guarded(file, () => parquetMetadataAsync(bufferOf(file)));
  checkMetadata(file, metadata);
  const tree = await guarded(file, async () => parquetSchema(metadata));
  const classes = classNames(metadata);
  const columns = tree.children
    .flatMap((child) => columnsOfNode(child, [child.element.name]))
    .map((column): ParquetColumn => {
      const names = column.path.length === 1 ? classes.get(column.name) : undefined;
      return names === undefined || column.kind !== 'number'
        ? column
        : { ...column, kind: 'text', is: `classes (${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''})`, classes: names };
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
      `"${name}" holds numbers, which are read as the names that the file gives its classes (0: ${names[0]}).`,
  );
  return {
    ...{ name: file.name, size: file.size, columns, header: true, rowCount },
    reading: {
      format: 'parquet',
      header: true,
      said: `${metadata.row_groups.length} row groups, ${[...codecs].join(' and ').toLowerCase()}`,
    },
    rows: (request) => rowsOf(file, withoutDecimals(metadata, columns), columns, note, request),
  };
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
  { columns: wanted, onNote }: RowRequest = {},
): AsyncGenerator<RowBatch> {
  const picked = wanted === undefined ? columns : wanted.flatMap((at) => columns[at] ?? []);
  const names = [...new Set(picked.flatMap(({ path: [top = ''] }) => [top]))];
  const decoding = { compressors: await boundedCompressors(file), parsers, utf8: false };
  const scan = await guarded(file, () =>
    parquetScan({ ...decoding, file: bufferOf(file), metadata, columns: names, useOffsetIndex: false }),
  );
  let begin = 0;
  for (const group of metadata.row_groups) {
    const end = begin + Number(group.num_rows);
    const taking = new Map<string, Take>();
    for (const name of end > begin ? names : []) taking.set(name, await takeFrom(file, metadata, group, name, begin, scan, decoding));
    for (let at = begin; at < end; at += BATCH) {
      const count = Math.min(BATCH, end - at);
      const data = new Map<string, ArrayLike<unknown>>();
      for (const [name, take] of taking) data.set(name, await take(count));
      const rows = Array.from({ length: count }, (_, i) =>
        rowOf(file, data, i, at + i + 1, picked, wanted === undefined ? 'describe' : 'refuse'),
      );
      yield { rows, bytesRead: Math.round((file.size * (at + rows.length)) / Number(metadata.num_rows)) };
    }
    begin = end;
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
