// houlsby: two bottleneck adapters a layer, each behind a sub-layer and with a residual of its own: y + A(y) (Houlsby et al. 2019). Not as there: the
// layers' LayerNorms stay frozen, the bottleneck has dropout inside, and the start's tails are not cut.

import { adapter } from './adapter.ts';
import { type Method, savesParameter, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

export const houlsby: Method = {
  name: 'houlsby',
  title: 'Adapters (Houlsby)',
  summary: 'Two small bottlenecks a layer, behind attention and behind the feed-forward pair, train; activations are kept.',
  group: 'adapter',
  diagram: {
    adds: [
      { part: 'adapter', at: 'attention-after' },
      { part: 'adapter', at: 'ffn-after' },
    ],
    kept: 'everything',
  },
  paper: { title: 'Parameter-Efficient Transfer Learning for NLP (Houlsby et al., ICML 2019)', url: 'https://arxiv.org/abs/1902.00751' },
  trains: (parameter, options) => trainsAdditions(parameter) || savesParameter(parameter.name, options),
  refuses: notReversible('Houlsby’s adapters'),
  defaultPolicy: 'store',
  learning_rate: 2e-3,
  uses: ['adapter_size', 'adapter_init_std', 'non_linearity', 'modules_to_save', 'frozen_layers'],
  why: {
    adapter_size: 'In the middle of the sizes 8 to 256 that Houlsby et al. (2019) tried.',
    adapter_init_std: 'The value of Houlsby et al. (2019): larger ones did worse, for they start away from the pretrained behaviour.',
  },
  options: () => ({ adapter_size: 64, adapter_init_std: 0.01 }),
  wire: ({ config }, options) =>
    singleStream({
      attentionOutput: (g, y) => adapter(g, 'adapter', y, config, options, { into: y }),
      ffn: (g, _, y) => adapter(g, 'adapter', y, config, options, { into: y }),
    }),
};
