// bitfit: the biases train and nothing else of the backbone (Ben Zaken, Ravfogel, Goldberg 2022).

import { addsNothing, type Method } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

export const bitfit: Method = {
  name: 'bitfit',
  title: 'BitFit',
  summary: 'The biases train, one part in a thousand of the model; the backward pass still needs the activations between them.',
  group: 'baseline',
  diagram: { trains: { what: 'biases', parts: ['embeddings', 'attention', 'ffn'] }, adds: [], kept: 'everything' },
  paper: { title: 'BitFit: Simple Parameter-efficient Fine-tuning (Ben Zaken et al., ACL 2022)', url: 'https://arxiv.org/abs/2106.10199' },
  trains: ({ name, owner }) => owner === 'head' || name.endsWith('.bias'),
  refuses: notReversible('BitFit'),
  defaultPolicy: 'store',
  learning_rate: 5e-3,
  uses: ['frozen_layers'],
  merged: addsNothing,
  options: () => ({}),
  wire: () => singleStream(),
};
