// lora: y = W x + (alpha / r) · B A dropout(x) beside chosen dense layers (Hu et al. 2022), parameters and defaults as in PEFT.

import { copy, dropout } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Adaptation } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { endsInOneOf, isHead, type Method, targets } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

const lowRank = ({ adapter_size: r, lora_alpha, lora_dropout, target_modules, init_factor }: MethodOptions): Adaptation => ({
  linear: {
    ...targets(target_modules),
    after(g, { path, in_features, out_features }, x, y) {
      // A starts as PEFT's does (Kaiming uniform with a = √5), B at zero.
      const A = g.weight(`${path}.lora_A.weight`, [r, in_features], { initial: { from: 'uniform', bound: 1 / Math.sqrt(in_features) } });
      const B = g.weight(`${path}.lora_B.weight`, [out_features, r], { initial: { from: 'constant', value: init_factor } });
      const dropped = g.training && lora_dropout > 0 ? dropout(g, copy(g, x), lora_dropout, 'lora_dropout') : x;
      return linear(g, linear(g, dropped, A), B, { alpha: lora_alpha / r, into: y });
    },
  },
});

export const lora: Method = {
  name: 'lora',
  title: 'LoRA',
  summary: 'Low-rank updates beside the query and value projections train; activations are still kept.',
  group: 'adapter',
  diagram: { adds: [{ part: 'low-rank', at: 'attention' }], kept: 'everything' },
  paper: { title: 'LoRA: Low-Rank Adaptation of Large Language Models (Hu et al., 2022)', url: 'https://arxiv.org/abs/2106.09685' },
  trains: (name, { bias, target_modules }) =>
    isHead(name) ||
    name.includes('.lora_') ||
    (name.endsWith('.bias') && (bias === 'all' || (bias === 'lora_only' && endsInOneOf(name.slice(0, -'.bias'.length), target_modules)))),
  refuses: notReversible('LoRA'),
  defaultPolicy: 'store',
  learning_rate: 1e-3,
  uses: ['adapter_size', 'lora_alpha', 'lora_dropout', 'target_modules', 'bias', 'init_factor', 'frozen_layers'],
  labels: { adapter_size: 'Rank' },
  why: { adapter_size: 'PEFT’s default rank.', init_factor: 'Zero: B starts at zero, and so the update.' },
  peft: 'LORA',
  options: () => ({}),
  wire: (_, options) => singleStream(lowRank(options)),
};
