// How predicted numbers go with the true ones: Pearson's and Spearman's correlation and the mean squared error, as SciPy and scikit-learn define them,
// which `evaluate` calls. Invariant: what SciPy answers with nan, because one side is all alike, is undefined here.

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / Math.max(1, values.length);
}

/** Pearson's correlation; undefined of fewer than two pairs, or where a side does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const n = a.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [covariance, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    covariance += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const spread = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return n < 2 || spread === 0 ? undefined : Math.min(1, Math.max(-1, covariance / spread));
}

/** Ranks from 1; equal values share the mean of theirs (SciPy's `rankdata`). */
export function ranksOf(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const ranks = new Float64Array(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && values[order[end] as number] === values[order[begin] as number]) end++;
    for (let at = begin; at < end; at++) ranks[order[at] as number] = (begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

/** Spearman's: Pearson's of the ranks, ties included. */
export const spearman = (a: ArrayLike<number>, b: ArrayLike<number>): number | undefined => pearson(ranksOf(a), ranksOf(b));

export function meanSquare(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] as number) - (b[i] as number)) ** 2;
  return squares / Math.max(1, a.length);
}
