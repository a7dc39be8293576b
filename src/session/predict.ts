// What the model that a session holds says of texts.

import { exampleOf } from '../data/dataset.ts';
import { longestOf } from '../protocol/lengths.ts';
import type { Prediction } from '../protocol/messages.ts';
import { type Judged, outputsOf } from '../tasks/task.ts';
import { type Engine, judge } from './engine.ts';

export interface TextToPredict {
  readonly text: string;
  readonly text_pair?: string;
}

/** Longer texts are truncated to the longest length that the engine was planned for, and say so. */
export async function predict(engine: Engine, texts: readonly TextToPredict[]): Promise<Prediction[]> {
  const { task, tokenizer, buckets, labels } = engine;
  const encoding = { max_length: longestOf(buckets), purpose: 'evaluation' } as const;
  const examples = texts.map(({ text, text_pair }) => {
    const example = { text, ...(text_pair === undefined ? {} : { textPair: text_pair }), label: task.targets.none };
    return exampleOf(task.encode(example, tokenizer, encoding), example.label);
  });
  const all = await judge(engine, examples);
  return texts.map(({ text, text_pair }, i) => {
    const judged = all[i] as Judged;
    return {
      text,
      ...(text_pair === undefined ? {} : { text_pair }),
      truncated: judged.example.rows.some(({ truncated }) => truncated),
      logits: [...outputsOf([judged])],
      ...task.answer(judged, labels),
    };
  });
}
