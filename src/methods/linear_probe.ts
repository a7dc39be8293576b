// linear-probe: the backbone is frozen, only the classifier on top trains.

import { addsNothing, type Method } from './method.ts';
import { singleStream } from './single_stream.ts';

export const linearProbe: Method = {
  name: 'linear-probe',
  title: 'Linear probe',
  summary: 'Only the classifier trains; the backbone is a fixed feature extractor and has no backward pass.',
  group: 'baseline',
  diagram: { adds: [], kept: 'head' },
  trains: ({ owner }) => owner === 'head',
  refuses: (policy) =>
    policy === 'store' ? undefined : 'The linear probe has no backward pass through the layers: there is nothing to bring back.',
  defaultPolicy: 'store',
  learning_rate: 5e-3,
  uses: [],
  merged: addsNothing,
  options: () => ({}),
  wire: () => singleStream(),
};
