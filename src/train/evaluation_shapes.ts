// The batches that evaluation programs take: how long, and how many rows. An evaluation keeps nothing for a way back and looks at rows in any order, so its texts are
// padded less than those of training, and on a device that wants many tokens at a time short ones go together in larger batches.
// Invariant: no shape has more tokens than the largest batch of training, so that evaluations need no room of their own.

import { type Bucket, longestOf, longestTarget, wordsOf } from '../protocol/lengths.ts';
import { type GranularitySetup, growsEvaluations } from './granularity.ts';

export interface EvaluationShape extends Bucket {
  readonly rows: number;
}

interface ShapesSetup extends GranularitySetup {
  /** Padded sizes of training, ascending. */
  readonly buckets: readonly Bucket[];
  /** `finer`: shapes of their own. Left out: the padded sizes and the rows of training. */
  readonly evaluation?: 'finer' | undefined;
}

/** Those of a setup, by length. */
export const evaluationShapes = (setup: ShapesSetup): readonly EvaluationShape[] =>
  setup.evaluation === 'finer' ? finerShapes(setup) : setup.buckets.map((bucket) => ({ ...bucket, rows: setup.batch_size }));

/** How much longer than the next shorter length a padded length is, about. */
const ratio = 1.2;
/** Below it, a program for every length would save less than planning it costs. */
const shortest = 6;

/** Padded lengths between `above`, which is not among them, and `length`, which is, descending. */
function lengthsWithin(above: number, length: number): number[] {
  const lengths: number[] = [];
  for (let next = length; next > above; next = Math.round(next / ratio / 2) * 2) {
    lengths.push(next);
    if (next <= shortest) break;
  }
  return lengths;
}

/** Padded lengths for texts of any length up to this, ascending: of each some constant share is padding. */
export const lengthsUpTo = (length: number): number[] => lengthsWithin(0, length).reverse();

/** Rows are at most so many times those of a batch of training: outputs of all of them are read back at once. */
const mostGrowth = 8;

/**
 * Shapes for texts that have these padded sizes in training: lengths between them, as long as the bucket above is, and where the granularity wants it as many
 * rows as have no more tokens, no more to write and no more words than the largest batch of training.
 */
function finerShapes(setup: ShapesSetup): EvaluationShape[] {
  const { buckets, batch_size: B } = setup;
  const most = { length: longestOf(buckets), target: longestTarget(buckets), words: Math.max(...buckets.map(wordsOf)) };
  return buckets.flatMap((bucket, i) => {
    const above = buckets[i - 1]?.length ?? Math.floor(bucket.length / 2);
    return lengthsWithin(above, bucket.length)
      .reverse()
      .map((length) => {
        const own = shortened(bucket, length);
        const growth = Math.min(
          ...[mostGrowth, most.length / length, most.words / wordsOf(own), most.target / (own.target_length ?? own.length)],
        );
        return { ...own, rows: growsEvaluations(setup) ? Math.max(B, Math.floor(B * growth)) : B };
      });
  });
}

/** A text has no more words to predict than tokens, where it is itself what is predicted. */
function shortened(bucket: Bucket, length: number): Bucket {
  const { target_length, target_rows } = bucket;
  return {
    ...{ ...bucket, length },
    ...(target_rows === undefined || target_length !== undefined ? {} : { target_rows: Math.min(target_rows, length) }),
  };
}

/** One batch of rows that stand in an order: from `begin` on, `count` of them. */
export interface ShapedBatch {
  readonly shape: EvaluationShape;
  readonly begin: number;
  readonly count: number;
}

/** What a batch costs beside its tokens, in tokens: its dispatches, and its way to the host. */
const costOfBatch = 32;

const costOf = ({ rows, length, target_length = 0 }: EvaluationShape): number => rows * (length + target_length) + costOfBatch;

/**
 * Cuts `count` rows, in their order, into batches so that the fewest tokens are computed, fillers included. `fits`: whether a row can be in a batch of a shape.
 * Throws a RangeError where one fits nowhere.
 */
export function cutIntoShapes(
  count: number,
  shapes: readonly EvaluationShape[],
  fits: (row: number, shape: EvaluationShape) => boolean,
): ShapedBatch[] {
  // The cheapest way to compute the rows from each one on, by its first batch; and how many rows from there on fit each shape, one after the other.
  const best: ({ readonly cost: number; readonly first: ShapedBatch } | undefined)[] = [];
  const fitting = shapes.map(() => 0);
  for (let begin = count - 1; begin >= 0; begin--) {
    for (const [s, shape] of shapes.entries()) {
      fitting[s] = fits(begin, shape) ? (fitting[s] as number) + 1 : 0;
      // One that is not full costs the same, so it takes all that it can.
      const own = Math.min(fitting[s], shape.rows);
      if (own === 0) continue;
      const cost = costOf(shape) + (best[begin + own]?.cost ?? 0);
      if (cost < (best[begin]?.cost ?? Number.POSITIVE_INFINITY)) best[begin] = { cost, first: { shape, begin, count: own } };
    }
    if (best[begin] === undefined)
      throw new RangeError(`row ${begin} fits none of the shapes ${shapes.map(({ length }) => length).join(', ')}`);
  }
  const batches: ShapedBatch[] = [];
  for (let at = best[0]?.first; at !== undefined; at = best[at.begin + at.count]?.first) batches.push(at);
  return batches;
}
