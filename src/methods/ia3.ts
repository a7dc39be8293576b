// ia3: learned vectors scale keys, values and what enters the second feed-forward matrix (Liu et al. 2022), sites and names as in PEFT.

import { scaleColumns } from '../graph/ops/scale_columns.ts';
import type { Adaptation } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { endsInOneOf, isHead, type Method } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

const scaled = ({ target_modules, feedforward_modules, init_factor }: MethodOptions): Adaptation => {
  const scalesInput = (path: string) => endsInOneOf(path, feedforward_modules);
  // One leaves the model as it is.
  const initial = { from: 'constant', value: init_factor === 0 ? 1 : init_factor } as const;
  return {
    linear: {
      adapts: ({ path }) => endsInOneOf(path, target_modules),
      before: (g, { path, in_features }, x) =>
        scalesInput(path) ? scaleColumns(g, x, g.weight(`${path}.ia3_l`, [in_features], { initial, decay: true })) : x,
      after: (g, { path, out_features }, _, y) =>
        scalesInput(path) ? y : scaleColumns(g, y, g.weight(`${path}.ia3_l`, [out_features], { initial, decay: true })),
    },
  };
};

export const ia3: Method = {
  name: 'ia3',
  title: '(IA)³',
  summary: 'Three vectors a layer train, which scale keys, values and the feed-forward’s inside; activations are still kept.',
  group: 'adapter',
  diagram: {
    adds: [
      { part: 'scale', at: 'attention' },
      { part: 'scale', at: 'ffn' },
    ],
    kept: 'everything',
  },
  paper: { title: 'Few-Shot Parameter-Efficient Fine-Tuning (Liu et al., NeurIPS 2022)', url: 'https://arxiv.org/abs/2205.05638' },
  trains: (name) => isHead(name) || name.endsWith('.ia3_l'),
  refuses: notReversible('(IA)³'),
  defaultPolicy: 'store',
  learning_rate: 5e-3,
  uses: ['target_modules', 'feedforward_modules', 'init_factor', 'frozen_layers'],
  why: { init_factor: 'Zero stands for the vectors’ own start: ones, which leave the model as it is.' },
  peft: 'IA3',
  options: () => ({ target_modules: ['key', 'value', 'output.dense'], feedforward_modules: ['output.dense'] }),
  wire: (_, options) => singleStream(scaled(options)),
};
