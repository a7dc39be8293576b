// For tests and measurements of adapters: what a model card says where no test looks at it.

import type { CardFacts } from './model_card.ts';

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
