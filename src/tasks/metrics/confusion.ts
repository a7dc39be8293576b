// Classification metrics from one confusion matrix, as scikit-learn defines them, its answers for 0 / 0 included.
// Invariant: rows are true classes, columns predicted ones.

export interface ConfusionMatrix {
  readonly num_labels: number;
  /** [num_labels, num_labels]: examples of the row's class predicted as the column's. */
  readonly counts: Uint32Array;
}

/** Index of the largest logit of each row, the first of equals. `logits` is [N, num_labels]. */
export function predictionsOf(logits: Float32Array, num_labels: number): Int32Array {
  return Int32Array.from({ length: logits.length / num_labels }, (_, row) => {
    let best = 0;
    const at = (label: number): number => logits[row * num_labels + label] ?? Number.NEGATIVE_INFINITY;
    for (let label = 1; label < num_labels; label++) if (at(label) > at(best)) best = label;
    return best;
  });
}

/** Counts pairs; a label outside 0 ... num_labels - 1 (such as the -100 of filler rows) is passed over. */
export function confusionMatrix(predictions: ArrayLike<number>, labels: ArrayLike<number>, num_labels: number): ConfusionMatrix {
  const counts = new Uint32Array(num_labels * num_labels);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? -1;
    const cell = label * num_labels + (predictions[i] ?? -1);
    if (label >= 0 && label < num_labels) counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return { num_labels, counts };
}

interface Sums {
  readonly total: number;
  readonly correct: number;
  /** [num_labels] */
  readonly trueOf: readonly number[];
  /** [num_labels] */
  readonly predictedOf: readonly number[];
  readonly diagonal: readonly number[];
}

function sums({ num_labels, counts }: ConfusionMatrix): Sums {
  const classes = Array.from({ length: num_labels }, (_, i) => i);
  const at = (row: number, column: number): number => counts[row * num_labels + column] ?? 0;
  const add = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const trueOf = classes.map((row) => add(classes.map((column) => at(row, column))));
  const predictedOf = classes.map((column) => add(classes.map((row) => at(row, column))));
  const diagonal = classes.map((i) => at(i, i));
  return { total: add(trueOf), correct: add(diagonal), trueOf, predictedOf, diagonal };
}

/** Share of correct predictions; 0 of nothing. */
export function accuracy(confusion: ConfusionMatrix): number {
  const { total, correct } = sums(confusion);
  return total === 0 ? 0 : correct / total;
}

/**
 * With two classes the F1 of class 1, else the mean over the classes that occur among labels or predictions (`average="macro"`).
 * F1 = 2 TP / (true + predicted), and 0 where both are 0.
 */
export function f1(confusion: ConfusionMatrix): number {
  const { trueOf, predictedOf, diagonal } = sums(confusion);
  const support = diagonal.map((_, i) => (trueOf[i] ?? 0) + (predictedOf[i] ?? 0));
  const f1Of = (i: number): number => ((support[i] ?? 0) === 0 ? 0 : (2 * (diagonal[i] ?? 0)) / (support[i] ?? 0));
  if (confusion.num_labels === 2) return f1Of(1);
  const present = support.flatMap((count, i) => (count > 0 ? [f1Of(i)] : []));
  return present.length === 0 ? 0 : present.reduce((sum, value) => sum + value, 0) / present.length;
}

/** Matthews' correlation for any number of classes (Gorodkin 2004, as scikit-learn); 0 where labels or predictions are all alike. */
export function matthewsCorrelation(confusion: ConfusionMatrix): number {
  const { total, correct, trueOf, predictedOf } = sums(confusion);
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const covariance = correct * total - dot(trueOf, predictedOf);
  const spread = (total * total - dot(trueOf, trueOf)) * (total * total - dot(predictedOf, predictedOf));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}
