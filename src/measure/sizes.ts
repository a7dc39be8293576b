// What the stages of a device's measurement work on: models by their configuration, batches, and how long each may take. Two sets of sizes, the same stages.

import { bert, readBertConfig } from '../models/bert.ts';
import type { Backbone } from '../models/model.ts';
import type { BenchSizes, StepCase } from '../protocol/bench.ts';
import { granularityNames, type MethodName, type PolicyName } from '../protocol/config.ts';

export interface BatchSize {
  readonly batch: number;
  readonly length: number;
}

export interface Sizes {
  /** By the name that people know. */
  readonly models: Readonly<Record<string, Backbone>>;
  /** Rows of the products of layers. */
  readonly rows: number;
  readonly batches: readonly BatchSize[];
  /** Of the steps that are each waited for. */
  readonly steps: { readonly least: number; readonly most: number; readonly ms: number };
  readonly exact: BatchSize;
  readonly learning: BatchSize & { readonly steps: number; readonly learners: readonly Learner[] };
  /** How many times the usual seconds a stage may take. */
  readonly patience: number;
}

/** A method that learns from random weights, with a rate that suits the size. */
export interface Learner {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly learning_rate: number;
}

const learnersAt = (adapters: number, full: number): readonly Learner[] => [
  { method: 'meft1', policy: 'reversible', learning_rate: adapters },
  { method: 'lora', policy: 'store', learning_rate: adapters },
  { method: 'full', policy: 'store', learning_rate: full },
];

/** BERT of these sizes, and of BERT-base's where they say nothing. */
export const bertOf = (name: string, sizes: Readonly<Record<string, number>>): Backbone => bert(readBertConfig(sizes, name));

export const sizesNamed: Readonly<Record<BenchSizes, () => Sizes>> = {
  usual: () => ({
    models: {
      MiniLM: bertOf('MiniLM', { num_hidden_layers: 6, hidden_size: 384, intermediate_size: 1536 }),
      'BERT-base': bertOf('BERT-base', { num_hidden_layers: 12 }),
    },
    rows: 2048,
    batches: [
      { batch: 16, length: 128 },
      { batch: 4, length: 512 },
    ],
    steps: { least: 3, most: 10, ms: 1200 },
    exact: { batch: 16, length: 128 },
    learning: { batch: 16, length: 32, steps: 50, learners: learnersAt(1e-2, 5e-4) },
    patience: 1,
  }),
  tiny: () => {
    const tiny = { vocab_size: 256, max_position_embeddings: 128, num_attention_heads: 2 };
    return {
      models: { small: bertOf('small', { ...tiny, num_hidden_layers: 2, hidden_size: 32, intermediate_size: 64 }) },
      rows: 64,
      batches: [{ batch: 2, length: 16 }],
      steps: { least: 2, most: 2, ms: 100 },
      exact: { batch: 16, length: 64 },
      learning: { batch: 16, length: 16, steps: 50, learners: learnersAt(3e-2, 5e-3) },
      // A software driver takes the best part of a minute to compile the kernels of a first step.
      patience: 6,
    };
  },
};

/** Methods and policies whose steps are measured, in this order. Only parts of a batch know granularities, which `reversible` works in. */
export const measured: readonly Pick<StepCase, 'method' | 'policy' | 'granularity'>[] = [
  { method: 'full', policy: 'store', granularity: 'balanced' },
  { method: 'lora', policy: 'store', granularity: 'balanced' },
  { method: 'lora', policy: 'checkpoint', granularity: 'balanced' },
  ...granularityNames.map((granularity) => ({ method: 'meft1', policy: 'reversible', granularity }) as const),
];
