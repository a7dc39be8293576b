// The tensors of a whole model in which what was trained is part of the weights: what each is called, and where its numbers come from. Writes nothing
// (merging.ts). Invariant: a tensor that nothing trained goes through byte for byte, and at most one is held whole at a time.

import { type WrittenType, writtenType } from '../../formats/model_folder.ts';
import type { SafetensorsLayout, TensorForm } from '../../formats/safetensors.ts';
import { narrow, readFloats, readTensorPieces, widen } from '../../formats/tensor_file.ts';
import type { Parameter } from '../../graph/tensor.ts';
import type { StoredTensor } from '../../hub/checkpoint.ts';
import { nameInClass, ownPooling } from '../../models/model.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { MergedType } from '../../protocol/messages.ts';
import type { ProgramSetup } from '../../train/programs.ts';
import type { ValuesByName } from '../../train/trainer.ts';
import type { BaseModel } from '../models/base_model.ts';
import { backboneParameters, placementsOf } from '../models/required_weights.ts';
import { fitOf, fromStored, storedShape, toStored } from '../models/stored_form.ts';
import { badFloat } from '../models/weights.ts';

const pieceBytes = 4 * 2 ** 20;

/** A tensor of the merged model's file. */
export interface MergedTensor extends TensorForm {
  readonly dtype: WrittenType;
  readonly parameter: Parameter;
  /** Where the base has it; a head is trained anew. */
  readonly stored?: StoredTensor;
}

/** A base, and what was trained on it. */
export interface Trained {
  readonly model: BaseModel;
  readonly setup: Pick<ProgramSetup, 'backbone' | 'method' | 'options' | 'pooling' | 'task'>;
  readonly trainables: readonly Parameter[];
}

/** Those of the base's backbone and of the head that was trained, as Transformers' model of the task names them. */
export function mergedTensors({ model, setup, trainables }: Trained, type: MergedType): MergedTensor[] {
  const { backbone, pooling = ownPooling(backbone), task } = setup;
  const { names } = backbone;
  const [prefix = ''] = names.prefixes;
  const pretrained = backboneParameters(model, setup.pooling).filter(({ owner }) => owner === 'backbone');
  const placements = placementsOf(model, pretrained);
  const typeOf = (stored: StoredTensor | undefined): WrittenType =>
    type === 'float32' ? 'F32' : writtenType(stored?.entry.dtype ?? 'F32');
  const ofBase = pretrained.flatMap((parameter) => {
    const stored = placements.get(parameter.name);
    const spelling = names.written?.(parameter.name) ?? parameter.name;
    const own = names.beside?.includes(parameter.name) ? parameter.name : prefix + spelling;
    // What a checkpoint may lack, Transformers makes.
    return stored ? [{ name: own, dtype: typeOf(stored), shape: storedShape(parameter), parameter, stored }] : [];
  });
  const dtype = typeOf(placements.get(names.anchor));
  const head = trainables
    .filter(({ owner }) => owner === 'head')
    .map((parameter) => ({
      ...{ name: nameInClass(backbone, pooling, task.head, parameter.name), dtype, shape: storedShape(parameter), parameter },
    }));
  return [...ofBase, ...head];
}

/** Values as a file has them. Error: `merge-not-finite`. */
function written(values: Float32Array<ArrayBuffer>, { name, dtype, parameter }: MergedTensor): Uint8Array<ArrayBuffer> {
  const bytes = narrow(toStored(parameter, values), dtype);
  const bad = badFloat(widen(bytes, dtype) ?? new Float32Array());
  if (bad < 0) return bytes;
  throw new RetraceError({
    code: 'merge-not-finite',
    message: `With what was trained in it, the tensor '${name}' has a number that ${dtype} can't hold, at element ${bad}.`,
    where: name,
    remedy: dtype === 'F32' ? 'The training diverged. Train again with a lower learning rate.' : 'Write the model in float32.',
  });
}

/** The bytes of a tensor, in order. Errors: `merge-not-finite`, `safetensors-*`, `torch-*`. */
async function* bytesOf(tensor: MergedTensor, { setup }: Trained, values: ValuesByName): AsyncGenerator<Uint8Array<ArrayBufferLike>> {
  const { parameter, stored, dtype } = tensor;
  const own = values.get(parameter.name);
  const change = parameter.owner === 'backbone' ? setup.method.merged?.(parameter, values, setup.options) : undefined;
  if (!stored || own || change || fitOf(parameter, stored.entry.shape) !== 'fits') {
    const before = own ?? (stored && fromStored(parameter, await readFloats(stored.file, stored.entry.name), stored.entry.shape));
    if (!before) throw new Error(`nothing is known of '${parameter.name}'`);
    yield written(change?.(before) ?? before, tensor);
    return;
  }
  const { file, entry } = stored;
  for await (const { bytes } of readTensorPieces(file, entry.name, pieceBytes)) {
    const widened = entry.dtype === dtype ? undefined : widen(bytes, entry.dtype);
    yield widened ? narrow(widened, dtype) : bytes;
  }
}

/** Gives every byte of the file to `write`, in order; `values` are those of what was trained. `onProgress` counts bytes. */
export async function writeTensors(
  { begin, tensors, bytes: of }: SafetensorsLayout<MergedTensor>,
  trained: Trained,
  values: ValuesByName,
  write: (bytes: Uint8Array) => Promise<void>,
  onProgress: (done: number, of: number) => void,
): Promise<void> {
  await write(begin);
  let done = begin.length;
  for (const tensor of tensors) {
    for await (const bytes of bytesOf(tensor, trained, values)) {
      await write(bytes);
      done += bytes.length;
      onProgress(done, of);
    }
  }
}
