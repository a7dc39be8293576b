// Parts of a whole: `split` gives consecutive examples (or tokens) of a tensor, `concat` puts parts together again. No byte moves where that can be
// avoided: parts of a split lie inside the whole, and parts that will be concatenated are written where the whole will lie (src/plan/lower.ts).
// They have no gradient: policies split a batch outside of tapes. Invariant: a part begins where a storage binding may begin.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import { bytesOfTensor, sizeOf, type Tensor } from '../tensor.ts';

/** Offsets of storage bindings are multiples of this on every device (the default of minStorageBufferOffsetAlignment). */
export const bindingAlignment = 256;

/** Outputs are named by their number: `0`, `1`... Objects keep such names in ascending order. */
type Parts = Readonly<Record<string, Tensor>>;

/** Parts are [examples, T, C]; with `rows` they are [tokens, C]. */
const splitOp: Op<{ readonly x: Tensor }, Parts, { readonly counts: string; readonly rows: boolean }> = {
  name: 'split',
  shapes({ x: { shape, dtype } }, { counts, rows }) {
    const specs = counts.split(',').map((count) => ({ shape: [Number(count), ...shape.slice(rows ? -1 : 1)], dtype }));
    return Object.fromEntries(specs.entries());
  },
  view: ({ inputs: { x }, outputs }) => ({ kind: 'split', whole: x, parts: Object.values(outputs) }),
  lower: () => [],
};

const concatOp: Op<{ readonly parts: readonly Tensor[] }, { readonly whole: Tensor }, { readonly shape: string }> = {
  name: 'concat',
  shapes({ parts }, attributes) {
    const dtype = parts[0]?.dtype ?? 'f32';
    const shape = attributes.shape.split(',').map(Number);
    const count = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
    if (count !== sizeOf(shape) || parts.some((part) => part.dtype !== dtype))
      throw new Error(`concat: parts of ${count} elements for ${dtype} [${shape}]`);
    return { whole: { shape, dtype } };
  },
  view: ({ inputs: { parts }, outputs: { whole } }) => ({ kind: 'concat', whole, parts }),
  lower: () => [],
};

/** The whole of `shape` of parts, of examples or of tokens, in their order. */
export const concatRows = (g: Graph, parts: readonly Tensor[], shape: readonly number[]): Tensor =>
  parts.length === 1 && parts[0]?.shape.join() === shape.join()
    ? (parts[0] as Tensor)
    : g.apply(concatOp, { parts }, { shape: shape.join() }).whole;

/** Consecutive examples of x [B, ..]: `counts` of them, which sum to B. */
export function split(g: Graph, x: Tensor, counts: readonly number[]): Tensor[] {
  return counts.length === 1 ? [x] : Object.values(g.apply(splitOp, { x }, { counts: counts.join(), rows: false }));
}

/** The whole [B, ..] of parts in their order. */
export function concat(g: Graph, parts: readonly Tensor[]): Tensor {
  const examples = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
  return concatRows(g, parts, [examples, ...(parts[0] as Tensor).shape.slice(1)]);
}

/** Sizes of at most `parts` parts, and at least one, as equal as can be. `ends`: where a part may end, ascending; the last one ends there. */
function evenly(ends: readonly number[], parts: number): number[] {
  const total = ends.at(-1) as number;
  const count = Math.max(1, Math.min(parts, ends.length));
  const sizes: number[] = [];
  let begin = 0;
  let at = 0;
  for (let part = 1; part <= count; part++) {
    const distance = (end: number) => Math.abs((ends[end] as number) - (part * total) / count);
    // Every part after this one needs an end of its own.
    const last = ends.length - 1 - (count - part);
    while (at < last && distance(at + 1) <= distance(at)) at++;
    const end = ends[at++] as number;
    sizes.push(end - begin);
    begin = end;
  }
  return sizes;
}

/** Most rows of a block of a sum over rows, as in shaders/prelude.wgsl. */
const block = 64;

/** Ends of the blocks of B examples of T rows, ascending. */
function* blockEnds(B: number, T: number): Generator<number> {
  for (let b = 0; b < B; b++) for (let t = 0; t < T; t += block) yield b * T + Math.min(T, t + block);
}

/** The tokens of x [B, T, C] in about `count` chunks [N, C], one after the other, each of whole blocks. */
export function splitRows(g: Graph, x: Tensor, count: number): Tensor[] {
  const [B, T] = x.shape as [number, number, number];
  const rowBytes = bytesOfTensor(x) / (B * T);
  const ends = [...blockEnds(B, T)].filter((end) => (end * rowBytes) % bindingAlignment === 0 || end === B * T);
  return Object.values(g.apply(splitOp, { x }, { counts: evenly(ends, count).join(), rows: true }));
}

/**
 * Sizes of at most `parts` consecutive parts of the examples of `wholes` [B, ..], as equal as can be, so that each begins in every one of them at a
 * place that can be bound.
 */
export function partition(wholes: readonly Tensor[], parts: number): number[] {
  const B = wholes[0]?.shape[0] as number;
  const aligned = (examples: number) => wholes.every((whole) => ((bytesOfTensor(whole) / B) * examples) % bindingAlignment === 0);
  const ends = Array.from({ length: B }, (_, i) => i + 1).filter((end) => end === B || aligned(end));
  return evenly(ends, parts);
}
