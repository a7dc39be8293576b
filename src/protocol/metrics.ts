// How the value of a metric is to be written, on the page and in the terminal. Not here: how metrics are computed and what they are called (src/tasks).

const shares = ['accuracy', 'acc', 'acc_norm', 'exact_match', 'f1', 'precision', 'recall'];

/** Whether a metric is a share, which people read as percent; of a further set, its name stands before the metric's: `mismatched_accuracy`. */
export const isShare = (metric: string): boolean => shares.some((share) => metric === share || metric.endsWith(`_${share}`));
