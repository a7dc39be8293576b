// Blocks, what layers are made of: a sublayer in which tokens see each other (attention), then one that works on each token alone (a feed-forward pair).
// The inside of a feed-forward pair is the widest thing in a transformer. So, where it need not be kept, the second sublayer works on one chunk of tokens
// after the other; where a block runs again for its gradients, each chunk goes forward and back before the next.
// Not here: parts of a batch (policies/policy.ts). Invariant: chunks go in ascending order, so any number of them gives the same bits.

import { backward, requiresGradient } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import type { Node } from '../graph/op.ts';
import { concatRows, splitRows } from '../graph/ops/parts.ts';
import type { Tensor } from '../graph/tensor.ts';

/** A map of hidden states [B, T, C], traced at each call. */
export type Sublayer = (g: Graph, x: Tensor) => Tensor;

/** x -> rows(mixing(x)), [B, T, C] to [B, T, C]. `rows` maps [.., C] to [.., C], each token by itself. */
export interface Block {
  readonly mixing?: Sublayer;
  readonly rows?: Sublayer;
}

/** Nodes of one call of a block, with its ends. */
export interface BlockTape {
  readonly tape: readonly Node[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** The whole block at once. */
export function wholeBlock(g: Graph, { mixing, rows }: Block, x: Tensor): Tensor {
  const mixed = mixing?.(g, x) ?? x;
  return rows?.(g, mixed) ?? mixed;
}

/** The whole block, to be differentiated. */
export function tapeBlock(g: Graph, block: Block, x: Tensor): BlockTape {
  const { result, tape } = g.record(() => wholeBlock(g, block, x));
  return { tape, inputs: [x], outputs: [result] };
}

/** Builds chunk after chunk: `build` gets the chunk [N, C] of each of `wholes` [B, T, C]. */
function inChunks<R>(g: Graph, wholes: readonly Tensor[], build: (...chunks: Tensor[]) => R): R[] {
  const [B, T] = (wholes[0] as Tensor).shape as [number, number];
  const count = Math.ceil((B * T) / g.tokensAtATime);
  if (count <= 1) return [build(...wholes)];
  const chunks = wholes.map((whole) => splitRows(g, whole, count));
  const first = g.firstExample * T;
  let begin = 0;
  return (chunks[0] as Tensor[]).map((chunk, i) => {
    const result = g.examples(first + begin, () => build(...chunks.map((own) => own[i] as Tensor)));
    begin += chunk.shape[0] as number;
    return result;
  });
}

/** The block's first sublayer alone, where it has one. */
export function tapeMixing(g: Graph, { mixing }: Block, x: Tensor): BlockTape | undefined {
  if (!mixing) return undefined;
  const { result, tape } = g.record(() => mixing(g, x));
  return { tape, inputs: [x], outputs: [result] };
}

/** The block's output, without a tape. `before`: its first sublayer, where that has run already. */
export function runBlock(g: Graph, { mixing, rows }: Block, x: Tensor, before?: BlockTape): Tensor {
  const mixed = before?.outputs[0] ?? mixing?.(g, x) ?? x;
  if (!rows) return mixed;
  return concatRows(
    g,
    inChunks(g, [mixed], (chunk) => rows(g, chunk)),
    mixed.shape,
  );
}

/**
 * Runs the block again and back at once: its output, and the gradient of its input where it is `wanted` and there is one. `before`: its first sublayer,
 * where that need not run again.
 */
export function rebuildBlock(
  g: Graph,
  block: Block,
  x: Tensor,
  d_output: Tensor,
  wanted: boolean,
  before = tapeMixing(g, block, x),
): { readonly output: Tensor; readonly d_input: Tensor | undefined } {
  const { rows } = block;
  const mixed = before?.outputs[0] ?? x;
  const mixingTrains = before ? requiresGradient(before.tape, new Set()).has(mixed) : false;
  const through = (x: Tensor, d_y: Tensor) => {
    if (!rows) return { y: x, d_x: d_y };
    const { result: y, tape } = g.record(() => rows(g, x));
    return { y, d_x: backward(g, tape, new Map([[y, d_y]]), wanted || mixingTrains ? [x] : [])[0] };
  };
  const done = rows ? inChunks(g, [mixed, d_output], through) : [through(mixed, d_output)];
  const together = (chunks: readonly Tensor[]) => concatRows(g, chunks, mixed.shape); // [B, T, C]
  const output = together(done.map(({ y }) => y));
  const d_chunks = done.map(({ d_x }) => d_x).filter((d_x) => d_x !== undefined);
  const d_mixed = d_chunks.length === done.length ? together(d_chunks) : undefined;
  if (!before || !d_mixed) return { output, d_input: wanted ? d_mixed : undefined };
  const [d_input] = backward(g, before.tape, new Map([[mixed, d_mixed]]), wanted ? before.inputs : []);
  return { output, d_input };
}
