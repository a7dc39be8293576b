// A memory policy: how the activations of a range of layers come back in the backward pass. A policy knows layers, never a method.
// Layers work on a batch in parts, one after the other: examples do not see each other, so a layer's own buffers are those of one part.
// Invariant: parts go in ascending order, forward and backward, and sums over rows go by blocks, which no part cuts, so any number of parts gives the same
// bits.
// An exception are weights that several layers share: `checkpoint` runs a segment of layers back part after part, which sums them in another order.

import type { Graph } from '../../graph/graph.ts';
import { concat, split } from '../../graph/ops/parts.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { PolicyName } from '../../protocol/config.ts';
import type { Wanted } from '../block.ts';
import { type Boundary, type ForwardResult, type Keep, type Layer, withGiven } from '../layers.ts';

/** Runs a range of layers; `backward` later maps the gradients of the output streams to those of the input streams. */
export interface RangeRun {
  readonly streams: readonly Tensor[];
  /** `above`: the range's output streams, as the range above has left or rebuilt them, and their gradients. `wanted`: of the input. */
  backward(above: Boundary, wanted: Wanted): Boundary;
}

export interface PolicyContext {
  readonly g: Graph;
  /** Examples of each part of the batch. */
  readonly parts: readonly number[];
  /** Streams, the last ones, that are given to all layers; left out: none. */
  readonly given?: number;
}

export interface Policy {
  readonly name: PolicyName;
  /** Layers work on the whole batch at a time: all that parts would free is kept anyway. */
  readonly wholeBatch?: true;
  run(context: PolicyContext, layers: readonly Layer[], streams: readonly Tensor[]): RangeRun;
}

/** Builds part after part: `build` gets each list of tensors (streams, gradients) of the part alone, and the part's number. */
export function inParts<R>(
  { g, parts }: PolicyContext,
  wholes: readonly (readonly (Tensor | undefined)[])[],
  build: (part: number, ...lists: (Tensor | undefined)[][]) => R,
): R[] {
  const splits = wholes.map((list) => list.map((whole) => whole && split(g, whole, parts)));
  let begin = 0;
  return parts.map((count, part) => {
    const lists = splits.map((list) => list.map((own) => own?.[part]));
    const result = g.examples(begin, () => build(part, ...lists));
    begin += count;
    return result;
  });
}

/** Lists of tensors of each part, put together again. */
export function together({ g }: PolicyContext, lists: readonly (readonly (Tensor | undefined)[])[]): (Tensor | undefined)[] {
  return (lists[0] ?? []).map(
    (first, i) =>
      first &&
      concat(
        g,
        lists.map((list) => list[i] as Tensor),
      ),
  );
}

/** What is wanted of a layer (or range) that has others below it, or of the lowest. */
export const wantedOf = (wanted: Wanted, hasBelow: boolean): Wanted => ({ ...wanted, own: wanted.own || hasBelow });

/** One layer forward, part after part: the streams above it, given ones last, and what each part gave. */
export function forwardLayer(
  context: PolicyContext,
  layer: Layer,
  streams: readonly Tensor[],
  keep: Keep,
): { streams: readonly Tensor[]; results: readonly ForwardResult[] } {
  const results = inParts(context, [streams], (_, part) => layer.forward(context.g, part as Tensor[], keep));
  const above = together(
    context,
    results.map((result) => result.streams),
  );
  return { streams: withGiven(above as Tensor[], streams), results };
}
