// full: every parameter trains.

import { addsNothing, type Method } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

export const full: Method = {
  name: 'full',
  title: 'Full fine-tuning',
  summary: 'Every weight trains; every activation is kept for the backward pass.',
  group: 'baseline',
  diagram: { trains: { what: 'weights', parts: ['embeddings', 'attention', 'ffn'] }, adds: [], kept: 'everything' },
  trains: () => true,
  refuses: notReversible('Full fine-tuning'),
  defaultPolicy: 'store',
  learning_rate: 5e-5,
  uses: ['frozen_layers'],
  merged: addsNothing,
  options: () => ({}),
  wire: () => singleStream(),
};
