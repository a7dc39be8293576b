// Parts of a batch: `split` gives consecutive examples of a tensor, `concat` puts parts together again. Neither moves a byte where it need not:
// parts of a split lie inside the whole, and a whole is laid where its parts are born (lower.ts).
// Invariant: parts begin at multiples of what a storage binding may begin at.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { bytesOfTensor } from '../ir.ts';

/** Offsets of storage bindings are multiples of this on every device (the default of minStorageBufferOffsetAlignment). */
export const bindingAlignment = 256;

type SplitAttributes = Attributes & { readonly counts: string };

const countsOf = (attributes: Attributes): number[] => (attributes as SplitAttributes).counts.split(',').map(Number);

const splitOp: Op<SplitAttributes> = {
  name: 'split',
  shapes([x], attributes) {
    const { shape, dtype } = x as Tensor;
    return countsOf(attributes).map((count) => ({ shape: [count, ...shape.slice(1)], dtype }));
  },
  view: 'split',
  vjp: ({ g, d_outputs }) => [concat(g, d_outputs as readonly Tensor[])],
  lower: () => [],
};

const concatOp: Op = {
  name: 'concat',
  shapes(inputs) {
    const parts = inputs as readonly Tensor[];
    const { shape, dtype } = parts[0] as Tensor;
    const odd = parts.find((part) => part.shape.slice(1).join() !== shape.slice(1).join() || part.dtype !== dtype);
    if (odd) throw new Error(`concat: [${odd.shape}] ${odd.dtype} beside [${shape}] ${dtype}`);
    return [{ shape: [parts.reduce((sum, part) => sum + (part.shape[0] as number), 0), ...shape.slice(1)], dtype }];
  },
  view: 'concat',
  vjp: ({ g, node, d_outputs }) =>
    split(
      g,
      d_outputs[0] as Tensor,
      node.inputs.map((part) => part?.shape[0] as number),
    ),
  lower: () => [],
};

/** Consecutive examples of x [B, ..]: `counts` of them, which sum to B. */
export function split(g: Graph, x: Tensor, counts: readonly number[]): Tensor[] {
  return counts.length === 1 ? [x] : g.apply(splitOp, [x], { counts: counts.join() });
}

/** The whole [B, ..] of parts in their order. */
export function concat(g: Graph, parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : g.apply1(concatOp, parts, {});
}

/**
 * Sizes of at most `parts` consecutive parts of the examples of `wholes` [B, ..], as equal as can be, so that each begins in every one of them at a
 * place that can be bound.
 */
export function partition(wholes: readonly Tensor[], parts: number): number[] {
  const B = wholes[0]?.shape[0] as number;
  const aligned = (examples: number) => wholes.every((whole) => ((bytesOfTensor(whole) / B) * examples) % bindingAlignment === 0);
  let unit = 1;
  while (unit < B && !aligned(unit)) unit++;
  const units = Math.ceil(B / unit);
  const count = Math.min(parts, units);
  const bounds = Array.from({ length: count + 1 }, (_, i) => Math.min(B, Math.round((i * units) / count) * unit));
  return bounds.slice(1).map((bound, i) => bound - (bounds[i] as number));
}
