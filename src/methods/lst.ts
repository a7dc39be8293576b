// lst: a ladder side network (Sung, Cho, Bansal, NeurIPS 2022): a narrow transformer beside a frozen one, whose layers take a gated mix of their own
// states and the backbone's. Nothing runs backwards through the backbone.
//   s_0 = downsample_0(embeddings),  s_{i+1} = layer_i(mu_i · downsample_{i+1}(h_{i+1}) + (1 - mu_i) · s_i),  result = h_L + upsample(s_L)
// Choices where the paper has others: layers start at random and not from a pruned backbone, the result is added to the last hidden states before the
// head, and upsample starts at zero, so that training starts at the pretrained behaviour.

import type { Graph } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { gate } from '../graph/ops/gate.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Initial, Parameter, Tensor } from '../graph/tensor.ts';
import { type Backbone, type LayerBlocks, noAdaptation } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { runBlock, wholeBlock } from '../stack/block.ts';
import { type Method, trainsAdditions, type Wiring } from './method.ts';
import { besideBackbone, nothingToUndo } from './side_network.ts';

const zero: Initial = { from: 'constant', value: 0 };

function wire(backbone: Backbone, { reduction_factor, gate_temperature }: MethodOptions): Wiring {
  const { initializer_range: std } = backbone.config;
  const side = backbone.narrowed(reduction_factor);
  const { hidden_size: narrow } = side.config;
  const random: Initial = { from: 'normal', std };

  const dense = (g: Graph, name: string, x: Tensor, out_features: number, initial: Initial) =>
    linear(g, x, g.weight(`lst.${name}.weight`, [out_features, x.shape.at(-1) as number], { owner: 'method', initial }), {
      bias: g.weight(`lst.${name}.bias`, [out_features], { owner: 'method', initial: zero }),
    });

  const startOf = ({ shape, mean }: Pick<Parameter, 'shape' | 'mean'>): Initial =>
    shape.length > 1 ? random : { from: 'constant', value: mean };

  const sideBlock = (g: Graph, { index, tokens }: LayerBlocks, x: Tensor): Tensor => {
    const { layer } = side.stacks[0].layers(tokens, noAdaptation)[index] as LayerBlocks;
    return g.asMethod(startOf, () => g.under(`lst.encoder.layer.${index}`, () => wholeBlock(g, layer, x, [])));
  };

  return besideBackbone({
    adaptation: noAdaptation,
    network: (blocks) => ({
      backbone: (g, x) => [runBlock(g, blocks.layer, x, [])],
      advance: (g, [h], [s]) =>
        g.under('lst', () => {
          const alpha = g.weight(`lst.gates.${blocks.index}`, [1], { owner: 'method', initial: zero, decay: true });
          const seen = dense(g, `downsample.${blocks.index + 1}`, h as Tensor, narrow, random);
          return [sideBlock(g, blocks, gate(g, alpha, gate_temperature, seen, s as Tensor))];
        }),
    }),
    start: (g, h) => [h, dense(g, 'downsample.0', h, narrow, random)],
    finish(g, [h, s], top) {
      const last = top(h as Tensor); // [B, T, C']
      return add(g, dense(g, 'upsample', s as Tensor, last.shape.at(-1) as number, zero), last);
    },
  });
}

export const lst: Method = {
  name: 'lst',
  title: 'LST',
  summary: 'A narrow transformer beside the frozen layers takes in their outputs and corrects the last hidden states.',
  group: 'side-network',
  diagram: { adds: [{ part: 'small-layer', at: 'side' }], kept: 'side' },
  paper: {
    title: 'LST: Ladder Side-Tuning for Parameter and Memory Efficient Transfer Learning (Sung et al., NeurIPS 2022)',
    url: 'https://arxiv.org/abs/2206.06522',
  },
  trains: trainsAdditions,
  refuses: nothingToUndo('LST'),
  refusesModel: ({ stacks }) =>
    stacks.length > 1
      ? 'The ladder beside a decoder needs one beside the encoder, which its layers look at; that is not there yet.'
      : undefined,
  defaultPolicy: 'store',
  learning_rate: 1e-3,
  uses: ['reduction_factor', 'gate_temperature', 'frozen_layers'],
  options: () => ({}),
  wire,
};
