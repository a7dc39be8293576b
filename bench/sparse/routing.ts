// Routing alone: rows that tokens activate together, how many of them are found with the state of an earlier layer, and what the host's part takes.

import { methodNamed, resolveOptions } from '../../src/methods/registry.ts';
import { routingShape } from '../../src/methods/sparse_meft.ts';
import { usualDefaults } from '../../src/models/registry.ts';
import { bestProducts, type Products, plainProducts } from '../../src/offload/products.ts';
import type { Routing, RoutingShape } from '../../src/offload/routing.ts';
import { memoryRows } from '../../src/offload/rows.ts';
import { recordWidth, SparseAdapter } from '../../src/offload/sparse_adapter.ts';
import { randomKey, randomNormal } from '../../src/random/counter.ts';

export function normals(key: number, count: number, std: number): Float32Array {
  const own = randomKey(key, 0, 1);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = std * randomNormal(own, i);
  return values;
}

/** An adapter as it starts: keys at N(0, 0.02²), router rows 50 times the mean of their keys. */
export function startedAdapter(
  hidden_size: number,
  adapter_size: number,
  layer: number,
  products: Products = bestProducts(),
): SparseAdapter {
  const shape = routingShape(hidden_size, resolveOptions(methodNamed('sparse_meft'), { adapter_size }, usualDefaults));
  const adapter = new SparseAdapter(shape, memoryRows(adapter_size, recordWidth(hidden_size)), products);
  const keys = normals(layer, adapter_size * hidden_size, 0.02);
  const m = adapter_size / shape.experts;
  const router = new Float32Array(shape.experts * hidden_size);
  for (let i = 0; i < keys.length; i++) {
    const at = Math.floor(i / hidden_size / m) * hidden_size + (i % hidden_size);
    router[at] = (router[at] as number) + (50 / m) * (keys[i] as number);
  }
  adapter.write('keys', 'parameter', keys);
  adapter.write('values', 'parameter', normals(layer + 1000, keys.length, 0.02));
  adapter.write('router', 'parameter', router);
  return adapter;
}

const routed = (adapter: SparseAdapter, h: Float32Array, training = false): Routing => {
  const tokens = h.length / adapter.shape.hidden_size;
  return adapter.routing(h, [tokens], { firstExample: 0, T: tokens, training });
};

/** Share of the neurons that these tokens activate, mean over layers. */
export function shareOf(layers: readonly Float32Array[], hidden_size: number, adapter_size: number): number {
  const shares = layers.map((h, i) => routed(startedAdapter(hidden_size, adapter_size, i), h).rows.length / adapter_size);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

const activeOf = ({ activated }: RoutingShape, { counts, slots, rows }: Routing, i: number): number[] =>
  Array.from({ length: counts[i] as number }, (_, k) => rows[slots[i * activated + k] as number] as number);

/** Of the neurons that a token activates, the share that the state `back` layers below names too; and of the rows that the batch activates. */
export function recallOf(layers: readonly Float32Array[], hidden_size: number, adapter_size: number, back: number) {
  const perToken: number[] = [];
  const perBatch: number[] = [];
  for (let layer = back; layer < layers.length; layer++) {
    const adapter = startedAdapter(hidden_size, adapter_size, layer);
    const [own, earlier] = [layers[layer], layers[layer - back]].map((h) => routed(adapter, h as Float32Array)) as [Routing, Routing];
    for (const i of own.tokens.keys()) {
      const wanted = activeOf(adapter.shape, own, i);
      const named = new Set(activeOf(adapter.shape, earlier, i));
      perToken.push(wanted.filter((row) => named.has(row)).length / Math.max(1, wanted.length));
    }
    const sent = new Set(earlier.rows);
    perBatch.push([...own.rows].filter((row) => sent.has(row)).length / own.rows.length);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return { token: mean(perToken), batch: mean(perBatch) };
}

export interface HostTimes {
  readonly route: number;
  readonly gather: number;
  readonly gradients: number;
  readonly update: number;
}

/** Milliseconds of one layer, the better of three turns. */
export function hostTimes(h: Float32Array, hidden_size: number, adapter_size: number, kind: 'plain' | 'simd'): HostTimes {
  const adapter = startedAdapter(hidden_size, adapter_size, 1, kind === 'plain' ? plainProducts() : bestProducts());
  const tokens = h.length / hidden_size;
  const u = normals(5, tokens * adapter.shape.activated, 1e-3);
  const best: { -readonly [K in keyof HostTimes]: number } = { route: Infinity, gather: Infinity, gradients: Infinity, update: Infinity };
  const time = <T>(name: keyof HostTimes, work: () => T): T => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    best[name] = Math.min(best[name], (user + system) / 1000);
    return result;
  };
  for (let turn = 1; turn <= 3; turn++) {
    adapter.begin();
    const { rows } = time('route', () => routed(adapter, h, true));
    time('gather', () => [adapter.gather('value', rows), adapter.gather('key', rows)]);
    time('gradients', () => adapter.accumulate(h, u, undefined, 0));
    const adam = { step: turn, learning_rate: 0, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0, clip: 1 };
    time('update', () => adapter.update(adam));
  }
  return best;
}
