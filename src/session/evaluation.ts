// What a task measures over an evaluation set.

import type { TokenizedDataset } from '../data/dataset.ts';
import type { Scores } from '../protocol/messages.ts';
import { type Engine, logitsOf } from './engine.ts';

export interface Evaluation extends Scores {
  readonly examples: number;
}

export async function evaluate(
  engine: Engine,
  dataset: TokenizedDataset,
  onProgress?: (done: number) => void | Promise<void>,
): Promise<Evaluation> {
  const outputs = await logitsOf(engine, dataset.examples, onProgress);
  const targets = dataset.examples.map(({ label }) => label);
  return { ...engine.task.score(outputs, targets, dataset.labels), examples: targets.length };
}
