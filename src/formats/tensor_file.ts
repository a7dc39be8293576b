// A file of named tensors, whichever format it has: where each tensor's elements lie, and one way of reading them. Parses no format and interprets
// no model. Invariant: what a format's reader puts here was checked against the file's size, and reading holds no more than a window of it.

import { RetraceError } from '../protocol/errors.ts';
import type { ByteSource } from './bytes.ts';
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './half.ts';

/** Bytes of one element, in the order of safetensors' reference: rising alignment, which is also its writer's (backwards). */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

export const DTYPES = Object.keys(DTYPE_BYTES) as Dtype[];

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Offsets in the file, bytes: of the first element, and behind the last one. */
  readonly begin: number;
  readonly end: number;
  /** Elements from one to the next along each dimension, none negative. Row-major without gaps where left out. */
  readonly strides?: readonly number[];
}

export interface TensorFile {
  readonly format: 'safetensors' | 'torch';
  readonly metadata: Readonly<Record<string, string>>;
  /** In file order: read in this order, and a source that can only go forward is read once. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly source: ByteSource;
  /** Elements have their highest byte first. */
  readonly bigEndian?: boolean;
  /** What people should know of how it was read. */
  readonly notes: readonly string[];
}

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Bytes of its elements, one behind the other. */
export const tensorBytes = ({ shape, dtype }: TensorEntry): number => elementsOf(shape) * DTYPE_BYTES[dtype];

/** The tensor's entry, or the error `missing-tensor` that names it. */
export function tensorEntry(file: TensorFile, name: string): TensorEntry {
  const entry = file.tensors.get(name);
  if (entry !== undefined) return entry;
  throw new RetraceError({
    code: 'missing-tensor',
    message: `${file.source.name} has no tensor ${name} among its ${file.tensors.size}.`,
    where: `${file.source.name}, ${name}`,
    remedy: 'The file belongs to another model, or another part of it. Choose the folder whose config.json fits.',
  });
}

/** A tensor with strides is gathered from windows of this size, so that a transposed table is read a few times and not held. */
const windowBytes = 32 * 2 ** 20;

/**
 * A tensor's elements in row-major order, little-endian, in pieces of at most `maxBytes`; `offset` counts bytes from the first element. Every
 * piece but the last is a multiple of 8 bytes, so that each begins at a whole element and at an offset that a GPU queue accepts. `source`
 * stands in for the file's own: the same bytes, seen on their way.
 */
export async function* readTensorPieces(
  file: TensorFile,
  name: string,
  maxBytes: number,
  source = file.source,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  const entry = tensorEntry(file, name);
  const { dtype, begin, end, strides } = entry;
  const size = DTYPE_BYTES[dtype];
  const total = tensorBytes(entry);
  const step = Math.max(8, maxBytes - (maxBytes % 8));
  // Windows are read anew for each span of the result, so a span is as large as a window.
  const span = strides === undefined ? step : Math.max(step, windowBytes - (windowBytes % step));
  for (let from = 0; from < total; from += span) {
    const to = Math.min(from + span, total);
    const bytes =
      strides === undefined
        ? await source.read(begin + from, Math.min(begin + to, end))
        : await gather(source, entry, strides, from / size, to / size);
    if (file.bigEndian) swapBytes(bytes, size);
    for (let at = from; at < to; at += step) yield { offset: at, bytes: bytes.subarray(at - from, Math.min(at + step, to) - from) };
  }
}

/** Elements `from` to `to`, counted row-major, of a tensor whose neighbours lie `strides` apart. */
async function gather(
  source: ByteSource,
  { dtype, shape, begin }: TensorEntry,
  strides: readonly number[],
  from: number,
  to: number,
): Promise<Uint8Array> {
  const size = DTYPE_BYTES[dtype];
  // Where each element lies, counted in elements from the first one of the tensor.
  const places = new Float64Array(to - from);
  const index = shape.map(() => 0);
  let rest = from;
  let place = 0;
  for (let d = shape.length - 1; d >= 0; d--) {
    const length = shape[d] as number;
    index[d] = rest % length;
    rest = Math.floor(rest / length);
    place += (index[d] as number) * (strides[d] as number);
  }
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < places.length; i++) {
    places[i] = place;
    if (place < lowest) lowest = place;
    if (place > highest) highest = place;
    for (let d = shape.length - 1; d >= 0; d--) {
      const [at, length, stride] = [(index[d] as number) + 1, shape[d] as number, strides[d] as number];
      place += stride;
      if (at < length) {
        index[d] = at;
        break;
      }
      index[d] = 0;
      place -= stride * length;
    }
  }
  const found = new Uint8Array(places.length * size);
  const perWindow = windowBytes / size;
  for (let first = lowest; first <= highest; first += perWindow) {
    const last = Math.min(first + perWindow, highest + 1);
    const window = await source.read(begin + first * size, begin + last * size);
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as number;
      if (at < first || at >= last) continue;
      for (let byte = 0; byte < size; byte++) found[i * size + byte] = window[(at - first) * size + byte] as number;
    }
  }
  return found;
}

/** Reverses the bytes of each element in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; size > 1 && at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

export const floatDtypes: readonly Dtype[] = ['F64', 'F32', 'F16', 'BF16'];

/** Elements of a float type as f32, each the nearest. `bytes` holds whole elements; a value beyond f32's range becomes an infinity. */
export function widen(bytes: Uint8Array, dtype: Dtype): Float32Array<ArrayBuffer> | undefined {
  // Copied, for a typed view needs an aligned buffer.
  const { buffer } = new Uint8Array(bytes);
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer));
  if (dtype === 'F16') return Float32Array.from(new Uint16Array(buffer), f16ToF32);
  if (dtype === 'BF16') return Float32Array.from(new Uint16Array(buffer), bf16ToF32);
  return undefined;
}

/** f32 as elements of a type, each the nearest, ties to even. */
export function narrow(values: Float32Array<ArrayBuffer>, dtype: 'F32' | 'F16' | 'BF16'): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return new Uint8Array(Uint16Array.from(values, dtype === 'F16' ? f32ToF16 : f32ToBf16).buffer);
}

/** A whole float tensor (F64, F32, F16, BF16) as f32: for adapters and tests, not for checkpoints. */
export async function readFloats(file: TensorFile, name: string): Promise<Float32Array<ArrayBuffer>> {
  const { dtype, shape } = tensorEntry(file, name);
  if (!floatDtypes.includes(dtype)) {
    throw new RetraceError({
      code: `${file.format}-dtype`,
      message: `Tensor ${name} is ${dtype}; F64, F32, F16 or BF16 is expected.`,
      where: `${file.source.name}, ${name}`,
      remedy: 'Save the tensors in one of these types.',
    });
  }
  const values = new Float32Array(elementsOf(shape));
  const size = DTYPE_BYTES[dtype];
  for await (const { offset, bytes } of readTensorPieces(file, name, windowBytes)) {
    const piece = widen(bytes, dtype);
    if (piece) values.set(piece, offset / size);
  }
  return values;
}
