// The values of one flat column of one row group, a few pages at a time: writers make row groups of a million rows, which are not held. Pages are
// found here, checked by parquet_guard.ts, and decoded by hyparquet as if they were a file of their own: of a struct, one leaf by itself. Not for lists.
// Invariant: never more bytes at a time than one page, the dictionary and a block.

import {
  type ColumnChunk,
  type ColumnMetaData,
  type Compressors,
  type DecodedArray,
  type FileMetaData,
  parquetScan,
  parquetSchema,
  type SchemaElement,
} from 'hyparquet';
import type { ByteSource } from '../../formats/bytes.ts';
import { leafOf } from './parquet_cells.ts';
import { type PageCheck, rangeOf } from './parquet_guard.ts';
import { readPageHeader } from './parquet_thrift.ts';

/** Bytes read at a time where pages are small. */
const BLOCK = 2 ** 20;
/** Pages are decoded together up to so many bytes and rows. */
const [MOST_BYTES, MOST_ROWS] = [2 ** 20, 2 ** 15];
/** Rows of one page: decoding makes a list of as many, however few bytes they take. */
const MAX_ROWS = 2 ** 22;
/** Offset 0 stands for "none" in the metadata. */
const BEFORE = 4;

/** What hyparquet is told of how to decode. */
export type Decoding = Pick<Parameters<typeof parquetScan>[0], 'parsers' | 'utf8'> & { readonly compressors: Compressors };

interface Page {
  readonly rows: number;
  /** Header and all. */
  readonly bytes: Uint8Array;
}

/** The schema on the way to one leaf, and nothing beside it. */
function schemaTo({ schema, ...metadata }: FileMetaData, path: readonly string[]): SchemaElement[] {
  let node = parquetSchema({ schema, ...metadata });
  const elements: SchemaElement[] = [{ ...node.element, num_children: 1 }];
  for (const [depth, name] of path.entries()) {
    const child = node.children.find(({ element }) => element.name === name);
    if (child === undefined) throw new Error(`its schema has no ${path.join('.')}`);
    node = child;
    elements.push(depth < path.length - 1 ? { ...node.element, num_children: 1 } : node.element);
  }
  return elements;
}

export class FlatColumn {
  readonly #file: ByteSource;
  readonly #metadata: FileMetaData;
  readonly #schema: SchemaElement[];
  readonly #column: ColumnMetaData;
  readonly #check: PageCheck;
  readonly #decoding: Decoding;
  /** Where the next page begins, and where the chunk ends. */
  #at: number;
  readonly #end: number;
  #block: { readonly begin: number; readonly bytes: Uint8Array } = { begin: 0, bytes: new Uint8Array(0) };
  #dictionary: Uint8Array | undefined;
  /** A page that was found, but did not go with those before it. */
  #next: Page | undefined;
  #values: DecodedArray = [];
  #taken = 0;

  constructor(file: ByteSource, metadata: FileMetaData, chunk: ColumnChunk, column: ColumnMetaData, check: PageCheck, decoding: Decoding) {
    this.#file = file;
    this.#metadata = metadata;
    this.#schema = schemaTo(metadata, column.path_in_schema);
    this.#column = column;
    this.#check = check;
    this.#decoding = decoding;
    [this.#at, this.#end] = rangeOf(chunk);
  }

  /** The next `count` values, which the chunk has by its metadata. */
  async take(count: number): Promise<unknown[]> {
    const out: unknown[] = [];
    while (out.length < count) {
      if (this.#taken === this.#values.length) {
        const pages = await this.#pages();
        if (pages.length === 0) throw new Error('its pages have fewer values than it');
        this.#values = await this.#decode(pages);
        this.#taken = 0;
      }
      const end = Math.min(this.#values.length, this.#taken + count - out.length);
      for (; this.#taken < end; this.#taken++) out.push(this.#values[this.#taken]);
    }
    return out;
  }

  /** Pages to be decoded together: one, or several small ones. None at the end. */
  async #pages(): Promise<Page[]> {
    const pages: Page[] = [];
    let [bytes, rows] = [0, 0];
    for (;;) {
      const page = this.#next ?? (await this.#page());
      this.#next = undefined;
      if (page === undefined) return pages;
      if (pages.length > 0 && (bytes + page.bytes.length > MOST_BYTES || rows + page.rows > MOST_ROWS)) {
        this.#next = page;
        return pages;
      }
      pages.push(page);
      bytes += page.bytes.length;
      rows += page.rows;
    }
  }

  /** The next page of data, checked; a dictionary on the way is kept. */
  async #page(): Promise<Page | undefined> {
    while (this.#at < this.#end - 1) {
      const begin = this.#at;
      const ahead = await this.#bytes(begin, Math.min(BLOCK, this.#end - begin));
      const { header, end } = readPageHeader(new DataView(ahead.buffer, ahead.byteOffset, ahead.byteLength), 0);
      const size = end + header.compressedSize;
      if (!(header.compressedSize >= 0 && begin + size <= this.#end))
        throw new Error(`a page of ${header.compressedSize} bytes does not fit into it`);
      const bytes = await this.#bytes(begin, size);
      this.#check.page(header, bytes.subarray(end));
      if (header.kind !== 'dictionary' && header.values > MAX_ROWS)
        throw new Error(`a page of ${header.values} rows; at most ${MAX_ROWS} are read`);
      this.#at = begin + size;
      const own = bytes.slice();
      // A page of pictures can have a hundred megabytes: it is not held twice.
      if (size > BLOCK) this.#block = { begin: 0, bytes: new Uint8Array(0) };
      if (header.kind !== 'dictionary') return { rows: header.values, bytes: own };
      this.#dictionary = own;
    }
    return undefined;
  }

  /** At least as many bytes from there, out of the block that is held or a new one. */
  async #bytes(begin: number, length: number): Promise<Uint8Array> {
    const { begin: first, bytes } = this.#block;
    if (begin < first || begin + length > first + bytes.length) {
      const end = Math.min(this.#end, begin + Math.max(length, BLOCK));
      this.#block = { begin, bytes: await this.#file.read(begin, end) };
    }
    return this.#block.bytes.subarray(begin - this.#block.begin, begin - this.#block.begin + length);
  }

  async #decode(pages: readonly Page[]): Promise<DecodedArray> {
    const parts = [new Uint8Array(BEFORE), ...(this.#dictionary ? [this.#dictionary] : []), ...pages.map(({ bytes }) => bytes)];
    const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    parts.reduce((at, part) => {
      file.set(part, at);
      return at + part.length;
    }, 0);
    const rows = pages.reduce((sum, page) => sum + page.rows, 0);
    const { dictionary_page_offset: _, ...column } = this.#column;
    const meta_data: ColumnMetaData = {
      ...column,
      ...(this.#dictionary ? { dictionary_page_offset: BigInt(BEFORE) } : {}),
      data_page_offset: BigInt(BEFORE + (this.#dictionary?.length ?? 0)),
      total_compressed_size: BigInt(file.length - BEFORE),
      num_values: BigInt(rows),
    };
    const group = { columns: [{ file_offset: 0n, meta_data }], total_byte_size: BigInt(file.length), num_rows: BigInt(rows) };
    const path = this.#column.path_in_schema;
    const [name = ''] = path;
    const scan = await parquetScan({
      ...this.#decoding,
      file: { byteLength: file.length, slice: (begin, end) => file.buffer.slice(begin, end) },
      metadata: { ...this.#metadata, schema: this.#schema, num_rows: BigInt(rows), row_groups: [group] },
      columns: [name],
      useOffsetIndex: false,
    });
    const values = await scan.readColumn({ column: name, rowStart: 0, rowEnd: rows });
    if (values.length !== rows) throw new Error(`pages of ${rows} rows have ${values.length} values`);
    return path.length === 1 ? values : Array.from(values, (value: unknown) => leafOf(value, path));
  }
}
