// What a task measures over an evaluation set: of what the model gives every example, and of what it writes for some of them where the task is measured by
// that too.

import type { TokenizedDataset } from '../../data/dataset.ts';
import type { Dataset } from '../../data/examples.ts';
import type { Evaluation } from '../../protocol/messages.ts';
import type { Engine } from './engine.ts';
import { judge } from './judge.ts';
import { writeFor, writtenCount } from './written.ts';

export interface EvaluationSettings {
  /** Examples for which a text is written, at most. */
  readonly max_generate_samples: number;
  /** Ends a text that is being written; whoever aborts it throws from `onProgress`. */
  readonly signal?: AbortSignal;
  /** Told of what is done, of `evaluationWork`. */
  onProgress?(done: number): void | Promise<void>;
}

/** What an evaluation has to do: examples, and texts to be written. */
export const evaluationWork = (
  { task }: Engine,
  { examples }: Pick<TokenizedDataset, 'examples'>,
  { max_generate_samples }: Pick<EvaluationSettings, 'max_generate_samples'>,
): number => examples.length + writtenCount(task, examples.length, max_generate_samples);

export async function evaluate(
  engine: Engine,
  { examples, labels }: TokenizedDataset,
  { max_generate_samples, signal = new AbortController().signal, onProgress = () => undefined }: EvaluationSettings,
): Promise<Evaluation> {
  const judged = await judge(engine, examples, onProgress);
  const { metrics, ...scores } = engine.task.score(judged, labels);
  const counted = { signal, onProgress: (done: number) => onProgress(examples.length + done) };
  const written = await writeFor(engine, examples, max_generate_samples, counted);
  const ofWritten = written && engine.task.scoreWritten?.(written.texts, written.references);
  return {
    ...scores,
    metrics: { ...ofWritten, ...metrics },
    examples: judged.length,
    ...(written ? { written: written.texts.length } : {}),
  };
}

/** The texts at these places, as the page shows them; places where there is none are empty. */
export const evaluationTexts = (texts: Dataset['examples'], at: readonly number[]) =>
  Promise.all(
    at.map(async (place) => {
      const { text = '', textPair, picture } = texts[place] ?? {};
      return {
        text,
        ...(textPair === undefined ? {} : { text_pair: textPair }),
        ...(picture && 'blob' in picture ? { picture: await picture.blob() } : {}),
      };
    }),
  );
