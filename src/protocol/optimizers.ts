// What people see of the optimizers: names, the numbers that each alone reads, with its own defaults. Not here: what they compute and keep
// (src/train/optimizers). Invariant: every optimizer has a row here and one in that folder's registry.

export interface OptimizerCard {
  readonly title: string;
  /** The training arguments that it reads beside those that all read, with its own defaults. */
  readonly defaults: Readonly<Partial<Record<'adam_beta1' | 'adam_beta2' | 'adam_epsilon' | 'momentum', number>>>;
  /** What a method's learning rate, found with AdamW, is multiplied by where none is given. */
  readonly learning_rate_factor: number;
}

export const optimizerNames = ['adamw', 'sgd', 'adafactor', 'lion'] as const;
export type OptimizerName = (typeof optimizerNames)[number];

export const optimizerCards: Readonly<Record<OptimizerName, OptimizerCard>> = {
  adamw: { title: 'AdamW', defaults: { adam_beta1: 0.9, adam_beta2: 0.98, adam_epsilon: 1e-6 }, learning_rate_factor: 1 },
  // A step of SGD is as long as the clipped gradient; one of Adam's grows with the root of the number of parameters.
  sgd: { title: 'SGD', defaults: { momentum: 0.9 }, learning_rate_factor: 100 },
  adafactor: { title: 'Adafactor', defaults: {}, learning_rate_factor: 1 },
  // Chen et al. 2023 advise a rate 3 to 10 times smaller than AdamW's; in the 200 steps of a first run a tenth is too little (PyTorch's twin of it: 70 %,
  // at a third 87 %, AdamW 90 %).
  lion: { title: 'Lion', defaults: { adam_beta1: 0.9, adam_beta2: 0.99 }, learning_rate_factor: 1 / 3 },
};

const own = new Set(Object.values(optimizerCards).flatMap(({ defaults }) => Object.keys(defaults)));

/** Whether an optimizer reads a training argument: one that all read, or one of its own. */
export const readsArgument = (optim: OptimizerName, key: string): boolean => !own.has(key) || key in optimizerCards[optim].defaults;
