// The tensors of an adapter's file, in and out, whatever its layout. Invariant: a file has exactly the tensors that are asked for, in their shapes,
// all finite.

import { type AdapterArchive, type AdapterTensor, fileOf, refuseAdapter, type TensorSpec } from './adapter_archive.ts';
import { bytesOf } from './bytes.ts';
import type { TensorToWrite } from './safetensors.ts';
import { readFloats, type TensorFile } from './tensor_file.ts';
import { openTensorFile } from './tensor_formats.ts';

/** Opens the tensor file of an adapter: `preferred`, or `otherwise` where that alone is there. */
export function openTensors(files: ReadonlyMap<string, Uint8Array>, preferred: string, otherwise = preferred): Promise<TensorFile> {
  const path = files.has(otherwise) && !files.has(preferred) ? otherwise : preferred;
  return openTensorFile(bytesOf(path, fileOf(files, path)));
}

const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * Exactly the tensors of `specs`, as f32; `nameInFile` says what each is called there.
 * Errors: `missing-tensor`, `misshapen-tensor`, `unknown-tensor`, `not-finite`, each with name, expected and found.
 */
export async function readTensors(
  file: TensorFile,
  specs: readonly TensorSpec[],
  nameInFile: (name: string) => string = (name) => name,
): Promise<Map<string, AdapterTensor>> {
  const path = file.source.name;
  const tensors = new Map<string, AdapterTensor>();
  const expected = new Set<string>();
  for (const { name, shape } of specs) {
    const stored = nameInFile(name);
    const entry = file.tensors.get(stored);
    const where = `${path}, ${stored}`;
    expected.add(stored);
    if (entry === undefined) {
      refuseAdapter('missing-tensor', `${path} has no tensor ${stored} (expected ${shown(shape)}) among its ${file.tensors.size}.`, where);
    }
    if (shown(entry.shape) !== shown(shape)) {
      refuseAdapter('misshapen-tensor', `Tensor ${stored} has shape ${shown(entry.shape)}, expected ${shown(shape)}.`, where);
    }
    const data = await readFloats(file, stored);
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) refuseAdapter('not-finite', `Tensor ${stored} holds ${data[bad]} at element ${bad}.`, where);
    tensors.set(name, { shape, data });
  }
  const surplus = [...file.tensors.keys()].filter((name) => !expected.has(name));
  if (surplus[0] !== undefined) {
    const count = `${surplus.length} of ${file.tensors.size} tensors`;
    refuseAdapter('unknown-tensor', `${path} has ${count} that the method does not know: ${surplus[0]}.`, `${path}, ${surplus[0]}`);
  }
  return tensors;
}

/** Tensors ready for a safetensors file, in f32. */
export function tensorsToWrite(tensors: AdapterArchive['tensors'], nameInFile: (name: string) => string = (name) => name): TensorToWrite[] {
  return [...tensors].map(([name, { shape, data }]) => ({
    name: nameInFile(name),
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
}
