// parallel-adapter: a scaled bottleneck beside the feed-forward pair, y + s·A(a), from the pair's own input (He et al. 2022, the scaled parallel
// adapter of their table 6). Its second matrix starts at zero, as theirs, so training starts at the pretrained behaviour. Not as there: A has the
// backbone's activation unless another is asked for, where theirs has relu.

import type { BackboneConfig } from '../models/model.ts';
import { type AdapterPlace, adapter } from './adapter.ts';
import { type Method, savesParameter, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

/** The authors' (their option `lora`): Kaiming uniform with a = √5, and zero. */
const startOf = ({ hidden_size }: BackboneConfig): NonNullable<AdapterPlace['start']> => ({
  down: { from: 'uniform', bound: 1 / Math.sqrt(hidden_size) },
  up: { from: 'constant', value: 0 },
});

export const parallelAdapter: Method = {
  name: 'parallel-adapter',
  title: 'Parallel adapter',
  summary: 'A bottleneck beside each feed-forward pair trains; activations are kept.',
  group: 'adapter',
  diagram: { adds: [{ part: 'adapter', at: 'ffn-parallel' }], kept: 'everything' },
  paper: {
    title: 'Towards a Unified View of Parameter-Efficient Transfer Learning (He et al., ICLR 2022)',
    url: 'https://arxiv.org/abs/2110.04366',
  },
  trains: (parameter, options) => trainsAdditions(parameter) || savesParameter(parameter.name, options),
  refuses: notReversible('The parallel adapter'),
  defaultPolicy: 'store',
  learning_rate: 1e-3,
  uses: ['adapter_size', 'adapter_scaling', 'non_linearity', 'modules_to_save', 'frozen_layers'],
  why: {
    adapter_size: 'The size of Houlsby’s adapters here, so that the two compare.',
    adapter_scaling: 'The value of He et al. (2022), which spares a search for the learning rate.',
  },
  options: () => ({ adapter_size: 64, adapter_scaling: 4 }),
  wire: ({ config }, options) =>
    singleStream({
      ffn: (g, a, y) =>
        adapter(g, 'adapter_ffn', a, config, options, { into: y, scaling: options.adapter_scaling, start: startOf(config) }),
    }),
};
