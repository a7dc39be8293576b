// Parameters as Transformers stores them, and as the engine has them: a matrix of GPT-2 is [in, out] in files and [out, in] here, a bias of BART [1, V] and [V], patches of ViT
// [C, 3, p, p] and [C, 3·p·p]. Checkpoints, exports and imports go through here, so that files have the field's shapes. Reads and writes nothing.

import type { Parameter } from '../../graph/tensor.ts';
import { resizedGrid } from './resized_grid.ts';

type Stored = Pick<Parameter, 'shape' | 'stored'>;

/** The shape that files have it in. */
export function storedShape({ shape, stored }: Stored): readonly number[] {
  if (stored === undefined) return shape;
  return stored.layout === 'transposed' ? shape.toReversed() : stored.shape;
}

/** The grid that a checkpoint has where this parameter has another: side lengths, and the rows before it that are no part of it. */
export interface GridChange {
  readonly special: number;
  readonly from: number;
  readonly to: number;
}

/** How a checkpoint's tensor of `found` becomes this parameter: as it stands, by resizing its grid, or not at all. */
export function fitOf(parameter: Stored, found: readonly number[]): 'fits' | 'misfit' | GridChange {
  const expected = storedShape(parameter);
  if (found.join() === expected.join()) return 'fits';
  const { stored } = parameter;
  if (stored?.layout !== 'grid' || found.length !== 3 || found[0] !== 1 || found[2] !== expected[2]) return 'misfit';
  const sideOf = (shape: readonly number[]): number => Math.sqrt((shape[1] as number) - stored.special);
  const [from, to] = [sideOf(found), sideOf(expected)];
  return Number.isInteger(from) && from > 0 && Number.isInteger(to) ? { special: stored.special, from, to } : 'misfit';
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

/** A file's values in the engine's order; of a tensor of another shape, `found`, with its grid resized. */
export function fromStored(
  parameter: Stored,
  values: Float32Array<ArrayBuffer>,
  found: readonly number[] = storedShape(parameter),
): Float32Array<ArrayBuffer> {
  if (parameter.stored?.layout === 'transposed') return turned(values, storedShape(parameter));
  const fit = parameter.stored?.layout === 'grid' ? fitOf(parameter, found) : 'fits';
  return typeof fit === 'string' ? values : resizedGrid(values, fit);
}
