// The wiring of methods that leave the stack as it is: one stream, plain layers, whatever they add at sites.

import { watch } from '../graph/ops/watch.ts';
import { type Adaptation, type LayerBlocks, noAdaptation } from '../models/model.ts';
import type { PolicyName } from '../protocol/config.ts';
import { type Layer, plainLayer } from '../stack/layers.ts';
import type { Wiring } from './method.ts';

/** A layer as the model has it. */
export const unchangedLayer = ({ name, layer }: LayerBlocks): Layer => plainLayer(name, layer, (g, y) => watch(g, y, name));

export const singleStream = (adaptation: Adaptation = noAdaptation): Wiring => ({
  adaptation,
  layer: unchangedLayer,
  start: (_, h) => [h],
  read: (_, stream) => stream,
  finish: (_, [h], top) => top(h as NonNullable<typeof h>),
  streams: 'single',
});

/** Refuses `reversible` for layers as they are. */
export const notReversible = (title: string) => (policy: PolicyName) =>
  policy === 'reversible'
    ? `${title} keeps the pretrained one-stream layers, which have no inverse. Use store or checkpoint, or the method meft1.`
    : undefined;
