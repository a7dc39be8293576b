// safetensors: one strict reader of its header and one writer (format: huggingface/safetensors). Interprets no model.
// Invariant: opening reads the header alone, and a file that opens is sound: every byte after the header belongs to exactly one tensor.

import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';
import type { ByteSource } from './bytes.ts';
import { duplicateKey } from './json_keys.ts';
import { DTYPE_BYTES, DTYPES, type Dtype, elementsOf, type TensorEntry, type TensorFile } from './tensor_file.ts';
import { firstInvalidUtf8, isRecord } from './text.ts';

/** The reference's own limit. A header of that size would describe about a million tensors. */
const MAX_HEADER_BYTES = 100_000_000;

function refuse(code: string, message: string, where: string): never {
  throw new RetraceError({
    code: `safetensors-${code}`,
    message,
    where,
    remedy: 'The file is damaged or not a safetensors file. Download or export it again.',
  });
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Names are module paths, shapes those of weights: what goes beyond is no tensor of a model, and would make every table of them endless. */
const longestName = 1000;
const mostDimensions = 16;
const mostElements = 2 ** 48;

/** Reads and checks the header. Errors: `safetensors-*`, each naming the tensor or byte. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const { name, size } = source;
  if (size < 8) refuse('truncated', `${name} has ${size} bytes; the header's length alone takes 8.`, `${name}, byte ${size}`);
  const first = await source.read(0, 8);
  const headerBytes = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    if (new TextDecoder('latin1').decode(first) === 'version ') {
      throw new RetraceError({
        code: 'safetensors-lfs-pointer',
        message: `${name} is the pointer of a Git LFS file, not the file.`,
        where: `${name}, byte 0`,
        remedy: 'Fetch the file itself: git lfs pull, or download it from the hub.',
      });
    }
    refuse('header-size', `${name} claims a header of ${headerBytes} bytes; at most ${MAX_HEADER_BYTES} are allowed.`, `${name}, byte 0`);
  }
  if (8 + headerBytes > size) {
    refuse('truncated', `${name} has ${size} bytes, but its header alone ends at byte ${8 + headerBytes}.`, `${name}, byte ${size}`);
  }
  const { metadata, entries } = parseHeader(name, await source.read(8, 8 + headerBytes));
  const tensors = placeTensors(name, entries, 8 + headerBytes, size);
  return { format: 'safetensors', metadata, tensors, source, notes: [] };
}

function parseHeader(name: string, bytes: Uint8Array): { metadata: Record<string, string>; entries: [string, unknown][] } {
  const invalid = firstInvalidUtf8(bytes);
  if (invalid >= 0) refuse('header-encoding', `The header of ${name} is not UTF-8 at byte ${8 + invalid}.`, `${name}, byte ${8 + invalid}`);
  if (bytes[0] !== 0x7b) refuse('header-json', `The header of ${name} does not begin with "{".`, `${name}, byte 8`);
  const text = new TextDecoder().decode(bytes);
  let header: unknown;
  try {
    header = JSON.parse(text) as unknown;
  } catch (thrown) {
    refuse('header-json', `The header of ${name} is not JSON: ${thrown instanceof Error ? thrown.message : ''}`, `${name}, header`);
  }
  if (!isRecord(header)) refuse('header-json', `The header of ${name} is not a JSON object.`, `${name}, header`);
  const twice = duplicateKey(text);
  if (twice !== undefined) refuse('duplicate', `The header of ${name} names "${twice}" twice.`, `${name}, ${twice}`);
  const declared = Object.hasOwn(header, '__metadata__') ? header.__metadata__ : {};
  if (!isRecord(declared)) refuse('metadata', `__metadata__ of ${name} is not an object.`, `${name}, __metadata__`);
  for (const [key, value] of Object.entries(declared)) {
    if (typeof value !== 'string') refuse('metadata', `__metadata__ "${key}" of ${name} is not a string.`, `${name}, __metadata__`);
  }
  // Not filled key by key: an object has no room for "__proto__" that way.
  const metadata = Object.fromEntries(Object.entries(declared)) as Record<string, string>;
  return { metadata, entries: Object.entries(header).filter(([key]) => key !== '__metadata__') };
}

/** One entry with offsets made absolute, its size checked against its shape. */
function checkEntry(file: string, name: string, value: unknown, dataBegin: number): TensorEntry {
  const where = `${file}, ${name}`;
  if (name.length > longestName)
    refuse('name', `A tensor of ${file} has a name of ${name.length} characters; at most ${longestName} are read.`, `${file}, header`);
  if (!isRecord(value)) refuse('entry', `The entry of tensor ${name} is not an object.`, where);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!DTYPES.includes(dtype as Dtype)) refuse('dtype', `Tensor ${name} has dtype ${shownValue(dtype)}, which is not known.`, where);
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    refuse('shape', `Tensor ${name} has shape ${shownValue(shape)}; whole numbers from 0 are expected.`, where);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    refuse('offsets', `Tensor ${name} has data_offsets ${shownValue(offsets)}; two whole numbers from 0 are expected.`, where);
  }
  const [begin, end] = offsets as [number, number];
  const expected = elementsOf(shape) * DTYPE_BYTES[dtype as Dtype];
  // A product beyond 2^53 is inexact, but no file is that long, so that it cannot pass for a match.
  if (expected !== end - begin) {
    const found = `its data_offsets [${begin}, ${end}] span ${end - begin}`;
    refuse('size', `Tensor ${name} (${String(dtype)} ${shownValue(shape)}) takes ${expected} bytes, but ${found}.`, where);
  }
  // With one length 0 the product says nothing of the others.
  if (shape.length > mostDimensions || shape.reduce((product: number, length: number) => product * Math.max(1, length), 1) > mostElements) {
    refuse(
      'shape',
      `Tensor ${name} has shape ${shownValue(shape)}; at most ${mostDimensions} dimensions and 2^48 elements are read.`,
      where,
    );
  }
  return { name, dtype: dtype as Dtype, shape, begin: dataBegin + begin, end: dataBegin + end };
}

/** All entries in file order; they must tile the file from `dataBegin` to `size`. */
function placeTensors(file: string, entries: [string, unknown][], dataBegin: number, size: number): Map<string, TensorEntry> {
  const placed = entries.map(([name, value]) => checkEntry(file, name, value, dataBegin));
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = dataBegin;
  let before = 'the header';
  for (const { name, begin, end } of placed) {
    const where = `${file}, ${name}`;
    if (begin < reached) refuse('overlap', `Tensor ${name} begins at byte ${begin}, inside ${before}, which ends at ${reached}.`, where);
    if (begin > reached) refuse('hole', `Bytes ${reached} to ${begin}, before tensor ${name}, belong to no tensor.`, where);
    if (end > size) refuse('truncated', `Tensor ${name} ends at byte ${end}, but ${file} has ${size} bytes.`, where);
    reached = end;
    before = `tensor ${name}`;
  }
  if (reached < size) refuse('trailing', `${size - reached} bytes after the last tensor belong to nothing.`, `${file}, byte ${reached}`);
  return new Map(placed.map((entry) => [entry.name, entry]));
}

export interface TensorForm {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

export interface TensorToWrite extends TensorForm {
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

/** What a file has before its tensors, and the order that these follow in, without gaps. */
export interface SafetensorsLayout<T extends TensorForm> {
  /** The length of the header and the header, padded with spaces to a multiple of 8. */
  readonly begin: Uint8Array<ArrayBuffer>;
  readonly tensors: readonly T[];
  /** Of the whole file. */
  readonly bytes: number;
}

/** A file as the reference writes it: largest alignment first, then by name. */
export function safetensorsLayout<T extends TensorForm>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): SafetensorsLayout<T> {
  const ordered = [...tensors].sort(
    (a, b) => DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let size = 0;
  for (const { name, dtype, shape } of ordered) {
    const end = size + elementsOf(shape) * DTYPE_BYTES[dtype];
    header.push([name, { dtype, shape, data_offsets: [size, end] }]);
    size = end;
  }
  // Joined by hand: an object would put names that look like numbers first, and lose a name given twice.
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const begin = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20, 8);
  new DataView(begin.buffer).setBigUint64(0, BigInt(begin.length - 8), true);
  begin.set(text, 8);
  return { begin, tensors: ordered, bytes: begin.length + size };
}

/** The whole file, of tensors that are in memory. */
export function writeSafetensors(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const { begin, tensors: ordered, bytes: size } = safetensorsLayout(tensors, metadata);
  const file = new Uint8Array(size);
  file.set(begin);
  let at = begin.length;
  for (const { bytes } of ordered) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
