// Blocks, what layers are made of: a sublayer in which tokens see each other (attention), then one that works on each token alone (a feed-forward pair).
// The inside of a feed-forward pair is the widest thing in a transformer. So, where it need not be kept, the second sublayer works on one chunk of tokens
// after the other; where a block runs again for its gradients, each chunk goes forward and back before the next.
// Not here: parts of a batch (policies/policy.ts). Invariant: chunks are whole blocks of rows and go in ascending order, so any number of them gives the
// same bits.

import { backward, requiresGradient } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import type { Inputs, Node } from '../graph/op.ts';
import { concatRows, splitRows } from '../graph/ops/parts.ts';
import type { Tensor } from '../graph/tensor.ts';

/** A map of hidden states [B, T, C], traced at each call. `given`: what it reads beside them and never changes, an earlier stack's result [B, S, C]. */
export type Mixing = (g: Graph, x: Tensor, given: readonly Tensor[]) => Tensor;
/** A map of hidden states [.., C], each token by itself. */
export type Rows = (g: Graph, x: Tensor) => Tensor;

/** x -> rows(mixing(x)), [B, T, C] to [B, T, C]. */
export interface Block {
  readonly mixing?: Mixing;
  readonly rows?: Rows;
}

/** Nodes of one call of a block, with its ends: x and what is given go in. */
export interface BlockTape {
  readonly tape: readonly Node[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** The whole block at once. */
export function wholeBlock(g: Graph, { mixing, rows }: Block, x: Tensor, given: readonly Tensor[]): Tensor {
  const mixed = mixing?.(g, x, given) ?? x;
  return rows?.(g, mixed) ?? mixed;
}

/** The whole block, to be differentiated. */
export function tapeBlock(g: Graph, block: Block, x: Tensor, given: readonly Tensor[]): BlockTape {
  const { result, tape } = g.record(() => wholeBlock(g, block, x, given));
  return { tape, inputs: [x, ...given], outputs: [result] };
}

/** Builds chunk after chunk: `build` gets the number of its first element and the chunk [N, C] of each of `wholes` [B, T, C]. */
function inChunks<R>(g: Graph, wholes: readonly Tensor[], build: (first: number, ...chunks: Tensor[]) => R): R[] {
  const [B, T, C] = (wholes[0] as Tensor).shape as [number, number, number];
  const count = Math.ceil((B * T) / g.tokensAtATime);
  if (count <= 1) return [build(0, ...wholes)];
  const chunks = wholes.map((whole) => splitRows(g, whole, count));
  const first = g.firstExample * T;
  let begin = 0;
  return (chunks[0] as Tensor[]).map((chunk, i) => {
    const result = g.rowsPerExample(T, () => g.examples(first + begin, () => build(begin * C, ...chunks.map((own) => own[i] as Tensor))));
    begin += chunk.shape[0] as number;
    return result;
  });
}

/** The block's first sublayer alone, where it has one. */
function tapeMixing(g: Graph, { mixing }: Block, x: Tensor, given: readonly Tensor[]): BlockTape | undefined {
  if (!mixing) return undefined;
  const { result, tape } = g.record(() => mixing(g, x, given));
  return { tape, inputs: [x, ...given], outputs: [result] };
}

/** The block's output, without a tape. */
export function runBlock(g: Graph, { mixing, rows }: Block, x: Tensor, given: readonly Tensor[]): Tensor {
  const mixed = mixing?.(g, x, given) ?? x;
  if (!rows) return mixed;
  return concatRows(
    g,
    inChunks(g, [mixed], (_, chunk) => rows(g, chunk)),
    mixed.shape,
  );
}

/** The same tape, as if it had read `x`, which has the same bits. */
function withInput({ tape, inputs: [old, ...given], outputs }: BlockTape, x: Tensor): BlockTape {
  const renamed = (named: Inputs): Inputs =>
    Object.fromEntries(Object.entries(named).map(([name, input]) => [name, input === old ? x : input]));
  return { tape: tape.map((node) => ({ ...node, inputs: renamed(node.inputs) })), inputs: [x, ...given], outputs };
}

/** What a block's output is subtracted from: `step` gets a chunk of `y`, the same chunk of the output and the number of their first element. */
export interface Undo {
  readonly y: Tensor; // [B, T, C]
  step(y: Tensor, output: Tensor, first: number): Tensor;
}

/** Which gradients are wanted beside those of parameters: of a layer's own streams, of what it is given. */
export interface Wanted {
  readonly own: boolean;
  readonly given: boolean;
}

/** Gradients; none where there is none or nothing below needs it. */
export type Gradients = readonly (Tensor | undefined)[];

/** What of x and what is given a gradient is wanted of, and the gradients by those places. */
export function soughtOf(
  [x, ...given]: readonly Tensor[],
  wanted: Wanted,
): { readonly sources: readonly Tensor[]; placed(found: Gradients): Gradients } {
  const own = wanted.own ? [x as Tensor] : [];
  return {
    sources: [...own, ...(wanted.given ? given : [])],
    placed: (found) => [wanted.own ? found[0] : undefined, ...given.map((_, i) => (wanted.given ? found[own.length + i] : undefined))],
  };
}

export interface Rebuilding {
  readonly given: readonly Tensor[];
  readonly wanted: Wanted;
  /** Takes the output chunk after chunk, which then never stands whole. */
  readonly undo?: Undo;
}

/**
 * Runs the block again and back at once: its output, or what `undo` makes of it, and the gradients of its input and of what is given, where they are
 * `wanted` and there are any. `read` makes the input, twice where the way back through the first sublayer reads it, so that it need not lie there while
 * the second one works.
 */
export function rebuildBlock(
  g: Graph,
  block: Block,
  read: () => Tensor,
  d_output: Tensor,
  { given, wanted, undo }: Rebuilding,
): { readonly output: Tensor; readonly d_inputs: Gradients } {
  const { rows } = block;
  const x = read();
  const before = tapeMixing(g, block, x, given);
  const mixed = before?.outputs[0] ?? x;
  const throughMixing = before !== undefined && (wanted.given || requiresGradient(before.tape, new Set()).has(mixed));
  const through = (first: number, x: Tensor, d_y: Tensor, undone?: Tensor) => {
    const { result: y, tape } = rows ? g.record(() => rows(g, x)) : { result: x, tape: [] };
    const output = undo && undone ? undo.step(undone, y, first) : y;
    const [d_x] = rows ? backward(g, tape, new Map([[y, d_y]]), wanted.own || throughMixing ? [x] : []) : [d_y];
    return { output, d_x };
  };
  const done = rows ? inChunks(g, [mixed, d_output, ...(undo ? [undo.y] : [])], through) : [through(0, mixed, d_output, undo?.y)];
  const together = (chunks: readonly Tensor[]) => concatRows(g, chunks, mixed.shape); // [B, T, C]
  const output = together(done.map((chunk) => chunk.output));
  const d_chunks = done.map(({ d_x }) => d_x).filter((d_x) => d_x !== undefined);
  const d_mixed = d_chunks.length === done.length ? together(d_chunks) : undefined;
  if (!before || !d_mixed) return { output, d_inputs: [wanted.own ? d_mixed : undefined] };
  const { tape, inputs } = withInput(before, read());
  const { sources, placed } = soughtOf(inputs, wanted);
  return { output, d_inputs: placed(backward(g, tape, new Map([[mixed, d_mixed]]), sources)) };
}
