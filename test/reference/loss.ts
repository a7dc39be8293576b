// References of the loss and of its sum over rows.
import { add, at, type Reference } from './kernel.ts';

export const softmax_cross_entropy: Reference<'softmax_cross_entropy'> = ({ logits, labels, row_loss }, { B, V }, _, step) => {
  for (let b = 0; b < B; b++) {
    const row = logits.subarray(b * V, (b + 1) * V);
    const label = at(labels, b);
    row_loss[b] = 0;
    if (label < 0 || label >= V) {
      row.fill(0);
      continue;
    }
    const top = row.reduce((a, c) => Math.max(a, c), -Infinity);
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    row_loss[b] = (top + Math.log(total) - at(row, label)) * step.inverse_count;
    row.forEach((logit, i) => {
      row[i] = (Math.exp(logit - top) / total - (i === label ? 1 : 0)) * step.inverse_count;
    });
  }
};

export const mean_squared_error: Reference<'mean_squared_error'> = ({ outputs, targets, row_loss }, { N }, _, step) => {
  for (let n = 0; n < N; n++) {
    const difference = Math.abs(at(targets, n)) > 3e38 ? 0 : at(outputs, n) - at(targets, n);
    row_loss[n] = difference ** 2 * step.inverse_count;
    outputs[n] = 2 * difference * step.inverse_count;
  }
};

export const accumulate_sum: Reference<'accumulate_sum'> = ({ x, out }, { count, slot }) => {
  for (let i = 0; i < count; i++) add(out, slot, at(x, i));
};
