// The wiring of methods that make a pretrained transformer reversible: two streams that start alike, coupled layers, and how the streams become
// one again (Liao, Tan, Monz, NeurIPS 2023).

import { scaleAdd } from '../graph/ops/elementwise.ts';
import type { Adaptation, BackboneConfig, LayerBlocks } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import type { Block } from '../stack/block.ts';
import { type Coupling, coupledLayer } from '../stack/layers.ts';
import { fixedStreams, floatStreams, shiftOf } from '../stack/streams.ts';
import { adapter } from './adapter.ts';
import { type Method, trainsAdditions, type Wiring } from './method.ts';

export interface TwoStreams {
  readonly adaptation: Adaptation;
  coupling(blocks: LayerBlocks): Pick<Coupling, 'F' | 'G' | 'switchStreams'>;
  /** The stream that the pretrained trajectory runs in, after the switch. */
  readonly pretrained: 0 | 1;
}

export function twoStreams({ adaptation, coupling, pretrained }: TwoStreams, options: MethodOptions): Wiring {
  const { lambda, beta, streams, fraction_bits, final_combination, combination_weight } = options;
  const arithmetic = streams === 'fixed' ? fixedStreams(fraction_bits) : floatStreams;
  if (streams === 'fixed') {
    shiftOf(lambda, 'lambda');
    shiftOf(beta, 'beta');
  }
  const weightOf = (stream: 0 | 1) => (final_combination === 'mean' ? 0.5 : stream === pretrained ? 1 : combination_weight);
  return {
    adaptation,
    layer: (blocks) => coupledLayer(blocks.name, { ...coupling(blocks), lambda, beta }, arithmetic),
    start: (g, h) => [arithmetic.start(g, h), arithmetic.start(g, h)],
    read: arithmetic.read,
    finish: (g, [s1, s2], top) => top(scaleAdd(g, s1 as NonNullable<typeof s1>, weightOf(0), s2, weightOf(1))),
    streams,
  };
}

/** The adapter parallel to the feed-forward pair. */
export const parallelToFfn = (config: BackboneConfig, options: MethodOptions): Adaptation => ({
  ffn: (g, a, y) => adapter(g, 'adapter_ffn', a, config, options, { into: y }),
});

/** The adapter that is F or G alone; it reads the raw stream. */
export const standAlone = (config: BackboneConfig, options: MethodOptions): Block => ({
  rows: (g, y) => adapter(g, 'adapter_rev', y, config, options, { layer_norm: options.adapter_layer_norm }),
});

/** What the three have in common. */
export const meft = {
  group: 'reversible',
  paper: { title: 'Make Pre-trained Model Reversible (Liao, Tan, Monz, NeurIPS 2023)', url: 'https://arxiv.org/abs/2306.00477' },
  trains: trainsAdditions,
  refuses: () => undefined,
  defaultPolicy: 'reversible',
  learning_rate: 3e-3,
  uses: [
    'streams',
    'lambda',
    'beta',
    'adapter_size',
    'adapter_init_std',
    'fraction_bits',
    'final_combination',
    'combination_weight',
    'frozen_layers',
  ],
} as const satisfies Partial<Method>;
