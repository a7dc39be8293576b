// meft1: F is the whole layer with an adapter parallel to its feed-forward pair, G is a stand-alone adapter, the streams switch after each layer:
// y1 = λ·x1 + L(x2),  y2 = β·x2 + A_rev(y1). With λβ small the pretrained trajectory runs on in stream 2, so training starts near the pretrained
// behaviour.

import type { Method } from './method.ts';
import { meft, parallelToFfn, standAlone, twoStreams } from './two_streams.ts';

export const meft1: Method = {
  ...meft,
  name: 'meft1',
  title: 'MEFT1',
  summary: 'The frozen layers are made reversible by small adapters: activations are recomputed from the last two streams, not kept.',
  diagram: {
    adds: [
      { part: 'adapter', at: 'ffn-parallel' },
      { part: 'adapter', at: 'G' },
    ],
    coupling: { F: ['attention', 'ffn'], G: [], switches: true },
    kept: 'last-streams',
  },
  uses: [...meft.uses, 'adapter_layer_norm'],
  options: (streams, { streams: own }) => ({ ...own, lambda: streams === 'fixed' ? 1 / 8 : 0.1, beta: 1 }),
  wire: ({ config }, options) =>
    twoStreams(
      {
        adaptation: parallelToFfn(config, options),
        coupling: ({ layer }) => ({ F: layer, G: standAlone(config, options), switchStreams: true }),
        pretrained: 1,
      },
      options,
    ),
};
