// The table of options: all that can be set of a run beside model, data, columns and method. Flags (cli/option_flags.ts) and fields (app/options) are
// made from it, and tests hold both to it.

import { memoryOptions } from './memory.ts';
import { methodOptions } from './methods.ts';
import { modelOptions } from './model.ts';
import type { Options } from './option.ts';
import { readingOptions } from './reading.ts';
import { trainingOptions } from './training.ts';

export const optionTable = {
  model: modelOptions,
  reading: readingOptions,
  memory: memoryOptions,
  method: methodOptions,
  training: trainingOptions,
} as const satisfies Readonly<Record<string, Options>>;
