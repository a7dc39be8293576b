// Streams a checkpoint to the GPU in file order, in small pieces: f16 stays f16 where the plan keeps it so, everything else is widened to f32.
// Invariant: the heap never holds more than a piece, and what is written is exactly what the plan has room for.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { bf16ToF32, f16ToF32 } from '../formats/half.ts';
import { DTYPE_BYTES, type Dtype, readTensorPieces, type TensorEntry } from '../formats/tensor_file.ts';
import type { Executor } from '../gpu/executor.ts';
import type { Parameter, Registry } from '../graph/ir.ts';
import { RetraceError } from '../protocol/errors.ts';
import { type BaseModel, requireCheckpoint } from './base_model.ts';

const pieceBytes = 4 * 2 ** 20;

/** Converts a piece of whole elements to what a tensor of `dtype` holds. */
function convert(bytes: Uint8Array, from: Dtype, to: 'f32' | 'f16', where: string): Uint8Array<ArrayBuffer> {
  const { buffer } = Uint8Array.from(bytes);
  if ((from === 'F32' && to === 'f32') || (from === 'F16' && to === 'f16')) return new Uint8Array(buffer);
  if (from === 'F16' && to === 'f32') return new Uint8Array(Float32Array.from(new Uint16Array(buffer), f16ToF32).buffer);
  if (from === 'BF16' && to === 'f32') return new Uint8Array(Float32Array.from(new Uint16Array(buffer), bf16ToF32).buffer);
  throw new RetraceError({
    code: 'unsupported-dtype',
    message: `The tensor is ${from}; F32, F16 or BF16 is expected.`,
    where,
    remedy: 'Save the model in one of these types.',
  });
}

function checkShape(model: BaseModel, parameter: Parameter, entry: TensorEntry | undefined): TensorEntry {
  const place = `${model.name}/model.safetensors`;
  if (!entry) {
    throw new RetraceError({
      code: 'missing-tensor',
      message: `The checkpoint has no tensor '${parameter.name}' of shape [${parameter.shape.join(', ')}] (looked for it with and without the model's prefix).`,
      where: place,
      remedy: 'The weights and config.json do not belong together, or the file lacks a part (a pooler, for instance: choose mean pooling).',
    });
  }
  if (entry.shape.join() !== parameter.shape.join()) {
    throw new RetraceError({
      code: 'misshapen-tensor',
      message: `The tensor '${entry.name}' has the shape [${entry.shape.join(', ')}]; config.json asks for [${parameter.shape.join(', ')}].`,
      where: `${place}: ${entry.name}`,
      remedy: 'The weights and config.json do not belong together. Choose the folder of one model.',
    });
  }
  return entry;
}

/**
 * What of the checkpoint goes where: by entry name, whose values one or several parameters start from. A head in the file is used where its shape
 * fits, as Transformers does. Errors: `missing-tensor`, `misshapen-tensor`.
 */
export function wanted(model: BaseModel, registry: Registry): Map<string, readonly Parameter[]> {
  const byEntry = new Map<string, Parameter[]>();
  const add = ({ name }: TensorEntry, parameter: Parameter) => byEntry.set(name, [...(byEntry.get(name) ?? []), parameter]);
  for (const parameter of registry.parameters.values()) {
    const entry = model.entry(parameter.name);
    if (parameter.initial.from === 'checkpoint') add(checkShape(model, parameter, entry), parameter);
    else if (entry && entry.shape.join() === parameter.shape.join()) add(entry, parameter);
  }
  return byEntry;
}

/** Writes every pretrained parameter; gives the checkpoint's sha256. `onProgress` counts bytes. */
export async function streamWeights(
  model: BaseModel,
  registry: Registry,
  executor: Executor,
  onProgress: (done: number, of: number) => void,
): Promise<string> {
  const file = await requireCheckpoint(model);
  const parameters = wanted(model, registry);
  const hash = sha256.create();
  const first = Math.min(...[...file.tensors.values()].map(({ begin }) => begin));
  hash.update(await file.source.read(0, first));
  let done = first;
  for (const entry of file.tensors.values()) {
    for await (const { offset, bytes } of readTensorPieces(file, entry.name, pieceBytes)) {
      hash.update(bytes);
      for (const parameter of parameters.get(entry.name) ?? [])
        await writePiece(executor, parameter, entry, offset, bytes, `${model.name}/model.safetensors: ${entry.name}`);
      done += bytes.length;
      onProgress(done, file.source.size);
    }
  }
  return bytesToHex(hash.digest());
}

/** Writes a piece of a checkpoint tensor into those row pieces of the parameter that it overlaps. */
async function writePiece(
  executor: Executor,
  parameter: Parameter,
  entry: TensorEntry,
  offset: number,
  bytes: Uint8Array,
  where: string,
): Promise<void> {
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
    const converted = convert(bytes.subarray((from - begin) * size, (to - begin) * size), entry.dtype, to_, where);
    executor.writeTensor(tensor, converted, (from - first) * (to_ === 'f16' ? 2 : 4));
  }
  // Lets the queue drain, so that the staging copies of the driver do not pile up.
  await executor.settled();
}
