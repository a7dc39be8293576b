// meft1 (Liao, Tan, Monz, NeurIPS 2023): a pretrained transformer made reversible. F is the whole layer with an adapter parallel to its feed-forward
// pair, G is a stand-alone adapter, the streams switch after each layer:  y1 = λ·x1 + L(x2),  y2 = β·x2 + A_rev(y1).
// With λβ small the pretrained trajectory runs on in stream 2, so training starts near the pretrained behaviour.

import { coupledLayer } from '../graph/layers.ts';
import { scaleAdd } from '../graph/ops/elementwise.ts';
import { fixedStreams, floatStreams } from '../graph/streams.ts';
import { adapter } from './adapter.ts';
import { isHead, type Method } from './method.ts';

export const meft1: Method = {
  name: 'meft1',
  title: 'MEFT1',
  summary: 'The frozen layers are made reversible by small adapters: activations are recomputed from the last two streams, not kept.',
  paper: { title: 'Make Pre-trained Model Reversible (Liao, Tan, Monz, NeurIPS 2023)', url: 'https://arxiv.org/abs/2306.00477' },
  trains: (name) => isHead(name) || name.includes('.adapter_'),
  refuses: () => undefined,
  defaultPolicy: 'reversible',
  learning_rate: 3e-3,
  uses: ['streams', 'lambda', 'beta', 'adapter_size', 'adapter_init_std', 'fraction_bits'],
  exportFacts: { final_combination: 'mean' },
  options: (streams) => ({ lambda: streams === 'fixed' ? 1 / 8 : 0.1, beta: 1 }),
  wire(config, options) {
    const { lambda, beta } = options;
    const arithmetic = options.streams === 'fixed' ? fixedStreams(options.fraction_bits) : floatStreams;
    return {
      adaptation: {
        adapts: ({ kind }) => kind === 'ffn',
        adapt: (g, _, a, output) => adapter(g, 'adapter_ffn', a, config, options, output),
      },
      layer: ({ name, layer }) => {
        const G = (g: Parameters<typeof layer>[0], y: Parameters<typeof layer>[1]) => adapter(g, 'adapter_rev', y, config, options);
        return coupledLayer(name, { F: layer, G, lambda, beta, switchStreams: true }, arithmetic);
      },
      start: (g, h) => [arithmetic.start(g, h), arithmetic.start(g, h)],
      read: arithmetic.read,
      // Mean of the streams, as the authors' BERT code.
      finish: (g, [s1, s2]) => scaleAdd(g, s1 as NonNullable<typeof s1>, 0.5, s2, 0.5),
      streams: options.streams,
    };
  },
};
