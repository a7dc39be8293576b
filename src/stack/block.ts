// Blocks, what layers are made of: a piece in which tokens see each other, then a piece that works on each token alone. Where a block is not taped it
// works on few tokens at a time in its second piece, and where it runs again for its backward it does so there and back, few tokens after few: the
// inside of a feed-forward pair is the widest thing in a transformer.
// Not here: parts of a batch (policies/policy.ts). Invariant: tokens go in ascending order, so any number at a time gives the same bits.

import { backward, requiresGradient } from '../graph/differentiate.ts';
import type { Graph, Tensor } from '../graph/ir.ts';
import type { Node } from '../graph/op.ts';
import { concatRows, splitRows } from '../graph/ops/parts.ts';

/** A map of hidden states, traced at each call. */
export type Piece = (g: Graph, x: Tensor) => Tensor;

/** x -> rows(mixing(x)), [B, T, C] to [B, T, C]. `rows` maps [.., C] to [.., C], each token by itself. */
export interface Block {
  readonly mixing?: Piece;
  readonly rows?: Piece;
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

/** Builds for few tokens after few: `build` gets those tokens of each of `wholes` [B, T, ..] as [N, ..]. */
function inRows<R>(g: Graph, wholes: readonly Tensor[], build: (...parts: Tensor[]) => R): R[] {
  const [B, T] = (wholes[0] as Tensor).shape as [number, number];
  const count = Math.ceil((B * T) / g.tokensAtATime);
  if (count <= 1) return [build(...wholes)];
  const pieces = wholes.map((whole) => splitRows(g, whole, count));
  const first = g.firstExample * T;
  let begin = 0;
  return (pieces[0] as Tensor[]).map((piece, i) => {
    const result = g.examples(first + begin, () => build(...pieces.map((own) => own[i] as Tensor)));
    begin += piece.shape[0] as number;
    return result;
  });
}

/** The block's first piece alone, where it has one. */
export function tapeMixing(g: Graph, { mixing }: Block, x: Tensor): BlockTape | undefined {
  if (!mixing) return undefined;
  const { result, tape } = g.record(() => mixing(g, x));
  return { tape, inputs: [x], outputs: [result] };
}

/** The block's output, for nobody to differentiate; its first piece may have run already. */
export function runBlock(g: Graph, { mixing, rows }: Block, x: Tensor, before?: BlockTape): Tensor {
  const mixed = before?.outputs[0] ?? mixing?.(g, x) ?? x;
  if (!rows) return mixed;
  return concatRows(
    g,
    inRows(g, [mixed], (part) => rows(g, part)),
    mixed.shape,
  );
}

/**
 * The block again, and back at once: its output, and the gradient of its input where it is `wanted` and there is one. `before`: its first piece,
 * which need not run again.
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
  const through = (part: Tensor, d_part: Tensor) => {
    if (!rows) return { output: part, d_part };
    const { result: output, tape } = g.record(() => rows(g, part));
    return { output, d_part: backward(g, tape, new Map([[output, d_part]]), wanted || mixingTrains ? [part] : [])[0] };
  };
  const parts = rows ? inRows(g, [mixed, d_output], through) : [through(mixed, d_output)];
  const together = (pieces: readonly Tensor[]) => concatRows(g, pieces, mixed.shape);
  const output = together(parts.map((part) => part.output));
  const d_parts = parts.map(({ d_part }) => d_part).filter((d) => d !== undefined);
  const d_mixed = d_parts.length === parts.length ? together(d_parts) : undefined;
  if (!before || !d_mixed) return { output, d_input: wanted ? d_mixed : undefined };
  const [d_input] = backward(g, before.tape, new Map([[mixed, d_mixed]]), wanted ? before.inputs : []);
  return { output, d_input };
}
