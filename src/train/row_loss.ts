// The loss of rows, each of which a head makes its outputs from by itself: few rows after few, forward and back at once, so that logits [R, V] and
// their gradients are never there whole. A classifier's rows are the batch's examples; a vocabulary head's are its tokens, and their logits would be
// the widest thing of a step. Not here: what head and loss are (the task's).
// Invariant: rows go in ascending order, so any number at a time gives the same bits.

import { backward } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { zeros } from '../graph/ops/fill.ts';
import { gatherRows, scatterInto } from '../graph/ops/gather_rows.ts';
import { accumulateSum } from '../graph/ops/loss.ts';
import { partition } from '../graph/ops/parts.ts';
import type { Tensor } from '../graph/tensor.ts';
import { inParts, together } from '../stack/policies/policy.ts';
import { metricSlots, metricsOf } from './update.ts';

/** Outputs [N, V] of rows [N, C]. */
export type RowHead = (g: Graph, rows: Tensor) => Tensor;
/** Losses, or other scores, [N] of outputs [N, V] and targets [N]. */
export type OutputLoss = (g: Graph, outputs: Tensor, targets: Tensor) => Tensor;

/** Which rows there are and how many of them go at a time. */
export interface RowChoice {
  /** [R]: the rows, of all hidden states [N, C], each at most once; left out: all rows are there. */
  readonly gather?: Tensor;
  /** [N]: all other rows. */
  readonly others?: Tensor;
  /** Left out: `g.tokensAtATime`. */
  readonly atATime?: number;
}

/** Parts of the rows. */
const partsOf = (g: Graph, wholes: readonly [Tensor, ...Tensor[]], { atATime = g.tokensAtATime }: RowChoice): number[] =>
  partition(wholes, Math.ceil((wholes[0].shape[0] as number) / atATime));

/** The hidden states of a part's rows. */
const rowsOf = (g: Graph, hidden: Tensor, gather: Tensor | undefined, own: Tensor): Tensor => (gather ? gatherRows(g, hidden, own) : own);

export interface RowLoss extends RowChoice {
  readonly head: RowHead;
  readonly targets: Tensor;
  /** [R, V], added to the outputs. */
  readonly added?: Tensor;
  readonly loss: OutputLoss;
}

/**
 * Adds the losses of rows [R, C] with targets [R] to the step's loss and the head's gradients to theirs; the gradient of the rows (of all hidden states,
 * where some are gathered), where it is wanted. Few rows go at a time.
 */
export function rowLoss(g: Graph, rows: Tensor, of: RowLoss, wanted: boolean): Tensor | undefined {
  const { head, targets, added, loss, gather } = of;
  const each = gather ?? rows;
  const parts = partsOf(g, [each, targets, ...(added ? [added] : [])], of);
  // Gradients of rows that are gathered take the places of the rows, part after part, so that hidden states and their gradients are not both there.
  let hidden = rows;
  const results = inParts({ g, parts }, [[each, targets, added]], (part, [ownRows, ownTargets, ownAdded]) => {
    // The backward pass begins with the first part's.
    const forward = <T>(build: () => T): T => (part === 0 ? build() : g.phase('backward', build));
    const own = forward(() => rowsOf(g, hidden, gather, ownRows as Tensor));
    const { result: losses, tape } = g.record(() =>
      forward(() => {
        const made = head(g, own);
        return g.scope('loss', () => loss(g, ownAdded ? add(g, made, ownAdded) : made, ownTargets as Tensor));
      }),
    );
    return g.phase('backward', () => {
      const [d_own] = backward(g, tape, new Map([[losses, losses]]), wanted ? [own] : []);
      if (!gather || !d_own) return [losses, d_own];
      hidden = scatterInto(g, d_own, ownRows as Tensor, hidden);
      return [losses];
    });
  });
  return g.phase('backward', () => {
    const [losses, d_rows] = together({ g, parts }, results);
    g.scope('loss', () => accumulateSum(g, losses as Tensor, metricsOf(g.registry), metricSlots.loss));
    if (!gather || !of.others || !wanted) return d_rows;
    const C = rows.shape.at(-1) as number;
    return scatterInto(g, zeros(g, [of.others.shape[0] as number, C]), of.others, hidden);
  });
}

/** What `score` gives each of rows [R, C] with targets [R], such as the log-likelihood of a word: [R], without a gradient. Few rows at a time, as `rowLoss`. */
export function rowScores(
  g: Graph,
  rows: Tensor,
  targets: Tensor,
  of: RowChoice & { readonly head: RowHead; readonly score: OutputLoss },
): Tensor {
  const each = of.gather ?? rows;
  const parts = partsOf(g, [each, targets], of);
  const results = inParts({ g, parts }, [[each, targets]], (_, [own, ownTargets]) => [
    of.score(g, of.head(g, rowsOf(g, rows, of.gather, own as Tensor)), ownTargets as Tensor),
  ]);
  return together({ g, parts }, results)[0] as Tensor;
}
