// What the model that a session holds says of texts.

import { longestOf } from '../protocol/lengths.ts';
import type { Prediction } from '../protocol/messages.ts';
import { type Engine, logitsOf } from './engine.ts';

export interface TextToPredict {
  readonly text: string;
  readonly text_pair?: string;
}

/** Longer texts are truncated to the longest length that the engine was planned for, and say so. */
export async function predict(engine: Engine, texts: readonly TextToPredict[]): Promise<Prediction[]> {
  const { task, setup, tokenizer, buckets, labels } = engine;
  const maxLength = longestOf(buckets);
  const examples = texts.map(({ text, text_pair }) => ({ ...tokenizer.encode(text, text_pair, maxLength), label: task.targets.none }));
  const all = await logitsOf(engine, examples);
  return texts.map(({ text, text_pair }, i) => {
    const logits = [...all.subarray(i * setup.num_labels, (i + 1) * setup.num_labels)];
    return {
      text,
      ...(text_pair === undefined ? {} : { text_pair }),
      truncated: examples[i]?.truncated ?? false,
      logits,
      ...task.answer(logits, labels),
    };
  });
}
