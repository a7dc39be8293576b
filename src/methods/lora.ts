// lora: y = W x + (alpha / r) · B A dropout(x) beside chosen dense layers (Hu et al. 2022), parameters and defaults as in PEFT; alpha / √r with
// use_rslora (Kalajdzievski 2023).

import { copy, dropout } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Adaptation } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { endsInOneOf, isTarget, type Method, savesParameter, targets, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

/** The number of the first `name=number` that fits a module, as in PEFT's rank_pattern and alpha_pattern. */
function patternValue(entries: readonly string[], path: string, preset: number): number {
  const own = entries.map((entry) => entry.split('=') as [string, string]).find(([name]) => endsInOneOf(path, [name]));
  return own ? Number(own[1]) : preset;
}

const lowRank = (options: MethodOptions): Adaptation => ({
  linear: {
    ...targets(options),
    after(g, { path, in_features, out_features }, x, y) {
      const { lora_dropout, init_factor, use_rslora } = options;
      const r = patternValue(options.rank_pattern, path, options.adapter_size);
      const lora_alpha = patternValue(options.alpha_pattern, path, options.lora_alpha);
      // A starts as PEFT's does (Kaiming uniform with a = √5), B at zero.
      const A = g.weight(`${path}.lora_A.weight`, [r, in_features], {
        owner: 'method',
        initial: { from: 'uniform', bound: 1 / Math.sqrt(in_features) },
      });
      const B = g.weight(`${path}.lora_B.weight`, [out_features, r], {
        owner: 'method',
        initial: { from: 'constant', value: init_factor },
      });
      const dropped = g.training && lora_dropout > 0 ? dropout(g, copy(g, x), lora_dropout, 'lora_dropout') : x;
      return linear(g, linear(g, dropped, A), B, { alpha: lora_alpha / (use_rslora ? Math.sqrt(r) : r), into: y });
    },
  },
});

/** Those biases of the backbone that `bias` says, as PEFT counts them. */
function trainsBias(name: string, options: MethodOptions): boolean {
  if (options.bias === 'none' || !name.endsWith('.bias')) return false;
  return options.bias === 'all' || isTarget(name.slice(0, -'.bias'.length), options);
}

export const lora: Method = {
  name: 'lora',
  title: 'LoRA',
  summary: 'Low-rank updates beside the query and value projections train; activations are still kept.',
  group: 'adapter',
  diagram: { adds: [{ part: 'low-rank', at: 'attention' }], kept: 'everything' },
  paper: { title: 'LoRA: Low-Rank Adaptation of Large Language Models (Hu et al., 2022)', url: 'https://arxiv.org/abs/2106.09685' },
  trains: (parameter, options) =>
    trainsAdditions(parameter) || trainsBias(parameter.name, options) || savesParameter(parameter.name, options),
  refuses: notReversible('LoRA'),
  defaultPolicy: 'store',
  learning_rate: 1e-3,
  uses: [
    ...(['adapter_size', 'lora_alpha', 'lora_dropout', 'use_rslora', 'target_modules', 'rank_pattern', 'alpha_pattern'] as const),
    ...(['modules_to_save', 'bias', 'init_factor', 'frozen_layers'] as const),
  ],
  labels: { adapter_size: 'Rank' },
  why: { adapter_size: 'PEFT’s default rank.', init_factor: 'Zero: B starts at zero, and so the update.' },
  peft: 'LORA',
  options: (_, { lora }) => lora,
  wire: (_, options) => singleStream(lowRank(options)),
};
