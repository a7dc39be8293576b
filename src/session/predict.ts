// What the model that a session holds says of texts.

import { exampleOf } from '../data/dataset.ts';
import { longestOf, longestTarget } from '../protocol/lengths.ts';
import type { AskedText, Prediction } from '../protocol/messages.ts';
import { type Judged, outputsOf, sumsOf } from '../tasks/task.ts';
import { type Engine, judge } from './engine.ts';
import { hasDecoder } from './task_fit.ts';

export type TextToPredict = AskedText;

/** Longer texts are truncated to the longest length that the engine was planned for, and say so. */
export async function predict(engine: Engine, texts: readonly TextToPredict[]): Promise<Prediction[]> {
  const { task, setup, tokenizer, buckets, labels } = engine;
  const max_target_length = longestTarget(buckets);
  const encoding = {
    max_length: longestOf(buckets),
    max_target_length,
    purpose: 'evaluation',
    decoder: hasDecoder(setup.backbone),
    packing: false,
  } as const;
  const examples = texts.map(({ text_pair, ...asked }) => {
    const example = { ...asked, ...(text_pair === undefined ? {} : { textPair: text_pair }), label: task.targets.none };
    return exampleOf(task.encode(example, tokenizer, encoding), example.label);
  });
  const all = await judge(engine, examples);
  return texts.map(({ text, text_pair, choices, target }, i) => {
    const judged = all[i] as Judged;
    return {
      text,
      ...(text_pair === undefined ? {} : { text_pair }),
      ...(choices === undefined ? {} : { choices }),
      ...(target === undefined ? {} : { target }),
      truncated: judged.example.rows.some(({ truncated }) => truncated),
      logits: task.head === 'words' ? sumsOf(judged) : [...outputsOf([judged])],
      ...task.answer(judged, choices ?? labels),
    };
  });
}
