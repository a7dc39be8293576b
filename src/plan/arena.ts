// Packs the transient tensors of one program into an address space: every birth and death is known, so the exact extent is known before anything
// is allocated. The space is cut into buffers of equal size, and no tensor straddles a cut.
// Invariant: two tensors that are alive at the same node never overlap.

import { tensorsOf } from '../graph/op.ts';
import { bindingAlignment } from '../graph/ops/parts.ts';
import { bytesOfTensor, type Tensor } from '../graph/tensor.ts';
import type { LoweredGraph } from './lower.ts';

export const alignment = bindingAlignment;
export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

export interface Life {
  readonly tensor: Tensor;
  readonly bytes: number;
  /** Indices of the first and last node that touch it. */
  readonly birth: number;
  death: number;
}

/** The life of every transient tensor that lies in no other. `kept` live to the end. */
export function livesOf({ nodes, locate }: LoweredGraph, kept: readonly Tensor[] = []): Life[] {
  const lives = new Map<Tensor, Life>();
  const touch = (tensor: Tensor | undefined, at: number) => {
    if (tensor?.role !== 'transient') return;
    const { root: own } = locate(tensor);
    if (own.role !== 'transient') return;
    const life = lives.get(own);
    if (life) life.death = at;
    else lives.set(own, { tensor: own, bytes: aligned(bytesOfTensor(own)), birth: at, death: at });
  };
  for (const [i, { node }] of nodes.entries()) {
    for (const tensor of tensorsOf(node.inputs)) touch(tensor, i);
    for (const tensor of tensorsOf(node.outputs)) touch(tensor, i);
  }
  for (const tensor of kept) touch(tensor, nodes.length - 1);
  return [...lives.values()];
}

export interface Packing {
  readonly offsets: ReadonlyMap<Tensor, number>;
  /** Extent of the address space in bytes. */
  readonly extent: number;
  /** Largest sum of live bytes: no packing can be smaller. */
  readonly lowerBound: number;
}

interface Placed {
  readonly life: Life;
  readonly begin: number;
  readonly end: number;
}

const overlapInTime = (a: Life, b: Life): boolean => a.birth <= b.death && b.birth <= a.death;

/** Nodes that a short life spans at most. */
const shortLife = 64;

/** What has been placed, found again by when it is alive: short lives by the block of nodes in which they begin, the few long ones in a list. */
class Shelf {
  /** In order of their place. */
  readonly #long: Placed[] = [];
  /** Short lives by the block of nodes that their birth falls into. */
  readonly #short: Placed[][] = [];

  put(placed: Placed): void {
    const { birth, death } = placed.life;
    if (death - birth > shortLife) {
      this.#long.splice(this.#long.findLastIndex(({ begin }) => begin <= placed.begin) + 1, 0, placed);
      return;
    }
    const block = Math.floor(birth / shortLife);
    this.#short[block] ??= [];
    this.#short[block].push(placed);
  }

  /** What is alive together with `life`, in order of its place. */
  besides(life: Life): Placed[] {
    const short: Placed[] = [];
    for (let block = Math.max(0, Math.floor(life.birth / shortLife) - 1); block <= Math.floor(life.death / shortLife); block++) {
      for (const other of this.#short[block] ?? []) if (overlapInTime(life, other.life)) short.push(other);
    }
    short.sort((a, b) => a.begin - b.begin);
    const found: Placed[] = [];
    let next = 0;
    for (const other of this.#long) {
      if (!overlapInTime(life, other.life)) continue;
      for (let one = short[next]; one !== undefined && one.begin < other.begin; one = short[++next]) found.push(one);
      found.push(other);
    }
    for (; next < short.length; next++) found.push(short[next] as Placed);
    return found;
  }
}

/** Smallest gap that holds `life` among those alive with it, in order of their place. */
function bestGap(life: Life, neighbours: readonly Placed[], bufferBytes: number): number {
  let best = { begin: Number.POSITIVE_INFINITY, slack: Number.POSITIVE_INFINITY };
  let cursor = 0;
  // A tensor that would straddle a cut starts at the cut.
  const fit = (from: number) =>
    Math.floor(from / bufferBytes) === Math.floor((from + life.bytes - 1) / bufferBytes)
      ? from
      : Math.ceil(from / bufferBytes) * bufferBytes;
  for (const { begin, end } of neighbours) {
    const start = fit(cursor);
    const slack = begin - (start + life.bytes);
    if (slack >= 0 && slack < best.slack) best = { begin: start, slack };
    cursor = Math.max(cursor, end);
  }
  return best.begin === Number.POSITIVE_INFINITY ? fit(cursor) : best.begin;
}

function packInOrder(lives: readonly Life[], bufferBytes: number): { offsets: Map<Tensor, number>; extent: number } {
  const shelf = new Shelf();
  const offsets = new Map<Tensor, number>();
  let extent = 0;
  for (const life of lives) {
    const begin = bestGap(life, shelf.besides(life), bufferBytes);
    shelf.put({ life, begin, end: begin + life.bytes });
    offsets.set(life.tensor, begin);
    extent = Math.max(extent, begin + life.bytes);
  }
  return { offsets, extent };
}

/** Live bytes at each node. */
export function liveBytes(lives: readonly Life[], nodes: number): Float64Array {
  const change = new Float64Array(nodes + 1);
  for (const { birth, death, bytes } of lives) {
    change[birth] = (change[birth] as number) + bytes;
    change[death + 1] = (change[death + 1] as number) - bytes;
  }
  for (let i = 1; i <= nodes; i++) change[i] = (change[i] as number) + (change[i - 1] as number);
  return change.subarray(0, nodes);
}

/** Packs greedily, largest first and longest-lived first, and keeps the better (Pisarchyk & Lee 2020 compare such orders). */
export function pack(lives: readonly Life[], nodes: number, bufferBytes: number): Packing {
  const duration = (life: Life) => life.death - life.birth;
  const orders = [
    lives.toSorted((a, b) => b.bytes - a.bytes || duration(b) - duration(a) || a.birth - b.birth),
    lives.toSorted((a, b) => duration(b) - duration(a) || b.bytes - a.bytes || a.birth - b.birth),
    lives.toSorted((a, b) => a.birth - b.birth || duration(b) - duration(a)),
  ];
  const lowerBound = liveBytes(lives, nodes).reduce((most, bytes) => Math.max(most, bytes), 0);
  let best: ReturnType<typeof packInOrder> | undefined;
  for (const order of orders) {
    if (best && best.extent <= lowerBound) break;
    const packed = packInOrder(order, bufferBytes);
    if (!best || packed.extent < best.extent) best = packed;
  }
  return { offsets: best?.offsets ?? new Map(), extent: best?.extent ?? 0, lowerBound };
}
