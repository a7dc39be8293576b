// How examples become batches, batches optimizer steps, and steps epochs: the numbers of Transformers' Trainer (5.24, `set_initial_training_values` and
// `_run_epoch`). Pure. Not here: which examples a batch holds (src/data/batches.ts).
// Invariant: a step takes batches of one epoch only. The last step of an epoch takes those that are left, and the last batch the examples that are left.

import type { TrainingArguments } from './config.ts';

export type EpochArguments = Pick<TrainingArguments, 'batch_size' | 'gradient_accumulation_steps'>;

/** Batches of one pass over the data. */
const batchesOf = (examples: number, { batch_size }: EpochArguments): number => Math.ceil(examples / batch_size);

/** Optimizer steps of one pass over the data, at least one. */
const stepsOfEpoch = (examples: number, training: EpochArguments): number =>
  Math.max(1, Math.ceil(batchesOf(examples, training) / training.gradient_accumulation_steps));

/** Optimizer steps of a run: `max_steps`, or where that is negative what the epochs give, a part of one rounded up to whole steps. */
export const stepsOf = (training: EpochArguments & Pick<TrainingArguments, 'max_steps' | 'epochs'>, examples: number): number =>
  training.max_steps >= 0 ? training.max_steps : Math.ceil(training.epochs * stepsOfEpoch(examples, training));

/** Passes over the data that `max_steps` take, the last of them begun or whole; where the epochs were asked for, those. */
export const epochsOf = (
  { max_steps: asked, epochs, ...training }: EpochArguments & Pick<TrainingArguments, 'max_steps' | 'epochs'>,
  max_steps: number,
  examples: number,
): number => Math.ceil(asked >= 0 ? max_steps / stepsOfEpoch(examples, training) : epochs);

export interface StepPlace {
  /** From 0. */
  readonly epoch: number;
  /** Batches [from, to) of that epoch. */
  readonly from: number;
  readonly to: number;
  /** Passes over the data once the step is done, counted in batches: what Trainer logs as `epoch`. */
  readonly passes: number;
  /** Examples that the run has seen once the step is done. */
  readonly seen: number;
}

/** Where optimizer step `step` (from 0) stands in its epoch. */
export function placeOf(step: number, training: EpochArguments, examples: number): StepPlace {
  const [batches, steps] = [batchesOf(examples, training), stepsOfEpoch(examples, training)];
  const epoch = Math.floor(step / steps);
  const from = (step % steps) * training.gradient_accumulation_steps;
  const to = Math.min(batches, from + training.gradient_accumulation_steps);
  const seen = epoch * examples + Math.min(examples, to * training.batch_size);
  return { epoch, from, to, passes: epoch + to / batches, seen };
}
