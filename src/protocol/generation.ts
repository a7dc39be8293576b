// What page and worker say to each other of texts that a model writes: calls, and events while they are written. Not here: options (options/generation.ts).

import type { GenerationOptions, ModelRef } from './config.ts';

/** Whether a text goes on with its prompt, or stands for itself: made of it by a model that reads with one stack and writes with another. */
interface Written {
  readonly goes_on: boolean;
}

/** A text that a model wrote. */
export interface WrittenText extends Written {
  readonly text: string;
  /** How many were written. */
  readonly tokens: number;
  /** What ended it: the model, a stop string, the length, or `stopWriting`. */
  readonly finish: 'end' | 'stop string' | 'length' | 'stopped';
}

/** A text while it is written: what there is of it so far, by the number of its prompt. */
export interface WritingEvent extends Written {
  readonly type: 'writing';
  readonly prompt: number;
  readonly text: string;
}

export interface GenerationCalls {
  /** Texts that what is trained, imported or opened writes behind prompts; `writing` events say how far they are. Options left out have their defaults. */
  generate: { argument: { prompts: readonly string[]; options?: Partial<GenerationOptions> }; answer: readonly WrittenText[] };
  /** Ends what `generate` writes, which answers with what there is. */
  stopWriting: { argument: undefined; answer: undefined };
  /** Makes a pretrained model ready as it is; from then on `generate` writes with it. */
  openLanguageModel: { argument: { model: ModelRef }; answer: undefined };
}
