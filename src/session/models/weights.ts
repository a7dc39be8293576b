// Streams a checkpoint to the GPU in file order, in small pieces: f16 stays f16 where the plan keeps it so, everything else becomes f32.
// Invariant: the heap never holds more than a piece, or one tensor that is stored otherwise, and the driver no more copies of pieces than `bytesInFlight`; what is
// written is exactly what the plan has room for, and every number of it is finite.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ByteSource } from '../../formats/bytes.ts';
import { DTYPE_BYTES, type Dtype, elementsOf, readTensorPieces, type TensorEntry, widen } from '../../formats/tensor_file.ts';
import type { Executor } from '../../gpu/executor.ts';
import type { Registry } from '../../graph/registry.ts';
import type { Parameter } from '../../graph/tensor.ts';
import type { Checkpoint, StoredTensor } from '../../hub/checkpoint.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { BaseModel } from './base_model.ts';
import { placementsOf } from './required_weights.ts';
import { fitOf, fromStored, transposed } from './stored_form.ts';

const pieceBytes = 4 * 2 ** 20;

/** Bytes that are written and not yet on the GPU, at most, beside the piece that comes next: the driver keeps a copy of each until then. */
export const bytesInFlight = 32 * 2 ** 20;

interface Upload {
  readonly bytes: number;
  readonly there: Promise<void>;
}

/** Keeps what is written to the GPU and not there yet below `bytesInFlight`. */
export class Uploads {
  readonly #settled: () => Promise<void>;
  readonly #pending: Upload[] = [];
  #bytes = 0;

  /** `settled`: settles when all that was written is there. */
  constructor(settled: () => Promise<void>) {
    this.#settled = settled;
  }

  /** To be told of every piece that was written; settles when another one may be. */
  async written(bytes: number): Promise<void> {
    const there = this.#settled();
    // It is looked at when its turn comes; until then it must not count as unhandled.
    there.catch(() => undefined);
    this.#pending.push({ bytes, there });
    this.#bytes += bytes;
    while (this.#bytes > bytesInFlight) await this.#first();
  }

  /** Settles when all is there. */
  async end(): Promise<void> {
    while (this.#pending.length > 0) await this.#first();
  }

  async #first(): Promise<void> {
    const { bytes, there } = this.#pending.shift() as Upload;
    await there;
    this.#bytes -= bytes;
  }
}

/** Error `weights-not-finite`, with the first number that is none or does not fit f32. */
export function refuseNumber(entry: TensorEntry, element: number, value: number, where: string): never {
  const beyond = Number.isFinite(value);
  throw new RetraceError({
    code: 'weights-not-finite',
    message: beyond
      ? `The tensor '${entry.name}' holds ${value} at element ${element}, which is beyond the range of f32.`
      : `The tensor '${entry.name}' holds ${value} at element ${element}.`,
    where: `${where}: ${entry.name}`,
    remedy: 'The checkpoint is damaged, or its training diverged. Download it again, or choose another one.',
  });
}

/** Index of the first half that is an infinity or no number, or -1. */
function badHalf(halves: Uint16Array): number {
  for (let i = 0; i < halves.length; i++) if (((halves[i] as number) & 0x7c00) === 0x7c00) return i;
  return -1;
}

/** Index of the first float that is an infinity or no number, or -1. `x - x` is 0 for every other. */
export function badFloat(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (x - x !== 0) return i;
  }
  return -1;
}

/** A piece of whole elements as what a tensor of type `to` holds. `first` is the index of its first element. Error: `weights-not-finite`. */
function convert(bytes: Uint8Array, entry: TensorEntry, to: 'f32' | 'f16', first: number, where: string): Uint8Array<ArrayBuffer> {
  if (entry.dtype === 'F16' && to === 'f16') {
    const { buffer } = new Uint8Array(bytes);
    const bad = badHalf(new Uint16Array(buffer));
    if (bad >= 0) refuseNumber(entry, first + bad, widen(bytes.subarray(2 * bad, 2 * bad + 2), 'F16')?.[0] ?? Number.NaN, where);
    return new Uint8Array(buffer);
  }
  const values = widen(bytes, entry.dtype) as Float32Array<ArrayBuffer>;
  const bad = badFloat(values);
  if (bad >= 0) refuseNumber(entry, first + bad, numberAt(bytes, entry.dtype, bad) ?? (values[bad] as number), where);
  return new Uint8Array(values.buffer);
}

/** The number of an f64 tensor as it stands there, before it became f32. */
const numberAt = (bytes: Uint8Array, dtype: Dtype, i: number): number | undefined =>
  dtype === 'F64' ? new DataView(bytes.buffer, bytes.byteOffset).getFloat64(8 * i, true) : undefined;

/** The same bytes, hashed on their way once and in order: what is read past is read for the hash alone. */
class Hashed implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #update: (bytes: Uint8Array) => void;
  #reached = 0;

  constructor(source: ByteSource, update: (bytes: Uint8Array) => void) {
    this.name = source.name;
    this.size = source.size;
    this.#source = source;
    this.#update = update;
  }

  async read(begin: number, end: number): Promise<Uint8Array> {
    await this.upTo(begin);
    const bytes = await this.#source.read(begin, end);
    if (begin === this.#reached) {
      this.#update(bytes);
      this.#reached = end;
    }
    return bytes;
  }

  /** Hashes what lies before `end` and was not read yet. */
  async upTo(end: number): Promise<void> {
    while (this.#reached < end) {
      const to = Math.min(this.#reached + pieceBytes, end);
      this.#update(await this.#source.read(this.#reached, to));
      this.#reached = to;
    }
  }
}

interface PieceOfTensor {
  readonly stored: StoredTensor;
  /** Of the piece in the tensor, row-major, bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Every wanted tensor of a checkpoint in pieces, in file order, and its sha256: of several files, of their bytes in the order of names. */
export async function streamTensors(
  { files }: Checkpoint,
  wanted: ReadonlySet<string>,
  onPiece: (piece: PieceOfTensor) => Promise<void>,
  onProgress: (done: number, of: number) => void,
): Promise<string> {
  const hash = sha256.create();
  const of = files.reduce((sum, { source }) => sum + source.size, 0);
  let done = 0;
  for (const file of files) {
    const source = new Hashed(file.source, (bytes) => {
      hash.update(bytes);
      done += bytes.length;
      onProgress(done, of);
    });
    for (const entry of file.tensors.values()) {
      if (!wanted.has(entry.name)) continue;
      for await (const { offset, bytes } of readTensorPieces(file, entry.name, pieceBytes, source)) {
        await onPiece({ stored: { file, entry }, offset, bytes });
      }
    }
    await source.upTo(file.source.size);
  }
  return bytesToHex(hash.digest());
}

const placeOf = (model: BaseModel, { file }: StoredTensor): string => `${model.name}/${file.source.name}`;

/** Reads every pretrained number without keeping it. Error: `weights-not-finite`. */
export async function checkNumbers(
  model: BaseModel,
  placements: ReadonlyMap<string, StoredTensor>,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<void> {
  const seen = new Set([...placements.values()].map(({ entry }) => entry));
  const of = [...seen].reduce((sum, { begin, end }) => sum + end - begin, 0);
  let done = 0;
  for (const stored of placements.values()) {
    if (!seen.delete(stored.entry)) continue;
    const { dtype } = stored.entry;
    for await (const { offset, bytes } of readTensorPieces(stored.file, stored.entry.name, pieceBytes)) {
      convert(bytes, stored.entry, dtype === 'F16' ? 'f16' : 'f32', offset / DTYPE_BYTES[dtype], placeOf(model, stored));
      done += bytes.length;
      onProgress(Math.min(done, of), of);
    }
  }
}

/**
 * Writes every pretrained parameter; gives the checkpoint's sha256. `onProgress` counts bytes. Errors: as of `placementsOf`,
 * `weights-not-finite`.
 */
export async function streamWeights(
  model: BaseModel,
  registry: Registry,
  executor: Executor,
  onProgress: (done: number, of: number) => void,
): Promise<string> {
  const { checkpoint } = model;
  if (!checkpoint) throw new Error('streamWeights needs a checkpoint: requireRunnable comes first');
  // One tensor may be where several parameters start from.
  const started = new Map<string, Parameter[]>();
  for (const [name, { entry }] of placementsOf(model, registry.parameters.values())) {
    const parameter = registry.parameters.get(name) as Parameter;
    started.set(entry.name, [...(started.get(entry.name) ?? []), parameter]);
  }
  const gather = gathering();
  const uploads = new Uploads(() => executor.settled());
  const write = async (...piece: Piece) => uploads.written(writePiece(executor, ...piece));
  const sha256 = await streamTensors(
    checkpoint,
    new Set(started.keys()),
    async ({ stored, offset, bytes }) => {
      const where = placeOf(model, stored);
      const { dtype, shape } = stored.entry;
      const parameters = started.get(stored.entry.name) ?? [];
      const asHere = (parameter: Parameter): boolean => parameter.stored?.layout !== 'transposed' && fitOf(parameter, shape) === 'fits';
      for (const parameter of parameters.filter(asHere)) await write(parameter, stored.entry, offset, bytes, where);
      if (parameters.every(asHere)) return;
      // Numbers are looked at in the order of the file, so that one that is none is named by its place there.
      convert(bytes, stored.entry, dtype === 'F16' ? 'f16' : 'f32', offset / DTYPE_BYTES[dtype], where);
      const whole = gather(stored.entry, offset, bytes);
      if (!whole) return;
      for (const parameter of parameters.filter((one) => !asHere(one))) {
        const { entry, bytes: own } = asParameter(parameter, stored.entry, whole);
        await write(parameter, entry, 0, own, where);
      }
    },
    onProgress,
  );
  await uploads.end();
  return sha256;
}

/** A tensor whose numbers do not stand in the file as they stand here, as a parameter has them. */
function asParameter(parameter: Parameter, entry: TensorEntry, whole: Uint8Array): { entry: TensorEntry; bytes: Uint8Array } {
  if (parameter.stored?.layout === 'transposed') return { entry, bytes: transposed(whole, entry.shape, DTYPE_BYTES[entry.dtype]) };
  const values = fromStored(parameter, widen(whole, entry.dtype) as Float32Array<ArrayBuffer>, entry.shape);
  return { entry: { ...entry, dtype: 'F32' }, bytes: new Uint8Array(values.buffer) };
}

/** Gathers the pieces of one tensor at a time, which come in order: its bytes with the last of them. */
function gathering(): (entry: TensorEntry, offset: number, bytes: Uint8Array) => Uint8Array | undefined {
  let gathered = new Uint8Array();
  return ({ shape, dtype }, offset, bytes) => {
    if (offset === 0) gathered = new Uint8Array(elementsOf(shape) * DTYPE_BYTES[dtype]);
    gathered.set(bytes, offset);
    return offset + bytes.length === gathered.length ? gathered : undefined;
  };
}

type Piece = readonly [parameter: Parameter, entry: TensorEntry, offset: number, bytes: Uint8Array, where: string];

/** Writes a piece of a checkpoint tensor into those pieces of the parameter that it overlaps; gives the bytes that it wrote. */
function writePiece(executor: Executor, ...[parameter, entry, offset, bytes, where]: Piece): number {
  let written = 0;
  const size = DTYPE_BYTES[entry.dtype];
  const columns = parameter.shape.length > 1 ? parameter.shape.slice(1).reduce((product, n) => product * n, 1) : (parameter.shape[0] ?? 1);
  const begin = offset / size;
  const end = begin + bytes.length / size;
  for (const tensor of parameter.tensors) {
    const first = (tensor.rowBegin ?? 0) * columns;
    const last = first + (parameter.shape.length > 1 ? (tensor.shape[0] as number) : 1) * columns;
    const [from, to] = [Math.max(begin, first), Math.min(end, last)];
    if (from >= to) continue;
    const to_ = tensor.dtype === 'f16' ? 'f16' : 'f32';
    const converted = convert(bytes.subarray((from - begin) * size, (to - begin) * size), entry, to_, from, where);
    executor.writeTensor(tensor, converted, (from - first) * (to_ === 'f16' ? 2 : 4));
    written += converted.byteLength;
  }
  return written;
}
