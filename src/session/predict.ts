// Class probabilities of texts, by the model that a session holds.

import type { Prediction } from '../protocol/messages.ts';
import { type Engine, logitsOf } from './engine.ts';

export interface TextToPredict {
  readonly text: string;
  readonly text_pair?: string;
}

function softmax(logits: readonly number[]): number[] {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const parts = logits.map((x) => Math.exp(x - most));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** Longer texts are truncated to the longest length that the engine was planned for, and say so. */
export async function predict(engine: Engine, texts: readonly TextToPredict[]): Promise<Prediction[]> {
  const { tokenizer, buckets, labels } = engine;
  const maxLength = buckets.at(-1) as number;
  const examples = texts.map(({ text, text_pair }) => ({ ...tokenizer.encode(text, text_pair, maxLength), label: -100 }));
  const all = await logitsOf(engine, examples);
  return texts.map(({ text, text_pair }, i) => {
    const logits = [...all.subarray(i * labels.length, (i + 1) * labels.length)];
    const best = logits.reduce((at, logit, index) => (logit > (logits[at] as number) ? index : at), 0);
    return {
      text,
      ...(text_pair === undefined ? {} : { text_pair }),
      truncated: examples[i]?.truncated ?? false,
      logits,
      probabilities: softmax(logits),
      label: labels[best] as string,
    };
  });
}
