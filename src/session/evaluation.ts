// What a task measures over an evaluation set.

import type { TokenizedDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/examples.ts';
import type { Scores } from '../protocol/messages.ts';
import { type Engine, judge } from './engine.ts';

export interface Evaluation extends Scores {
  readonly examples: number;
}

export async function evaluate(
  engine: Engine,
  dataset: TokenizedDataset,
  onProgress?: (done: number) => void | Promise<void>,
): Promise<Evaluation> {
  const judged = await judge(engine, dataset.examples, onProgress);
  return { ...engine.task.score(judged, dataset.labels), examples: judged.length };
}

/** The texts at these places, as the page shows them; places where there is none are empty. */
export const evaluationTexts = (texts: Dataset['examples'], at: readonly number[]) =>
  at.map((place) => {
    const { text = '', textPair } = texts[place] ?? {};
    return textPair === undefined ? { text } : { text, text_pair: textPair };
  });
