// The wiring of methods whose network stands beside a frozen backbone: the backbone's stream, which nothing runs back through, and states beside it.

import { watch } from '../graph/ops/watch.ts';
import type { LayerBlocks } from '../models/model.ts';
import type { PolicyName } from '../protocol/config.ts';
import { type SideNetwork, sideLayer } from '../stack/layers.ts';
import type { Wiring } from './method.ts';

/** `start` and `finish` have the backbone's stream first. */
export interface SideParts extends Pick<Wiring, 'adaptation' | 'start' | 'finish'> {
  network(blocks: LayerBlocks): SideNetwork;
}

export const besideBackbone = ({ network, ...ends }: SideParts): Wiring => ({
  ...ends,
  layer: (blocks) => sideLayer(blocks.name, network(blocks), (g, y) => watch(g, y, blocks.name)),
  read: (_, stream) => stream,
  streams: 'single',
  constantStreams: [0],
});

/** Refuses `reversible` where no backward pass goes through the layers. */
export const nothingToUndo = (title: string) => (policy: PolicyName) =>
  policy === 'reversible'
    ? `${title} has no backward pass through the layers: there is nothing to undo. Use store or checkpoint.`
    : undefined;
