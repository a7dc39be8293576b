// The loss of rows, each of which a head makes its outputs from by itself: few rows after few, forward and back at once, so that logits [R, V] and
// their gradients are never there whole. A classifier's rows are the batch's examples; a vocabulary head's are its tokens, and their logits would be
// the widest thing of a step. Not here: what head and loss are (the task's).
// Invariant: rows go in ascending order, so any number at a time gives the same bits.

import { backward } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { accumulateSum } from '../graph/ops/loss.ts';
import { partition } from '../graph/ops/parts.ts';
import type { Tensor } from '../graph/tensor.ts';
import { inParts, together } from '../stack/policies/policy.ts';
import { metricSlots, metricsOf } from './update.ts';

/** Outputs [N, V] of rows [N, C]. */
export type RowHead = (g: Graph, rows: Tensor) => Tensor;
/** Losses, or other scores, [N] of outputs [N, V] and targets [N]. */
export type OutputLoss = (g: Graph, outputs: Tensor, targets: Tensor) => Tensor;

/** Parts of the rows, of `g.tokensAtATime` each. */
const partsOf = (g: Graph, wholes: readonly [Tensor, ...Tensor[]]): number[] =>
  partition(wholes, Math.ceil((wholes[0].shape[0] as number) / g.tokensAtATime));

/**
 * Adds the losses of rows [R, C] with targets [R] to the step's loss and the head's gradients to theirs; the gradient
 * of the rows, where it is wanted. `added` [R, V] is added to the outputs. `g.tokensAtATime` rows go at a time.
 */
export function rowLoss(
  g: Graph,
  rows: Tensor,
  { head, targets, added, loss }: { readonly head: RowHead; readonly targets: Tensor; readonly added?: Tensor; readonly loss: OutputLoss },
  wanted: boolean,
): Tensor | undefined {
  const parts = partsOf(g, [rows, targets, ...(added ? [added] : [])]);
  const results = inParts({ g, parts }, [[rows, targets, added]], (part, [own, ownTargets, ownAdded]) => {
    const forward = () => {
      const made = head(g, own as Tensor);
      const outputs = ownAdded ? add(g, made, ownAdded) : made;
      return g.scope('loss', () => loss(g, outputs, ownTargets as Tensor));
    };
    // The backward pass begins with the first part's.
    const { result: losses, tape } = g.record(() => (part === 0 ? forward() : g.phase('backward', forward)));
    return [losses, ...g.phase('backward', () => backward(g, tape, new Map([[losses, losses]]), wanted ? [own as Tensor] : []))];
  });
  return g.phase('backward', () => {
    const [losses, d_rows] = together({ g, parts }, results);
    g.scope('loss', () => accumulateSum(g, losses as Tensor, metricsOf(g.registry), metricSlots.loss));
    return d_rows;
  });
}

/** What `score` gives each of rows [R, C] with targets [R], such as the log-likelihood of a word: [R], without a gradient. Few rows at a time, as `rowLoss`. */
export function rowScores(
  g: Graph,
  rows: Tensor,
  targets: Tensor,
  { head, score }: { readonly head: RowHead; readonly score: OutputLoss },
): Tensor {
  const parts = partsOf(g, [rows, targets]);
  const results = inParts({ g, parts }, [[rows, targets]], (_, [own, ownTargets]) => [
    score(g, head(g, own as Tensor), ownTargets as Tensor),
  ]);
  return together({ g, parts }, results)[0] as Tensor;
}
