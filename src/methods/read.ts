// read: a recurrent cell beside a frozen backbone (Wang, Nguyen, Li, Wu 2023). Its steps are the layers: it reads each layer's output through an
// RMS norm, shares its weights over them all, and adds its answer to the last hidden states. Nothing runs backwards through the backbone. With the
// joiner it also reads its own states before, mixed over the tokens by the layer's attention probabilities.
// Names, gates and defaults as in the authors' code, but the output starts at zero, so that training starts at the pretrained behaviour.

import type { Graph } from '../graph/graph.ts';
import { attentionProbabilities, mixTokens } from '../graph/ops/attention_mix.ts';
import { joinColumns } from '../graph/ops/columns.ts';
import { add, scaleAdd } from '../graph/ops/elementwise.ts';
import { zeros } from '../graph/ops/fill.ts';
import { linear } from '../graph/ops/linear.ts';
import { gruCell, lstmCell, rnnCell } from '../graph/ops/recurrent.ts';
import { rmsNorm } from '../graph/ops/rms_norm.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Attended, Backbone } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { runBlock } from '../stack/block.ts';
import { type Method, trainsAdditions, type Wiring } from './method.ts';
import { besideBackbone, nothingToUndo } from './side_network.ts';

const eps = 1e-6;

/** The next states (h, for an lstm c too) from x [B, T, I], weights [gates · H, ..]. */
function stepCell(g: Graph, { rnn_type, rnn_hidden_size: H }: MethodOptions, x: Tensor, states: readonly Tensor[]): Tensor[] {
  const [h, c] = states as [Tensor, Tensor];
  const rows = { gru: 3, lstm: 4, rnn: 1 }[rnn_type] * H;
  const initial = { from: 'uniform', bound: 1 / Math.sqrt(H) } as const;
  const product = (value: Tensor, part: 'ih' | 'hh', into?: Tensor) =>
    linear(g, value, g.weight(`read.rnn.weight_${part}`, [rows, value.shape.at(-1) as number], { owner: 'method', initial }), {
      bias: g.weight(`read.rnn.bias_${part}`, [rows], { owner: 'method', initial }),
      ...(into ? { into } : {}),
    });
  const ofInput = product(x, 'ih');
  if (rnn_type === 'gru') return [gruCell(g, ofInput, product(h, 'hh'), h)];
  const gates = product(h, 'hh', ofInput);
  if (rnn_type === 'rnn') return [rnnCell(g, gates)];
  const next = lstmCell(g, gates, c);
  return [next.h, next.c];
}

function wire({ config }: Backbone, options: MethodOptions): Wiring {
  const { hidden_size: C, num_hidden_layers } = config;
  const { rnn_type, rnn_hidden_size: H, aggregation, joiner, output_scale, frozen_layers } = options;
  const cellStates = rnn_type === 'lstm' ? 2 : 1;
  let attended: Attended | undefined;

  // States: h, for an lstm c, for the mean the sum of all h.
  function advance(g: Graph, [phi, p]: readonly Tensor[], states: readonly Tensor[]): Tensor[] {
    const weight = g.weight('read.rms_norm.weight', [C], { owner: 'method', initial: { from: 'constant', value: 1 } });
    const normalized = rmsNorm(g, phi as Tensor, weight, eps);
    const x = p ? joinColumns(g, normalized, mixTokens(g, p, states[0] as Tensor)) : normalized;
    const next = stepCell(g, options, x, states);
    const sum = states[cellStates];
    return sum ? [...next, add(g, sum, next[0] as Tensor)] : next;
  }

  return besideBackbone({
    adaptation: joiner
      ? {
          attended(given) {
            attended = given;
          },
        }
      : {},
    network: ({ layer }) => ({
      backbone(g, x) {
        const phi = runBlock(g, layer, x, []);
        return joiner ? [phi, g.scope('read', () => attentionProbabilities(g, attended as Attended))] : [phi];
      },
      advance: (g, seen, states) => g.scope('read', () => advance(g, seen, states)),
    }),
    start(g, h) {
      const [B, T] = h.shape as [number, number, number];
      const count = cellStates + (aggregation === 'mean' ? 1 : 0);
      return [h, ...Array.from({ length: count }, () => zeros(g, [B, T, H]))];
    },
    finish(g, [phi, h, ...others], top) {
      const last = top(phi as Tensor); // [B, T, C']
      const width = last.shape.at(-1) as number;
      const start = { owner: 'method', initial: { from: 'constant', value: 0 } } as const;
      const w = g.weight('read.output.weight', [width, H], start);
      const bias = g.weight('read.output.bias', [width], start);
      const mean = aggregation === 'mean';
      const states = (mean ? others[cellStates - 1] : h) as Tensor;
      const correction = linear(g, states, w, { bias, alpha: mean ? 1 / (num_hidden_layers - frozen_layers) : 1 });
      return scaleAdd(g, correction, output_scale, last);
    },
  });
}

export const read: Method = {
  name: 'read',
  title: 'READ',
  summary: 'A small recurrent cell reads the frozen layers one after the other and corrects the last hidden states.',
  group: 'side-network',
  diagram: { adds: [{ part: 'recurrent-cell', at: 'side' }], kept: 'side' },
  paper: { title: 'READ: Recurrent Adaptation of Large Transformers (Wang et al., 2023)', url: 'https://arxiv.org/abs/2305.15348' },
  trains: trainsAdditions,
  refuses: nothingToUndo('READ'),
  refusesModel: ({ stacks }) =>
    stacks.length > 1
      ? 'Beside an encoder and a decoder there are two cells, and the decoder’s reads the encoder’s states, in a form that the paper has and its authors’ code has not.'
      : undefined,
  defaultPolicy: 'store',
  learning_rate: 2e-3,
  uses: ['rnn_type', 'rnn_hidden_size', 'aggregation', 'joiner', 'output_scale', 'frozen_layers'],
  options: () => ({}),
  wire,
};
