// Options of training. Names and meanings are those of Transformers' TrainingArguments. Not here: what each optimizer reads of them, and its own defaults
// (src/protocol/optimizers.ts), nor the learning rate that a method is best trained with (src/methods).

import * as v from 'valibot';
import { optimizerCards, optimizerNames } from '../optimizers.ts';
import { option, optionLeftOut } from './option.ts';
import { factor, mostCounted, mostWide, notNegative, positive, probability, whole } from './schemas.ts';

/** Schedules of the learning rate, as Transformers names them. */
export const schedulerNames = ['linear', 'cosine', 'constant_with_warmup'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

const asRoberta = 'The value with which RoBERTa was fine-tuned on GLUE (Liu et al. 2019).';
const steps = whole(0, 1e9);

/** The least length that a run may ask for: a few special tokens and a word. */
export const shortestLength = 4;

export const trainingOptions = {
  batch_size: option({
    // What is too large for a model is said with the largest that is not (src/session/engine/setup.ts).
    schema: whole(1, Number.MAX_SAFE_INTEGER),
    default: 16,
    label: 'Batch size',
    help: 'Examples that go through the model together. Activations grow with it.',
    reason: 'Large enough for a steady gradient, small enough for a laptop.',
    main: true,
  }),
  max_length: option({
    schema: whole(shortestLength, 1e6),
    default: 64,
    label: 'Max length',
    help: 'Tokens of an example. Longer texts are cut there, and how many were cut is said.',
    reason: 'The texts of the first run fit into it.',
    main: true,
  }),
  max_steps: option({
    schema: whole(-1, 1e9),
    default: 200,
    label: 'Steps',
    help: 'Optimizer steps, in place of epochs. -1: as many as the epochs give.',
    reason: 'Enough for the first run to reach 90 % in minutes.',
    main: true,
  }),
  learning_rate: option({
    schema: positive,
    default: 3e-3,
    defaultText: "the method's own, 100 times as much with sgd, a third with lion",
    label: 'Learning rate',
    help: 'The highest learning rate: the warm-up rises to it, and the schedule leads down from it.',
    reason: 'The one that the method learned best with in the first run; 100 times as much with SGD, a third with Lion.',
    main: true,
  }),
  epochs: option({
    schema: v.pipe(positive, v.maxValue(1e6)),
    default: 3,
    label: 'Epochs',
    help: 'Passes over the data, whole or in part. They count where no number of steps is given (-1).',
    reason: "Transformers' default.",
  }),
  gradient_accumulation_steps: option({
    schema: whole(1, mostWide),
    default: 1,
    label: 'Accumulation',
    help: 'Batches whose gradients are summed before one optimizer step. The last step of an epoch takes the batches that are left.',
    reason: 'One batch a step: more are for batches that do not fit.',
  }),
  optim: option({
    schema: v.picklist(optimizerNames),
    default: 'adamw',
    label: 'Optimizer',
    help: 'What turns gradients into updates. AdamW keeps two numbers for each that trains, SGD and Lion one, Adafactor hardly any.',
    reason: 'Learning rates of the methods were found with AdamW.',
    words: {
      adamw: optimizerCards.adamw.title,
      sgd: optimizerCards.sgd.title,
      adafactor: optimizerCards.adafactor.title,
      lion: optimizerCards.lion.title,
    },
  }),
  lr_scheduler_type: option({
    schema: v.picklist(schedulerNames),
    default: 'linear',
    label: 'Schedule',
    help: 'How the learning rate falls after the warm-up: in a line to 0, along a half cosine to 0, or not at all.',
    reason: asRoberta,
    words: { linear: 'linear', cosine: 'cosine', constant_with_warmup: 'constant' },
  }),
  warmup_ratio: option({
    schema: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    default: 0.06,
    label: 'Warm-up',
    help: 'Share of the steps in which the learning rate rises from 0.',
    reason: asRoberta,
  }),
  head_learning_rate: optionLeftOut({
    schema: positive,
    leftOut: 'that of the rest',
    label: "Head's rate",
    help: 'Learning rate of the classifier alone.',
    reason: 'One learning rate is enough where the classifier is all that starts from nothing.',
  }),
  weight_decay: option({
    schema: notNegative,
    default: 0.1,
    label: 'Weight decay',
    help: 'Pull of trained matrices towards 0, as a share of the learning rate. Biases and norms have none.',
    reason: asRoberta,
  }),
  max_grad_norm: option({
    schema: notNegative,
    default: 1,
    label: 'Clip norm',
    help: 'A gradient that is longer is scaled down to this norm. 0: never.',
    reason: "Transformers' default.",
  }),
  dropout: optionLeftOut({
    schema: probability,
    leftOut: "the model's own",
    label: 'Dropout',
    help: 'Share of hidden values and attention weights that a training step leaves out.',
    reason: 'As in Transformers: config.json says it, 0.1 for most models of texts and 0 for ViT and DeiT, which learn worse with more.',
  }),
  eval_steps: option({
    schema: steps,
    default: 50,
    label: 'Evaluate every',
    help: 'Steps between evaluations. 0: at the end only.',
    reason: 'Four evaluations in the 200 steps of the first run.',
  }),
  early_stopping_patience: option({
    schema: steps,
    default: 0,
    label: 'Patience',
    help: 'Evaluations without improvement before the run stops. 0: it never stops early.',
    reason: 'A schedule that ends at 0 does its best work last.',
  }),
  save_steps: option({
    schema: steps,
    default: 25,
    label: 'Save every',
    help: 'Steps between checkpoints. 0: only when the run is paused or ends.',
    reason: 'Little is lost when a tab is closed in the middle of a run.',
  }),
  max_generate_samples: option({
    schema: steps,
    default: 64,
    label: 'Texts written',
    help: "Examples of each evaluation, spread over it, for which a task of texts to be written has the model write one, token by token, the likeliest each time: exact_match says how many are the very text that was to be written. 0: none. Other tasks have none of it. Transformers' predict_with_generate, bounded.",
    reason: 'Enough to see whether anything is written right; writing takes a pass through the model for every token.',
  }),
  packing: option({
    schema: v.boolean(),
    default: true,
    label: 'Pack texts',
    help: 'Whether texts of language modelling are joined and cut into rows of one length, or each is a row. Other tasks have none of it.',
    reason: 'No token is padding, and none is cut off.',
  }),
  seed: option({
    schema: whole(0, mostCounted),
    default: 42,
    label: 'Seed',
    help: 'Decides starting values, the order of the data and dropout. The same seed on the same device gives the same bits.',
    reason: "Transformers' default.",
  }),
  adam_beta1: option({
    schema: probability,
    default: 0.9,
    label: 'β₁',
    help: 'Decay of the mean of gradients, in AdamW and Lion.',
    reason: asRoberta,
  }),
  adam_beta2: option({
    schema: probability,
    default: 0.98,
    defaultText: '0.98, with lion 0.99',
    label: 'β₂',
    help: 'Decay of the mean of squared gradients in AdamW, of the momentum in Lion.',
    reason: `${asRoberta} Lion: 0.99 (Chen et al. 2023).`,
  }),
  adam_epsilon: option({
    schema: positive,
    default: 1e-6,
    label: 'ε',
    help: "Added to the denominator of AdamW's update.",
    reason: asRoberta,
  }),
  momentum: option({
    schema: probability,
    default: 0.9,
    label: 'Momentum',
    help: "Share of SGD's last update that goes into the next. 0: none, and nothing is kept.",
    reason: 'The usual value.',
  }),
  label_smoothing_factor: option({
    schema: probability,
    default: 0,
    label: 'Label smoothing',
    help: 'Share of each label that is spread evenly over all classes, so that the model grows less sure of itself. The loss of an evaluation is without it.',
    reason: "Transformers' default: none.",
  }),
  class_weights: option({
    schema: v.array(
      v.pipe(v.string(), v.regex(/^(?:none|balanced|\d{1,9}(?:\.\d{1,9})?)$/, 'expected none, balanced, or a number for each class')),
    ),
    default: ['none'],
    label: 'Class weights',
    help: 'How often an example of each class counts in the loss: none (once), balanced (the rarer a class, the more, so that all count alike), or a number for each class in their order.',
    reason: 'None: every example counts once.',
    form: 'none|balanced|NUMBER,...',
  }),
  random_resized_crop: option({
    schema: factor,
    default: 1,
    label: 'Random crop',
    help: 'Least share of a picture that training looks at: each time another part of it, from this share to the whole, is taken and resized. 1 takes the whole picture.',
    reason: 'None: what lies at the edge of a picture may be what matters. 0.08 is usual for photographs.',
  }),
  random_horizontal_flip: option({
    schema: v.boolean(),
    default: false,
    label: 'Random flip',
    help: 'Training sees every other picture mirrored, left and right.',
    reason: 'Off: digits, letters and signs mean something else when they are mirrored. It helps with photographs.',
  }),
};
