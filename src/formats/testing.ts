// For tests and measurements of adapters: what a model card says where no test looks at it.

import type { CardFacts } from './model_card.ts';
import type { TaskModel } from './task_model.ts';

export const cardFacts: CardFacts = {
  name: 'task',
  base_model: { name: 'tiny', sha256: null },
  pipeline_tag: 'text-classification',
  method: 'one',
  dataset: { name: 'three', train_examples: 1, eval_examples: 0, eval_split: 'none' },
  metrics: [],
  labels: ['bad', 'fine', 'good'],
  hyper_parameters: [],
  notes: [],
};

/** A BERT of two layers and heads. */
export const bertModel: TaskModel = {
  ...{
    model_type: 'bert',
    prefix: 'bert.',
    inputs: 'text',
    architecture: () => 'BertForSequenceClassification',
    num_hidden_layers: 2,
    num_attention_heads: 2,
    hidden_act: 'gelu',
    pooling: 'cls',
  },
  head: () => ({ classes: ['classifier.weight', 'classifier.bias'], before: [] }),
  defaults: {
    lora: { target_modules: ['query', 'value'] },
    ia3: { target_modules: ['key', 'value', 'output.dense'], feedforward_modules: ['output.dense'] },
  },
  beside: [],
  shared: () => new Map(),
  names: () => ({ dense: [], parameters: [], transposed: [] }),
};
