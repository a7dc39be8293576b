// Live bytes through a program, moment by moment. A moment is one section (the embeddings, a layer, the head) in one phase (forward, backward).

import type { Place } from '../graph/op.ts';
import { type Life, liveBytes } from './arena.ts';
import type { LoweredGraph } from './lower.ts';

export interface Moment {
  /** `forward encoder.layer.3` */
  readonly name: string;
  readonly program: string;
  /** Most transient bytes alive at once in this moment. */
  readonly live: number;
  /** Of these, what the forward pass keeps for the backward pass. */
  readonly activation: number;
  /** Rows of adapters that live off the GPU. */
  readonly adapter: number;
}

/** Born in the forward pass and used in the backward pass. */
export function isActivation({ tensor, birth, death }: Life, { nodes }: LoweredGraph): boolean {
  if (tensor.category) return false;
  return nodes[birth]?.node.place.phase === 'forward' && nodes[death]?.node.place.phase === 'backward';
}

export function momentsOf(program: string, lowered: LoweredGraph, lives: readonly Life[]): Moment[] {
  const { nodes } = lowered;
  const live = liveBytes(lives, nodes.length);
  const kept = liveBytes(
    lives.filter((life) => isActivation(life, lowered)),
    nodes.length,
  );
  const rows = liveBytes(
    lives.filter(({ tensor }) => tensor.category === 'adapter'),
    nodes.length,
  );
  const moments: { name: string; program: string; live: number; activation: number; adapter: number }[] = [];
  let at: Place | undefined;
  let moment = { name: '', program, live: -1, activation: 0, adapter: 0 };
  for (const [i, { node }] of nodes.entries()) {
    const { phase, section } = node.place;
    if (phase !== at?.phase || section !== at.section) {
      moment = { name: `${phase} ${section || program}`, program, live: -1, activation: 0, adapter: 0 };
      moments.push(moment);
      at = node.place;
    }
    const now = live[i] as number;
    if (now > moment.live) {
      moment.live = now;
      moment.activation = kept[i] as number;
      moment.adapter = rows[i] as number;
    }
  }
  return moments;
}
