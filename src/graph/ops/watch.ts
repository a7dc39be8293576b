// watch: the largest magnitude at named places of a program (after a layer, say), kept in one small tensor that the host reads after each step.
// Not here: what the numbers mean (src/train/status.ts).
// Invariant: a place has the same slot in every program of a run; slots are given in the order in which places are first named.

import { RetraceError } from '../../protocol/errors.ts';
import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

/** Places that a run can watch: enough for 128 layers with two streams each, and what float streams lose in them. */
export const statusSlots = 512;

/** The watched places of a run, each with its slot in the status. */
export class WatchedPlaces {
  readonly #slots = new Map<string, number>();

  /** Error: `too-many-layers`. */
  slot(place: string): number {
    const known = this.#slots.get(place);
    if (known !== undefined) return known;
    if (this.#slots.size >= statusSlots) throw tooManyLayers(place);
    this.#slots.set(place, this.#slots.size);
    return this.#slots.size - 1;
  }

  /** By slot. */
  get names(): readonly string[] {
    return [...this.#slots.keys()];
  }
}

const tooManyLayers = (place: string) =>
  new RetraceError({
    code: 'too-many-layers',
    message: `The model has more layers than the ${statusSlots} places that a run can watch; '${place}' has none.`,
    where: place,
    remedy: 'Use a model of fewer layers. Layers that are undone over float streams take four places each, all others at most two.',
  });

/** The status: the largest magnitude per watched place, as f32 bits. */
export const statusOf = (g: Graph): Tensor => g.registry.result('status', [statusSlots], 'u32');

/** Attribute of an op that reports at a place. */
export type Slot = { readonly slot: number };

export const slotOf = (g: Graph, place: string): number => g.registry.shared(WatchedPlaces).slot(place);

const countOf = ({ shape }: Tensor) => ({ count: sizeOf(shape) });

const watchOp: Op<{ readonly x: Tensor; readonly status: Tensor }, NoTensors, Slot> = {
  name: 'watch',
  shapes: () => ({}),
  accumulates: ['status'],
  lower: ({ inputs, attributes: { slot } }) => [{ kernel: 'watch', tensors: inputs, uniforms: { ...countOf(inputs.x), slot } }],
};

/** Reports the largest magnitude of x (and whether it is finite) in the status, under `place`. */
export const watch = (g: Graph, x: Tensor, place: string): void => {
  g.apply(watchOp, { x, status: statusOf(g) }, { slot: slotOf(g, place) });
};

const differenceOp: Op<{ readonly a: Tensor; readonly b: Tensor; readonly status: Tensor }, NoTensors, Slot> = {
  name: 'max_difference',
  shapes: () => ({}),
  accumulates: ['status'],
  lower: ({ inputs, attributes: { slot } }) => [{ kernel: 'max_difference', tensors: inputs, uniforms: { ...countOf(inputs.a), slot } }],
};

/** Reports max |a - b| over the elements of `a` in the status, under `place`. */
export const watchDifference = (g: Graph, a: Tensor, b: Tensor, place: string): void => {
  g.apply(differenceOp, { a, b, status: statusOf(g) }, { slot: slotOf(g, place) });
};
