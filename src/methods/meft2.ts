// meft2: F is a stand-alone adapter, G is the whole layer with an adapter parallel to its feed-forward pair, the streams switch after each layer:
// y1 = λ·x1 + A_rev(x2),  y2 = β·x2 + L(y1). λ multiplies the layer's input, so it stays 1; with β small the pretrained trajectory runs in stream 1.

import type { Method } from './method.ts';
import { meft, parallelToFfn, standAlone, twoStreams } from './two_streams.ts';

export const meft2: Method = {
  ...meft,
  name: 'meft2',
  title: 'MEFT2',
  summary: 'As MEFT1 with the roles exchanged: the adapter first, then the frozen layer. Only the last two streams are kept.',
  diagram: {
    adds: [
      { part: 'adapter', at: 'F' },
      { part: 'adapter', at: 'ffn-parallel' },
    ],
    coupling: { F: [], G: ['attention', 'ffn'], switches: true },
    kept: 'last-streams',
  },
  uses: [...meft.uses, 'adapter_layer_norm'],
  why: {
    lambda: 'It multiplies what the pretrained layer reads, so it must stay 1, as in Liao et al. (2023).',
    beta: 'Near the 0.1 of Liao et al. (2023), and a power of two, so that a shift is exact.',
  },
  options: (streams, { streams: own }) => ({ ...own, lambda: 1, beta: streams === 'fixed' ? 1 / 8 : 0.1 }),
  wire: ({ config }, options) =>
    twoStreams(
      {
        adaptation: parallelToFfn(config, options),
        coupling: ({ layer }) => ({ F: standAlone(config, options), G: layer, switchStreams: true }),
        pretrained: 0,
      },
      options,
    ),
};
