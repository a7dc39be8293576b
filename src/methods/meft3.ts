// meft3: F is the attention block with an adapter behind its output projection, G is the feed-forward block with a parallel adapter; the streams do
// not switch, for attention and feed-forward alternate already:  y1 = λ·x1 + Attn(x2),  y2 = β·x2 + Mlp(y1). The smallest part to rebuild at a
// time, and the worst conditioned over float streams.

import { adapter } from './adapter.ts';
import type { Method } from './method.ts';
import { meft, parallelToFfn, twoStreams } from './two_streams.ts';

export const meft3: Method = {
  ...meft,
  name: 'meft3',
  title: 'MEFT3',
  summary:
    'Attention and feed-forward block are the two halves of a reversible layer, each with an adapter; only the last two streams are kept.',
  diagram: {
    adds: [
      { part: 'adapter', at: 'attention-after' },
      { part: 'adapter', at: 'ffn-parallel' },
    ],
    coupling: { F: ['attention'], G: ['ffn'], switches: false },
    kept: 'last-streams',
  },
  why: { beta: 'Near the 0.1 of Liao et al. (2023), and a power of two, so that a shift is exact.' },
  options: (streams, { streams: own }) => ({
    ...own,
    lambda: streams === 'fixed' ? 1 / 8 : 0.1,
    beta: streams === 'fixed' ? 1 / 8 : 0.1,
  }),
  wire: ({ config }, options) =>
    twoStreams(
      {
        adaptation: {
          ...parallelToFfn(config, options),
          attentionOutput: (g, y) => adapter(g, 'adapter_attn', y, config, options, { into: y }),
        },
        coupling: ({ attention, mlp }) => ({ F: { mixing: attention }, G: { rows: mlp }, switchStreams: false }),
        pretrained: 1,
      },
      options,
    ),
};
