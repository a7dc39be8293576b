// What an optimizer is: the states it keeps beside the trainables, its scalars of a step and the update of slabs. Not here: what people see of
// it (src/protocol/optimizers.ts), and clipping, groups and schedules, which are the same for all. Invariant: states start at zero.

import type { Graph } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { StateSpec, TrainableSlab } from '../../plan/persistent.ts';
import type { TrainingArguments } from '../../protocol/config.ts';

/** What of the training arguments decides an update. */
export type OptimizerArguments = Pick<
  TrainingArguments,
  'optim' | 'learning_rate' | 'head_learning_rate' | 'weight_decay' | 'adam_beta1' | 'adam_beta2' | 'adam_epsilon' | 'momentum'
>;

/** Scalars that change with every step, beside the learning rate. */
export interface OptimizerScalars {
  readonly bias_correction1: number;
  readonly bias_correction2_sqrt: number;
  readonly beta2_t: number;
}

export interface UpdateRequest {
  readonly g: Graph;
  readonly slabs: readonly TrainableSlab[];
  readonly training: OptimizerArguments;
  /** A tensor whose element `slot` is the factor that clips the gradients. */
  readonly scalars: Tensor;
  readonly slot: number;
}

export interface Optimizer {
  states(training: OptimizerArguments): readonly StateSpec[];
  /** Scalars of optimizer step `t`, counted from 1. */
  scalars(t: number, training: OptimizerArguments): Partial<OptimizerScalars>;
  update(request: UpdateRequest): void;
}

/** A state of a parameter's own shape. */
export const likeParameter = (name: string): StateSpec => ({ name, shape: ({ shape }) => shape });
