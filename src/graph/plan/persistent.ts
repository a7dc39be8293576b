// Lays out what lives for a whole run: frozen weights, trainable parameters with their gradients and optimizer moments, small states. Trainables are
// packed by weight decay, so that an update is a few dispatches over ranges whatever the number of parameters.
// Invariant: a parameter has the same offset in the trainable, gradient and moment buffers.

import type { Category } from '../../protocol/config.ts';
import { bytesOfTensor, type Parameter, type Registry, type Tensor } from '../ir.ts';
import { aligned } from './arena.ts';
import type { BufferSpec, Placement } from './buffers.ts';

/** A packed range of trainables with equal optimizer settings, as tensors of its own. */
export interface TrainableRange {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly exp_avg: Tensor;
  readonly exp_avg_sq: Tensor;
  readonly decay: boolean;
  /** What is packed: tensors of parameters and their byte offsets. */
  readonly pieces: readonly { readonly tensor: Tensor; readonly offset: number }[];
}

/** The packed tensors of a range. */
export type RangeKind = 'parameter' | 'gradient' | 'exp_avg' | 'exp_avg_sq';

export interface PersistentLayout {
  readonly buffers: BufferSpec[];
  readonly placements: Map<Tensor, Placement>;
  readonly ranges: TrainableRange[];
}

/** Cuts (tensor, bytes) items into buffers of at most `chunk` bytes, in order. */
function fill(items: readonly { tensor: Tensor; bytes: number }[], chunk: number): { tensor: Tensor; bytes: number; offset: number }[][] {
  const buffers: { tensor: Tensor; bytes: number; offset: number }[][] = [];
  let used = chunk;
  for (const item of items) {
    if (used + item.bytes > chunk) {
      buffers.push([]);
      used = 0;
    }
    buffers.at(-1)?.push({ ...item, offset: used });
    used += item.bytes;
  }
  return buffers;
}

const extentOf = (items: readonly { offset: number; bytes: number }[]): number => {
  const last = items.at(-1);
  return last ? last.offset + last.bytes : 0;
};

const tensorsOf = (parameters: readonly Parameter[]) =>
  parameters.flatMap(({ tensors }) => tensors.map((tensor) => ({ tensor, bytes: aligned(bytesOfTensor(tensor)) })));

export function layOutPersistent(registry: Registry, chunk: number): PersistentLayout {
  const buffers: BufferSpec[] = [];
  const placements = new Map<Tensor, Placement>();
  const ranges: TrainableRange[] = [];
  const addBuffer = (label: string, category: Category, bytes: number): number =>
    buffers.push({ label, bytes, usage: 'storage', categories: { [category]: bytes } }) - 1;

  const parameters = [...registry.parameters.values()];
  for (const [i, items] of fill(tensorsOf(parameters.filter((p) => !p.trainable)), chunk).entries()) {
    const buffer = addBuffer(`weights ${i}`, 'weights', extentOf(items));
    for (const { tensor, offset } of items) placements.set(tensor, { buffer, offset, bytes: bytesOfTensor(tensor) });
  }

  for (const decay of [true, false]) {
    // A range is bound whole, so it is at most one binding on a device with default limits.
    const packed = fill(tensorsOf(parameters.filter((p) => p.trainable && p.decay === decay)), registry.maxBinding);
    for (const [i, items] of packed.entries()) {
      const bytes = extentOf(items);
      const name = `${decay ? 'decayed' : 'plain'} ${i}`;
      const place = (label: string, category: Category) => {
        const buffer = addBuffer(`${label} ${name}`, category, bytes);
        const range = registry.tensor({ name: `${label} ${name}`, shape: [bytes / 4], dtype: 'f32', role: 'state' });
        placements.set(range, { buffer, offset: 0, bytes });
        return { buffer, range };
      };
      const parameter = place('adapter', 'adapter');
      const gradient = place('gradient', 'gradient');
      const exp_avg = place('exp_avg', 'optimizer').range;
      const exp_avg_sq = place('exp_avg_sq', 'optimizer').range;
      for (const { tensor, offset } of items) {
        const own = bytesOfTensor(tensor);
        placements.set(tensor, { buffer: parameter.buffer, offset, bytes: own });
        const d_tensor = registry.gradients.get(tensor.id);
        if (d_tensor) placements.set(d_tensor, { buffer: gradient.buffer, offset, bytes: own });
      }
      ranges.push({ parameter: parameter.range, gradient: gradient.range, exp_avg, exp_avg_sq, decay, pieces: items });
    }
  }
  return { buffers, placements, ranges };
}
