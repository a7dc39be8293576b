// Parameters as Transformers stores them, and as the engine has them: a matrix of GPT-2 is [in, out] in files and [out, in] here. Checkpoints, exports and
// imports go through here, so that files have the field's shapes. Reads and writes nothing.

import type { Parameter } from '../graph/tensor.ts';

type Stored = Pick<Parameter, 'shape' | 'stored'>;

/** The shape that files have it in. */
export const storedShape = ({ shape, stored }: Stored): readonly number[] => (stored?.layout === 'transposed' ? shape.toReversed() : shape);

/** A matrix [rows, columns], row after row, as [columns, rows]. */
const turned = (values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> =>
  Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);

/** The engine's values in the order of a file. */
export function toStored({ shape, stored }: Stored, values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const [rows, columns] = shape as readonly [number, number];
  return stored?.layout === 'transposed' ? turned(values, rows, columns) : values;
}

/** A file's values in the engine's order. */
export function fromStored({ shape, stored }: Stored, values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const [rows, columns] = shape as readonly [number, number];
  return stored?.layout === 'transposed' ? turned(values, columns, rows) : values;
}
