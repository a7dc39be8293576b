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

/** The rank of a dense layer's update and what it is multiplied by. */
function rankAndScale({ adapter_size, lora_alpha, rank_pattern, alpha_pattern, use_rslora }: MethodOptions, path: string) {
  const r = patternValue(rank_pattern, path, adapter_size);
  return { r, scale: patternValue(alpha_pattern, path, lora_alpha) / (use_rslora ? Math.sqrt(r) : r) };
}

const lowRank = (options: MethodOptions): Adaptation => ({
  linear: {
    ...targets(options),
    after(g, { path, in_features, out_features }, x, y) {
      const { lora_dropout, init_factor } = options;
      const { r, scale } = rankAndScale(options, path);
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
      return linear(g, linear(g, dropped, A), B, { alpha: scale, into: y });
    },
  },
});

/** W + scale · B A, summed in f64 and rounded once: W [out, in], A [r, in], B [out, r]. */
const merged: Method['merged'] = ({ name, shape: [out = 0, into = 0] }, trained, options) => {
  const path = name.slice(0, name.lastIndexOf('.'));
  const [A, B] = [trained.get(`${path}.lora_A.weight`), trained.get(`${path}.lora_B.weight`)];
  if (!name.endsWith('.weight') || !A || !B) return undefined;
  const { r, scale } = rankAndScale(options, path);
  return (w) => {
    const whole = Float32Array.from(w);
    const update = new Float64Array(into); // a row of B A
    for (let row = 0; row < out; row++) {
      update.fill(0);
      for (let k = 0; k < r; k++) {
        const b = B[row * r + k] as number;
        for (let column = 0; column < into; column++) update[column] = (update[column] as number) + b * (A[k * into + column] as number);
      }
      for (let column = 0; column < into; column++)
        whole[row * into + column] = (w[row * into + column] as number) + scale * (update[column] as number);
    }
    return whole;
  };
};

/** Those biases of the backbone that `bias` says, as PEFT counts them. */
function trainsBias({ name, dense }: Parameters<Method['trains']>[0], options: MethodOptions): boolean {
  if (options.bias === 'none' || !name.endsWith('.bias')) return false;
  return options.bias === 'all' || (dense === true && isTarget(name.slice(0, -'.bias'.length), options));
}

export const lora: Method = {
  name: 'lora',
  title: 'LoRA',
  summary: 'Low-rank updates beside the query and value projections train; activations are still kept.',
  group: 'adapter',
  diagram: { adds: [{ part: 'low-rank', at: 'attention' }], kept: 'everything' },
  paper: { title: 'LoRA: Low-Rank Adaptation of Large Language Models (Hu et al., 2022)', url: 'https://arxiv.org/abs/2106.09685' },
  trains: (parameter, options) => trainsAdditions(parameter) || trainsBias(parameter, options) || savesParameter(parameter.name, options),
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
  merged,
  options: (_, { lora }) => lora,
  wire: (_, options) => singleStream(lowRank(options)),
};
