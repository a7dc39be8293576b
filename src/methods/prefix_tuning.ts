// prefix-tuning: P learned keys and values before each layer's own, which every query sees (Li & Liang 2021), without reparametrisation and laid out
// as in PEFT. As there, the prefix counts as past: the tokens' positions begin at P. It starts as small as the model's own weights, where PEFT's
// starts at N(0, 1). Any start is away from the pretrained behaviour, for the positions move and the prefix takes its share of the attention.

import type { Graph } from '../graph/graph.ts';
import { prependRows } from '../graph/ops/prepend_rows.ts';
import { type Method, tokensOfOneText, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

export const prefixTuning: Method = {
  name: 'prefix-tuning',
  title: 'Prefix tuning',
  summary: 'Learned keys and values before every layer’s own train; activations are kept.',
  group: 'prompt',
  diagram: { adds: [{ part: 'tokens', at: 'attention' }], kept: 'everything' },
  paper: { title: 'Prefix-Tuning (Li & Liang, ACL 2021)', url: 'https://arxiv.org/abs/2101.00190' },
  trains: trainsAdditions,
  refuses: notReversible('Prefix tuning'),
  defaultPolicy: 'store',
  learning_rate: 1e-2,
  uses: ['num_virtual_tokens'],
  peft: 'PREFIX_TUNING',
  options: () => ({}),
  refusesModel: tokensOfOneText,
  wire({ config: { hidden_size: C, initializer_range: std } }, { num_virtual_tokens: P }) {
    const rows = (g: Graph, part: 'key' | 'value') =>
      g.weight(`${g.path}.prefix_${part}`, [P, C], { owner: 'method', initial: { from: 'normal', std } });
    return singleStream({
      tokensBefore: () => ({ first_position: P }),
      keysAndValues: (g, k, v) => [prependRows(g, rows(g, 'key'), k), prependRows(g, rows(g, 'value'), v)],
    });
  },
};
