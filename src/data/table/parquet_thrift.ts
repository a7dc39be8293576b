// Headers of Parquet's pages (Thrift's compact protocol), as far as parquet_guard.ts judges them. hyparquet reads them too, and exports no reader.
// Invariant: depth and lengths are bounded by what is there; nothing is allocated.

type Encoding = 'dictionary' | 'rle' | 'delta' | 'other';

export interface PageHeader {
  readonly kind: 'v1' | 'v2' | 'dictionary';
  readonly uncompressedSize: number;
  readonly compressedSize: number;
  readonly values: number;
  readonly nulls: number;
  readonly encoding: Encoding;
  /** Of version 2: bytes of repetition and of definition levels. */
  readonly levelBytes: readonly [repetition: number, definition: number];
  readonly isCompressed: boolean;
}

/** Fields by number; structs are maps again, texts and lists are passed over. */
type Fields = Map<number, number | boolean | Fields>;

const MAX_DEPTH = 8;

export function varint(view: DataView, at: number): { readonly value: number; readonly end: number } {
  let [value, end] = [0, at];
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = view.getUint8(end++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end };
  }
  throw new Error('a number of too many bytes');
}

class Reader {
  at: number;
  readonly #view: DataView;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.at = at;
  }

  #varint(): number {
    // Numbers of 64 bits stand in statistics, which are not looked at: only their end counts.
    let [value, scale] = [0, 1];
    for (let bytes = 0; bytes < 10; bytes++, scale *= 128) {
      const byte = this.#view.getUint8(this.at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error('a number of too many bytes');
  }

  #zigzag(): number {
    const n = this.#varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  struct(depth = 0): Fields {
    if (depth > MAX_DEPTH) throw new Error('a header that is nested too deep');
    const fields: Fields = new Map();
    for (let field = 0; ; ) {
      const byte = this.#view.getUint8(this.at++);
      const type = byte & 15;
      if (type === 0) return fields;
      field = byte >> 4 === 0 ? this.#zigzag() : field + (byte >> 4);
      const value = this.#value(type, depth);
      if (value !== undefined) fields.set(field, value);
    }
  }

  #value(type: number, depth: number): number | boolean | Fields | undefined {
    if (type === 1 || type === 2) return type === 1;
    if (type === 3) return this.#view.getInt8(this.at++);
    if (type === 4 || type === 5 || type === 6) return this.#zigzag();
    if (type === 7 || type === 8) {
      const length = type === 7 ? 8 : this.#varint();
      this.at += length;
      return undefined;
    }
    if (type === 12) return this.struct(depth + 1);
    if (type !== 9 && type !== 10) throw new Error(`a header with a field of type ${type}`);
    const byte = this.#view.getUint8(this.at++);
    const count = byte >> 4 === 15 ? this.#varint() : byte >> 4;
    if (count > this.#view.byteLength) throw new Error('a list in a header is too long');
    for (let i = 0; i < count; i++) this.#value((byte & 15) === 2 || (byte & 15) === 1 ? 3 : byte & 15, depth + 1);
    return undefined;
  }
}

const ENCODINGS: ReadonlyMap<unknown, Encoding> = new Map<unknown, Encoding>([
  [2, 'dictionary'],
  [8, 'dictionary'],
  [3, 'rle'],
  [5, 'delta'],
  [6, 'delta'],
  [7, 'delta'],
]);

/** The page header at `at`, and where it ends. */
export function readPageHeader(view: DataView, at: number): { readonly header: PageHeader; readonly end: number } {
  const reader = new Reader(view, at);
  const fields = reader.struct();
  const number = (from: Fields, field: number, otherwise = Number.NaN): number => {
    const value = from.get(field);
    return typeof value === 'number' ? value : otherwise;
  };
  const part = (field: number): Fields | undefined => {
    const value = fields.get(field);
    return value instanceof Map ? value : undefined;
  };
  const sizes = { uncompressedSize: number(fields, 2), compressedSize: number(fields, 3) };
  const plain = { nulls: 0, levelBytes: [0, 0] as const, isCompressed: true };
  const [v1, dictionary, v2] = [part(5), part(7), part(8)];
  const type = number(fields, 1);
  const encodingOf = (value: unknown): Encoding => ENCODINGS.get(value) ?? 'other';
  if (type === 0 && v1)
    return { header: { ...sizes, ...plain, kind: 'v1', values: number(v1, 1), encoding: encodingOf(v1.get(2)) }, end: reader.at };
  if (type === 2 && dictionary)
    return { header: { ...sizes, ...plain, kind: 'dictionary', values: number(dictionary, 1), encoding: 'other' }, end: reader.at };
  if (type === 3 && v2) {
    const header: PageHeader = {
      ...sizes,
      kind: 'v2',
      values: number(v2, 1),
      nulls: number(v2, 2),
      encoding: encodingOf(v2.get(4)),
      levelBytes: [number(v2, 6, 0), number(v2, 5, 0)],
      isCompressed: v2.get(7) !== false,
    };
    return { header, end: reader.at };
  }
  throw new Error(`a page of the unknown type ${type}`);
}
