// Parameters as Transformers stores them, and as the engine has them: a matrix of GPT-2 is [in, out] in files and [out, in] here, a bias of BART [1, V] and [V]. Checkpoints, exports and
// imports go through here, so that files have the field's shapes. Reads and writes nothing.

import type { Parameter } from '../../graph/tensor.ts';

type Stored = Pick<Parameter, 'shape' | 'stored'>;

/** The shape that files have it in. */
export function storedShape({ shape, stored }: Stored): readonly number[] {
  if (stored === undefined) return shape;
  return stored.layout === 'transposed' ? shape.toReversed() : [1, ...shape];
}

/** The bytes of a matrix of `shape` as those of its transpose; an element has `size` of them. */
export function transposed(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array<ArrayBuffer> {
  const [rows, columns] = shape as readonly [number, number];
  const turned = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * size;
      const to = (column * rows + row) * size;
      for (let i = 0; i < size; i++) turned[to + i] = bytes[from + i] as number;
    }
  }
  return turned;
}

const turned = ({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>, shape: readonly number[]): Float32Array<ArrayBuffer> =>
  new Float32Array(transposed(new Uint8Array(buffer, byteOffset, byteLength), shape, 4).buffer);

/** The engine's values in the order of a file. */
export const toStored = ({ shape, stored }: Stored, values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
  stored?.layout === 'transposed' ? turned(values, shape) : values;

/** A file's values in the engine's order. */
export const fromStored = (parameter: Stored, values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
  parameter.stored?.layout === 'transposed' ? turned(values, storedShape(parameter)) : values;
