// What a Parquet file claims of itself, held to bounds before hyparquet believes it: it allocates and loops by counts from the file. Sizes of the
// footer, of row groups and pages, counts of values, and the lengths of runs are checked here; values are not decoded.
// Invariant: a run or count that passes makes no more values than its column chunk has by the metadata, and no page more bytes than MAX_PAGE.

import {
  type ColumnChunk,
  type ColumnMetaData,
  type Compressors,
  type FileMetaData,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet';
import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { type PageHeader, readPageHeader, varint } from './parquet_thrift.ts';

const MAX_FOOTER = 64 * 2 ** 20;
/** Bytes of one column in one row group, packed or not, where it has to be held. */
const MAX_CHUNK = 512 * 2 ** 20;
const MAX_PAGE = 256 * 2 ** 20;
/** Likewise its values, those within lists counted. */
const MAX_VALUES = 2 ** 26;
const MAX_GROUPS = 100_000;
/** Bit-packed runs come in eights, so that the last one may hold a few values too many. */
const PADDING = 8;

export const badParquet = (file: ByteSource, why: string, where = file.name): RetraceError =>
  new RetraceError({
    code: 'bad-parquet',
    message: `${file.name} is not a sound Parquet file: ${why}.`,
    where,
    remedy: 'Download or export it again; it may be cut off. pandas writes Parquet by to_parquet, and CSV by to_csv.',
  });

const tooLarge = (file: ByteSource, what: string): RetraceError =>
  new RetraceError({
    code: 'parquet-too-large',
    message: `${file.name} has ${what}.`,
    where: file.name,
    remedy: 'Write it again in smaller row groups: to_parquet(..., row_group_size=50000) in pandas.',
  });

const magic = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Bytes of the footer, by the last ones of the file. Error: `bad-parquet`. */
export async function footerLength(file: ByteSource): Promise<number> {
  if (file.size < 12) throw badParquet(file, `it has ${file.size} bytes`);
  const last = await file.read(file.size - 8, file.size);
  if (magic(last.subarray(4)) === 'PARE') throw badParquet(file, 'its footer is encrypted');
  if (magic(last.subarray(4)) !== 'PAR1') throw badParquet(file, 'it does not end in PAR1');
  const length = new DataView(last.buffer, last.byteOffset).getUint32(0, true);
  if (length > Math.min(MAX_FOOTER, file.size - 12)) throw badParquet(file, `its footer is said to have ${length} bytes, of ${file.size}`);
  return length;
}

/** The chunk's bytes in the file. */
export const rangeOf = ({ meta_data }: ColumnChunk): readonly [begin: number, end: number] => {
  const begin = Number(meta_data?.dictionary_page_offset || meta_data?.data_page_offset || 0);
  return [begin, begin + Number(meta_data?.total_compressed_size ?? 0)];
};

/** Errors: `bad-parquet`, `parquet-too-large`. */
export function checkMetadata(file: ByteSource, { num_rows, row_groups }: FileMetaData): void {
  const isCount = (n: unknown): boolean => typeof n === 'bigint' && n >= 0n && n <= BigInt(Number.MAX_SAFE_INTEGER);
  if (!isCount(num_rows) || !row_groups.every((group) => isCount(group.num_rows))) throw badParquet(file, 'a number of rows is none');
  if (row_groups.length > MAX_GROUPS) throw badParquet(file, `it has ${row_groups.length} row groups`);
  const sum = row_groups.reduce((rows, group) => rows + group.num_rows, 0n);
  if (sum !== num_rows) throw badParquet(file, `it is said to have ${num_rows} rows, and its row groups have ${sum}`);
  for (const [i, { columns }] of row_groups.entries()) {
    for (const chunk of columns) {
      const { meta_data } = chunk;
      if (meta_data === undefined || chunk.file_path !== undefined || !Array.isArray(meta_data.path_in_schema)) {
        throw badParquet(file, `row group ${i + 1} has a column that lies elsewhere or is encrypted`);
      }
      const [begin, end] = rangeOf(chunk);
      const counts = [meta_data.num_values, meta_data.total_compressed_size, meta_data.total_uncompressed_size];
      if (!counts.every(isCount) || !(begin >= 4 && end <= file.size)) {
        throw badParquet(
          file,
          `column "${meta_data.path_in_schema.join('.')}" of row group ${i + 1} lies at bytes ${begin} to ${end}, of ${file.size}`,
        );
      }
    }
  }
}

/** Every chunk is one of a leaf of the schema: what fails in others nobody waits for in the library. Errors: `bad-parquet`; those of the library. */
export function checkPaths(file: ByteSource, metadata: FileMetaData): void {
  const leaves = new Set<string>();
  const walk = ({ children, path }: SchemaTree): void => {
    if (children.length === 0) leaves.add(path.join('\0'));
    for (const child of children) walk(child);
  };
  walk(parquetSchema(metadata));
  for (const [i, { columns }] of metadata.row_groups.entries()) {
    const lost = columns.find(({ meta_data }) => !leaves.has(meta_data?.path_in_schema.join('\0') ?? ''));
    if (lost !== undefined)
      throw badParquet(file, `row group ${i + 1} has a column "${lost.meta_data?.path_in_schema.join('.')}" that its schema lacks`);
  }
}

/** Decompressors that give as many bytes as were announced, and no more than MAX_PAGE. */
export async function boundedCompressors(file: ByteSource): Promise<Compressors> {
  const { compressors, decompressZstd } = await import('hyparquet-compressors');
  const all: Compressors = { ...compressors, ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)) };
  return Object.fromEntries(
    Object.entries(all).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, length: number) => {
        if (!(length >= 0 && length <= MAX_PAGE)) throw tooLarge(file, `a page of ${length} bytes; at most ${MAX_PAGE} are read`);
        return decompress(input, length);
      },
    ]),
  );
}

interface Levels {
  readonly definition: number;
  readonly repetition: number;
  /** A value for each row: it is not within a list. */
  readonly flat: boolean;
}

/** Deepest levels of a column: how often it may be missing, and repeat, on the way from the root. */
function levelsOf({ schema }: FileMetaData, path: readonly string[]): Levels {
  let [at, definition, repetition] = [1, 0, 0];
  const skip = (from: number): number => {
    let [next, left] = [from, 1];
    for (; left > 0 && next < schema.length; next++) left += (schema[next]?.num_children ?? 0) - 1;
    return next;
  };
  for (const [depth, name] of path.entries()) {
    let siblings = depth === 0 ? (schema[0]?.num_children ?? 0) : (schema[at - 1]?.num_children ?? 0);
    while (siblings-- > 0 && schema[at]?.name !== name) at = skip(at);
    const type = schema[at]?.repetition_type;
    if (type !== 'REQUIRED') definition++;
    if (type === 'REPEATED') repetition++;
    at++;
  }
  return { definition, repetition, flat: repetition === 0 };
}

const bits = (level: number): number => 32 - Math.clz32(level);

type Decompress = (input: Uint8Array, length: number) => Uint8Array;

/** Checks the pages of one column of a row group, in their order. Errors: `bad-parquet`; what pages announce is thrown as an Error, see `checked`. */
export class PageCheck {
  readonly levels: Levels;
  readonly #most: number;
  readonly #decompress: Decompress;
  #values = 0;

  constructor(file: ByteSource, metadata: FileMetaData, group: RowGroup, column: ColumnMetaData, compressors: Compressors) {
    const name = column.path_in_schema.join('.');
    this.levels = levelsOf(metadata, column.path_in_schema);
    this.#most = Number(column.num_values);
    if (this.levels.flat && this.#most !== Number(group.num_rows)) {
      throw badParquet(file, `column "${name}" has ${this.#most} values in a row group of ${group.num_rows} rows`);
    }
    this.#decompress = (input, length) => {
      if (column.codec === 'UNCOMPRESSED') return input;
      const decompress = compressors[column.codec];
      if (decompress === undefined) throw new Error(`it is compressed by ${column.codec}, which is not read`);
      return decompress(input, length);
    };
  }

  /** `bytes` begin with the page, behind its header. */
  page(header: PageHeader, bytes: Uint8Array): void {
    const { compressedSize, uncompressedSize } = header;
    if (!(compressedSize >= 0 && compressedSize <= bytes.length)) throw new Error(`a page of ${compressedSize} bytes does not fit into it`);
    if (!(uncompressedSize >= 0 && uncompressedSize <= MAX_PAGE)) throw new Error(`a page is said to unpack to ${uncompressedSize} bytes`);
    if (header.kind === 'dictionary') {
      // Each entry takes a bit at least.
      if (!(header.values >= 0 && header.values <= Math.max(this.#most, 8 * uncompressedSize)))
        throw new Error(`a dictionary of ${header.values} values`);
      return;
    }
    this.#values += header.values;
    if (!(header.values >= 0 && header.nulls >= 0 && header.nulls <= header.values && this.#values <= this.#most)) {
      throw new Error(`its pages have ${this.#values} values, and it has ${this.#most}`);
    }
    checkPage(bytes.subarray(0, compressedSize), header, this.levels, this.#decompress);
  }
}

/** What is thrown at a column, as an error that names it. */
export async function checked<T>(file: ByteSource, { path_in_schema }: ColumnMetaData, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof RetraceError) throw thrown;
    throw badParquet(file, `column "${path_in_schema.join('.')}": ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** Checks all pages of a column that has to be held whole. Errors: `bad-parquet`, `parquet-too-large`. */
export async function checkChunk(file: ByteSource, chunk: ColumnChunk, column: ColumnMetaData, check: PageCheck): Promise<void> {
  const [begin, end] = rangeOf(chunk);
  const name = column.path_in_schema.join('.');
  const bytes = Math.max(end - begin, Number(column.total_uncompressed_size));
  if (bytes > MAX_CHUNK) throw tooLarge(file, `a row group with ${bytes} bytes in column "${name}"; at most ${MAX_CHUNK} are read`);
  if (column.num_values > MAX_VALUES)
    throw tooLarge(file, `a row group with ${column.num_values} values in column "${name}"; at most ${MAX_VALUES} are read`);
  const read = await file.read(begin, end);
  const view = new DataView(read.buffer, read.byteOffset, read.byteLength);
  for (let at = 0; at < read.length - 1; ) {
    const { header, end: behind } = readPageHeader(view, at);
    check.page(header, read.subarray(behind));
    at = behind + header.compressedSize;
  }
}

function checkPage(packed: Uint8Array, header: PageHeader, { definition, repetition }: Levels, decompress: Decompress): void {
  const { values, encoding } = header;
  const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let page: DataView;
  let at = 0;
  if (header.kind === 'v1') {
    page = viewOf(decompress(packed, header.uncompressedSize));
    for (const level of [repetition, definition]) {
      if (level === 0) continue;
      const length = page.getUint32(at, true);
      checkLevels(page, at + 4, Math.min(page.byteLength, at + 4 + length), bits(level), values);
      at += 4 + length;
    }
  } else {
    const [repetitionBytes, definitionBytes] = header.levelBytes;
    const behind = repetitionBytes + definitionBytes;
    if (!(repetitionBytes >= 0 && definitionBytes >= 0 && behind <= packed.length))
      throw new Error('the levels of a page do not fit into it');
    const before = viewOf(packed);
    if (repetition > 0) checkLevels(before, 0, repetitionBytes, bits(repetition), values);
    if (definition > 0) checkLevels(before, repetitionBytes, behind, bits(definition), values);
    const rest = packed.subarray(behind);
    const length = header.uncompressedSize - behind;
    page = viewOf(header.isCompressed && length > 0 ? decompress(rest, length) : rest);
  }
  if (at >= page.byteLength) return;
  if (encoding === 'dictionary') {
    const width = page.getUint8(at);
    if (width > 32) throw new Error(`${width} bits an index`);
    // Of version 2 the library reads runs of no bits too.
    if (width > 0 || header.kind === 'v2') checkRuns(page, at + 1, page.byteLength, width, values);
  } else if (encoding === 'rle') checkRuns(page, at + 4, page.byteLength, 1, values);
  else if (encoding === 'delta') {
    const block = varint(page, at);
    const minis = varint(page, block.end);
    if (!(block.value > 0 && block.value <= 2 ** 20 && minis.value > 0 && minis.value <= 1024)) throw new Error('blocks of odd sizes');
  }
}

/** One level for each value, all within their own bytes: the library reads on behind them, where nothing was checked. */
function checkLevels(view: DataView, begin: number, end: number, width: number, values: number): void {
  const seen = checkRuns(view, begin, end, width, values);
  if (seen < values) throw new Error(`a page has ${seen} levels for ${values} values`);
}

/** Runs of the hybrid of run lengths and packed bits, none longer than there are values; how many values they hold. */
function checkRuns(view: DataView, begin: number, end: number, width: number, values: number): number {
  let seen = 0;
  for (let at = begin; at < end && seen < values; ) {
    const run = varint(view, at);
    const packed = (run.value & 1) === 1;
    const count = packed ? (run.value >>> 1) * 8 : run.value >>> 1;
    if (count > values + PADDING) throw new Error(`a run of ${count} where there are ${values} values`);
    at = run.end + (packed ? (run.value >>> 1) * width : (width + 7) >> 3);
    seen += count;
  }
  return seen;
}
