// The numbers of training that people may set: names, bounds and a sentence each. Values and defaults come from the protocol and the card.

import type { TrainingArguments } from '../../src/protocol/config.ts';
import { tiny } from '../ui/NumberField.tsx';

export interface NumberSpec<T> {
  readonly key: keyof T & string;
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max?: number;
  readonly whole?: boolean;
  readonly multipleOf?: number;
}

/** Training arguments that are numbers and always there. */
export type TrainingNumbers = Omit<TrainingArguments, 'optim' | 'lr_scheduler_type' | 'head_learning_rate'>;

export const mainNumbers: readonly NumberSpec<TrainingNumbers>[] = [
  { key: 'batch_size', label: 'Batch size', help: 'Examples in one step. Activations grow with it.', min: 1, max: 1024, whole: true },
  {
    key: 'max_length',
    label: 'Max length',
    help: 'Tokens of an example; longer texts are cut there, and counted.',
    min: 4,
    max: 4096,
    whole: true,
  },
  { key: 'max_steps', label: 'Steps', help: 'Optimizer steps. -1: as many as the epochs give.', min: -1, max: 1e9, whole: true },
  {
    key: 'learning_rate',
    label: 'Learning rate',
    help: 'The highest one: it warms up to it, and the schedule leads away from it.',
    min: tiny,
    max: 10,
  },
];

export const advancedNumbers: readonly NumberSpec<TrainingNumbers>[] = [
  { key: 'epochs', label: 'Epochs', help: 'Passes over the data. Read only where steps is -1.', min: 0.01, max: 1e4 },
  {
    key: 'gradient_accumulation_steps',
    label: 'Accumulation',
    help: 'Batches whose gradients are summed before one optimizer step.',
    min: 1,
    max: 1024,
    whole: true,
  },
  { key: 'warmup_ratio', label: 'Warm-up', help: 'Share of the steps in which the learning rate rises from 0.', min: 0, max: 1 },
  { key: 'weight_decay', label: 'Weight decay', help: 'Pull of trained matrices towards 0.', min: 0, max: 10 },
  { key: 'max_grad_norm', label: 'Clip norm', help: 'A larger gradient is scaled down to this norm. 0: never.', min: 0 },
  { key: 'dropout', label: 'Dropout', help: "Replaces the probabilities of the model's configuration.", min: 0, max: 0.99 },
  { key: 'eval_steps', label: 'Evaluate every', help: 'Steps between evaluations. 0: at the end only.', min: 0, whole: true },
  {
    key: 'early_stopping_patience',
    label: 'Patience',
    help: 'Evaluations without improvement before the run stops. 0: never.',
    min: 0,
    whole: true,
  },
  { key: 'save_steps', label: 'Save every', help: 'Steps between checkpoints. 0: only when paused or stopped.', min: 0, whole: true },
  {
    key: 'seed',
    label: 'Seed',
    help: 'Decides start values, order and dropout. Same seed, same device: same bits.',
    min: 0,
    max: 0xffffffff,
    whole: true,
  },
  { key: 'adam_beta1', label: 'β₁', help: 'Decay of the mean of gradients.', min: 0, max: 0.999999 },
  { key: 'adam_beta2', label: 'β₂', help: 'Decay of the mean of squared gradients.', min: 0, max: 0.999999 },
  { key: 'adam_epsilon', label: 'ε', help: 'Added to the denominator.', min: tiny },
  { key: 'momentum', label: 'Momentum', help: 'Share of the last update that goes on. 0: none.', min: 0, max: 0.999999 },
];
