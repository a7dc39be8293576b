// Metrics over an evaluation set.

import type { TokenizedDataset } from '../data/dataset.ts';
import { confusionMatrix, predictionsOf } from '../data/metrics.ts';
import { evaluateMetrics, taskNamed } from '../data/tasks.ts';
import type { Confusion, Metrics } from '../protocol/messages.ts';
import { type Engine, logitsOf } from './engine.ts';

export interface Evaluation {
  /** By GLUE name, and `loss`. */
  readonly metrics: Metrics;
  readonly confusion: Confusion;
  readonly examples: number;
}

/** Mean of -log softmax(logits)[label]. */
function meanLoss(logits: Float32Array, labels: ArrayLike<number>, V: number): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * V, (i + 1) * V);
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    sum += most + Math.log(row.reduce((total, x) => total + Math.exp(x - most), 0)) - (row[labels[i] as number] as number);
  }
  return sum / Math.max(1, labels.length);
}

export async function evaluate(
  engine: Engine,
  dataset: TokenizedDataset,
  onProgress?: (done: number) => void | Promise<void>,
): Promise<Evaluation> {
  const V = dataset.labels.length;
  const logits = await logitsOf(engine, dataset.examples, onProgress);
  const labels = dataset.examples.map(({ label }) => label);
  const matrix = confusionMatrix(predictionsOf(logits, V), labels, V);
  const counts = Array.from({ length: V }, (_, actual) =>
    Array.from({ length: V }, (_unused, predicted) => matrix.counts[actual * V + predicted] as number),
  );
  return {
    metrics: { ...evaluateMetrics(taskNamed('classification'), matrix), loss: meanLoss(logits, labels, V) },
    confusion: { labels: dataset.labels, counts },
    examples: labels.length,
  };
}
