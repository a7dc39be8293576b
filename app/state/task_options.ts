// Options that some tasks do not read: they are not shown, and what was chosen of them for another task is left out of a run. Pure.

import type { TaskCard } from '../../src/protocol/cards.ts';
import type { TrainingArguments } from '../../src/protocol/config.ts';

type ReadingTask = Pick<TaskCard, 'learns' | 'head' | 'inputs'>;

const readers: Readonly<Record<string, (task: ReadingTask) => boolean>> = {
  class_weights: ({ learns }) => learns === 'class',
  label_smoothing_factor: ({ learns, head }) => learns === 'class' || head === 'words',
  max_generate_samples: ({ learns }) => learns === 'text',
  // A picture has as many tokens as it has patches.
  max_length: ({ inputs }) => inputs === 'text',
  random_resized_crop: ({ inputs }) => inputs === 'image',
  random_horizontal_flip: ({ inputs }) => inputs === 'image',
  packing: ({ learns }) => learns === 'continuation',
};

/** Whether a task reads an option of training; before tasks are known any might. */
export const readsOption = (task: ReadingTask | undefined, name: string): boolean => task === undefined || (readers[name]?.(task) ?? true);

/** Words come from hidden states, not from one vector of a text. */
export const readsPooling = (task: ReadingTask | undefined): boolean => task?.head !== 'words';

/** The chosen options of training that the task reads. */
export const trainingOf = (chosen: Partial<TrainingArguments>, task: ReadingTask | undefined): Partial<TrainingArguments> =>
  Object.fromEntries(Object.entries(chosen).filter(([name]) => readsOption(task, name)));
