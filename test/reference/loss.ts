// References of the losses and of their sum over rows.
import { add, at, type Reference } from './kernel.ts';

/** Log of the sum of exponentials. */
function logSum(row: Float64Array): number {
  const top = row.reduce((a, c) => Math.max(a, c), -Infinity);
  return top + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
}

interface Smoothing {
  readonly smoothing: number;
  /** Of each class. */
  readonly weights: (label: number) => number;
}

/** The loss of a row, which becomes its own gradient: as torch.nn.CrossEntropyLoss, before the mean is taken. */
function crossEntropy(row: Float64Array, label: number, { smoothing, weights }: Smoothing, inverseCount: number): number {
  const lse = logSum(row);
  const shares = row.map((_, c) => weights(c) * ((c === label ? 1 - smoothing : 0) + smoothing / row.length));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const loss = shares.reduce((sum, share, c) => sum + share * (lse - at(row, c)), 0);
  row.set(row.map((logit, c) => (all * Math.exp(logit - lse) - at(shares, c)) * inverseCount));
  return loss * inverseCount;
}

export const softmax_cross_entropy: Reference<'softmax_cross_entropy'> = (
  { logits, labels, weights, row_loss },
  { B, V, smoothing },
  { WEIGHTED = 0, SMOOTHED = 0 },
  step,
) => {
  const kind = { smoothing: SMOOTHED ? smoothing : 0, weights: (c: number) => (WEIGHTED ? at(weights, c) : 1) };
  for (let b = 0; b < B; b++) {
    const row = logits.subarray(b * V, (b + 1) * V);
    const label = at(labels, b);
    const counts = label >= 0 && label < V;
    row_loss[b] = counts ? crossEntropy(row, label, kind, step.inverse_count) : 0;
    if (!counts) row.fill(0);
  }
};

export const softmax_cross_entropy_wide: Reference<'softmax_cross_entropy_wide'> = (
  { logits, labels, row_loss },
  { B, V, width, smoothing },
  { SMOOTHED = 0, LOG_LIKELIHOOD = 0 },
  step,
) => {
  const kind = { smoothing: SMOOTHED ? smoothing : 0, weights: () => 1 };
  for (let b = 0; b < B; b++) {
    const row = logits.subarray(b * width, b * width + V);
    const label = at(labels, b);
    const counts = label >= 0 && label < V;
    if (LOG_LIKELIHOOD) {
      row_loss[b] = counts ? at(row, label) - logSum(row) : 0;
      continue;
    }
    row_loss[b] = counts ? crossEntropy(row, label, kind, step.inverse_count) : 0;
    if (!counts) row.fill(0);
    logits.fill(0, b * width + V, (b + 1) * width);
  }
};

export const mean_squared_error: Reference<'mean_squared_error'> = ({ outputs, targets, row_loss }, { N, K }, _, step) => {
  for (let n = 0; n < N; n++) {
    const counts = targets.subarray(n * K, (n + 1) * K).every((target) => Math.abs(target) <= 3e38);
    row_loss[n] = 0;
    for (let i = n * K; i < (n + 1) * K; i++) {
      const difference = counts ? at(outputs, i) - at(targets, i) : 0;
      add(row_loss, n, (difference ** 2 / K) * step.inverse_count);
      outputs[i] = ((2 * difference) / K) * step.inverse_count;
    }
  }
};

export const accumulate_sum: Reference<'accumulate_sum'> = ({ x, out }, { count, slot }) => {
  for (let i = 0; i < count; i++) add(out, slot, at(x, i));
};
