// The host's half of a sparse adapter against a dense adapter in f64 that knows nothing of slots, lists and rows: routing, gradients with the same
// masks by finite differences, lazy Adam, files, and the SIMD sums.

import { describe, expect, test } from 'vitest';
import { temporaryRowFile } from '../../cli/row_file.ts';
import { randomKey, randomNormal, siteId } from '../random/counter.ts';
import { type AdamStep, adamFactors, takeAdamStep } from './lazy_adam.ts';
import { bestProducts, type Products, plainProducts, simdProducts } from './products.ts';
import type { Routing, RoutingShape } from './routing.ts';
import { type Floats, fileRows, memoryRows, type RowStore } from './rows.ts';
import { recordWidth, SparseAdapter } from './sparse_adapter.ts';

const shape: RoutingShape = { hidden_size: 8, neurons: 24, experts: 6, probed: 3, activated: 5, rule: 'token' };
const lengths = [4, 2, 5];
const T = 5;
const N = lengths.length * T;
const part = { firstExample: 0, T, training: true };
const adam: AdamStep = { step: 1, learning_rate: 1e-2, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0.1, clip: 0.5 };

function normals(name: string, count: number, Numbers: typeof Float32Array | typeof Float64Array = Float64Array): Floats {
  const key = randomKey(5, 0, siteId(name));
  const numbers = new Numbers(count);
  for (let i = 0; i < count; i++) numbers[i] = randomNormal(key, i);
  return numbers;
}

function build(own: RoutingShape, store: RowStore, products: Products, Numbers: typeof Float32Array | typeof Float64Array): SparseAdapter {
  const adapter = new SparseAdapter(own, store, products, Numbers);
  const { hidden_size: C, neurons, experts } = own;
  adapter.write('keys', 'parameter', normals('keys', neurons * C));
  adapter.write('values', 'parameter', normals('values', neurons * C));
  adapter.write('router', 'parameter', normals('router', experts * C));
  return adapter;
}

const reference = (own: RoutingShape) =>
  build(
    own,
    memoryRows(own.neurons, recordWidth(own.hidden_size), new Float64Array(own.neurons * recordWidth(own.hidden_size))),
    plainProducts(Float64Array),
    Float64Array,
  );

const dot = (x: Floats, i: number, y: Floats, j: number, C: number): number => {
  let sum = 0;
  for (let c = 0; c < C; c++) sum += (x[i * C + c] as number) * (y[j * C + c] as number);
  return sum;
};

const best = (scores: readonly number[], count: number): number[] =>
  [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, count);

/** Neurons that each unpadded token activates, densely. */
function masks(own: RoutingShape, h: Floats, keys: Floats, router: Floats): Map<number, Set<number>> {
  const { hidden_size: C, neurons, experts, probed, activated, rule } = own;
  const found = new Map<number, Set<number>>();
  for (let n = 0; n < N; n++) {
    if (n % T >= (lengths[Math.floor(n / T)] as number)) continue;
    const s = Array.from({ length: experts }, (_, e) => dot(router, e, h, n, C));
    const on = new Set(best(s, probed));
    const a = Array.from({ length: neurons }, (_, j) => {
      const e = Math.floor(j / (neurons / experts));
      return on.has(e)
        ? (rule === 'token' ? (s[e] as number) : 1) * dot(keys, j, h, n, C)
        : rule === 'token'
          ? 0
          : Number.NEGATIVE_INFINITY;
    });
    found.set(
      n,
      new Set(best(a, activated).filter((j) => (rule === 'token' ? (a[j] as number) > 0 : on.has(Math.floor(j / (neurons / experts)))))),
    );
  }
  if (rule === 'token') return found;
  const union = new Set([...found.values()].flatMap((own_) => [...own_]));
  return new Map([...found.keys()].map((n) => [n, union]));
}

/** Σ out · d_out of the dense adapter with these masks. */
function loss(
  own: RoutingShape,
  mask: Map<number, Set<number>>,
  h: Floats,
  { keys, values, router }: Record<'keys' | 'values' | 'router', Floats>,
  d_out: Floats,
) {
  const { hidden_size: C, neurons, experts, rule } = own;
  let sum = 0;
  for (const [n, active] of mask) {
    for (const j of active) {
      const s = rule === 'token' ? dot(router, Math.floor(j / (neurons / experts)), h, n, C) : 1;
      sum += Math.max(0, s * dot(keys, j, h, n, C)) * dot(values, j, d_out, n, C);
    }
  }
  return sum;
}

/** What the GPU gives back: u, and q under `union`. */
function gpuHalf(adapter: SparseAdapter, { tokens, rows, counts, slots, coefficients, scores }: Routing, h: Floats, d_out: Floats) {
  const { hidden_size: C, activated: K, rule } = adapter.shape;
  const [keys, values] = [adapter.gather('key', rows), adapter.gather('value', rows)];
  const columns = rule === 'union' ? rows.length : K;
  const u = d_out.slice(0, 0).constructor === Float64Array ? new Float64Array(N * columns) : new Float32Array(N * columns);
  const q = u.slice();
  for (const [i, n] of tokens.entries()) {
    for (let k = 0; k < (rule === 'union' ? columns : (counts[i] as number)); k++) {
      const slot = rule === 'union' ? k : (slots[i * K + k] as number);
      const a = rule === 'union' ? dot(keys, slot, h, n, C) : (coefficients[i * K + k] as number) * (scores[i * K + k] as number);
      q[n * columns + k] = a;
      u[n * columns + k] = a > 0 ? dot(values, slot, d_out, n, C) : 0;
    }
  }
  return { u, q: rule === 'union' ? q : undefined };
}

describe.each(['token', 'union'] as const)('under the rule of the %s', (rule) => {
  const own = { ...shape, rule };

  test('the routed neurons are those of a dense top-K, padding activates none', () => {
    const adapter = reference(own);
    const h = normals('h', N * own.hidden_size);
    const routing = adapter.routing(h, lengths, part);
    const mask = masks(own, h, adapter.read('keys', 'parameter'), adapter.router);
    expect([...routing.tokens]).toEqual([...mask.keys()]);
    expect([...routing.rows]).toEqual([...new Set([...mask.values()].flatMap((on) => [...on]))].sort((a, b) => a - b));
    if (rule === 'union') return;
    for (const [i, n] of routing.tokens.entries()) {
      const chosen = routing.slots.slice(i * own.activated, i * own.activated + (routing.counts[i] as number));
      expect([...chosen].map((slot) => routing.rows[slot])).toEqual([...(mask.get(n) as Set<number>)].sort((a, b) => a - b));
    }
  });

  test('gradients of keys, values and router are the finite differences of a dense adapter with the same masks', () => {
    const adapter = reference(own);
    const [h, d_out] = [normals('h', N * own.hidden_size), normals('d_out', N * own.hidden_size)];
    const routing = adapter.routing(h, lengths, part);
    const parameters = {
      keys: adapter.read('keys', 'parameter'),
      values: adapter.read('values', 'parameter'),
      router: adapter.router.slice(),
    };
    const mask = masks(own, h, parameters.keys, parameters.router);
    const { u, q } = gpuHalf(adapter, routing, h, d_out);
    adapter.accumulate(d_out, u, q, 0);
    let squares = 0;
    for (const name of ['keys', 'values', 'router'] as const) {
      const found = adapter.read(name, 'gradient');
      const values = parameters[name];
      for (let i = 0; i < values.length; i++) {
        const kept = values[i] as number;
        values[i] = kept + 1e-6;
        const above = loss(own, mask, h, parameters, d_out);
        values[i] = kept - 1e-6;
        const below = loss(own, mask, h, parameters, d_out);
        values[i] = kept;
        expect(Math.abs((above - below) / 2e-6 - (found[i] ?? 0)), `${name}[${i}]`).toBeLessThan(1e-6);
        squares += (found[i] ?? 0) ** 2;
      }
    }
    expect(adapter.squareSum()).toBeCloseTo(squares, 9);
    expect(squares).toBeGreaterThan(1);
  });

  test('three steps on rows in a file leave the bits that they leave in memory', () => {
    const outcomes = [memoryRows(own.neurons, recordWidth(8)), fileRows(own.neurons, recordWidth(8), temporaryRowFile())].map((store) => {
      const adapter = build(own, store, bestProducts(), Float32Array);
      for (let step = 1; step <= 3; step++) {
        const [h, d_out] = [normals(`h${step}`, N * 8, Float32Array), normals(`d_out${step}`, N * 8, Float32Array)];
        adapter.begin();
        const routing = adapter.routing(h, lengths, part);
        const { u, q } = gpuHalf(adapter, routing, h, d_out);
        adapter.accumulate(d_out, u, q, 0);
        adapter.update({ ...adam, step });
      }
      const state = (['keys', 'values', 'router'] as const).flatMap((name) =>
        (['parameter', 'exp_avg', 'exp_avg_sq', 'last_step'] as const).map((kind) => adapter.read(name, kind)),
      );
      adapter.close();
      return state;
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]?.slice(0, 8).every((numbers) => numbers.some((x) => x !== 0))).toBe(true);
  });
});

test('a batch in parts leaves the gradients of the whole, bit for bit', () => {
  const [h, d_out] = [normals('h', N * 8, Float32Array), normals('d_out', N * 8, Float32Array)];
  const gradients = [[3], [1, 2]].map((sizes) => {
    const adapter = build(shape, memoryRows(shape.neurons, recordWidth(8)), bestProducts(), Float32Array);
    let firstExample = 0;
    for (const examples of sizes) {
      const rows = (x: Floats) => x.slice(firstExample * T * 8, (firstExample + examples) * T * 8);
      const routing = adapter.routing(rows(h), lengths, { ...part, firstExample });
      const { u } = gpuHalf(adapter, routing, rows(h), rows(d_out));
      adapter.accumulate(rows(d_out), u.slice(0, examples * T * shape.activated), undefined, firstExample);
      firstExample += examples;
    }
    return (['keys', 'values', 'router'] as const).map((name) => adapter.read(name, 'gradient'));
  });
  expect(gradients[1]).toEqual(gradients[0]);
});

test('a layer that runs again gets the routing it had, without its hidden states', () => {
  const adapter = reference(shape);
  const first = adapter.routing(normals('h', N * 8), lengths, part);
  expect(adapter.routing(undefined, lengths, part)).toBe(first);
  adapter.begin();
  expect(() => adapter.routing(undefined, lengths, part)).toThrow('runs again');
});

test('a row touched now and then has the moments of dense Adam, and rests between', () => {
  const gradients = [0.5, 0, 0, -0.25, 0, 1].map((g) => Float64Array.of(g, 2 * g));
  const dense = { parameter: Float64Array.of(1, 2), m: new Float64Array(2), v: new Float64Array(2) };
  const lazy = { parameter: Float64Array.of(1, 2), m: new Float64Array(2), v: new Float64Array(2) };
  let last = 0;
  for (const [i, gradient] of gradients.entries()) {
    const step = { ...adam, step: i + 1, clip: 1 };
    takeAdamStep(dense.parameter, dense.m, dense.v, gradient, adamFactors(step, i));
    const before = lazy.parameter.slice();
    if (gradient[0] !== 0) {
      takeAdamStep(lazy.parameter, lazy.m, lazy.v, gradient, adamFactors(step, last));
      last = i + 1;
      for (let c = 0; c < 2; c++) {
        expect(lazy.m[c]).toBeCloseTo(dense.m[c] as number, 14);
        expect(lazy.v[c]).toBeCloseTo(dense.v[c] as number, 14);
        // AdamW's step from the moments and the global step number.
        const rate = adam.learning_rate / (1 - adam.beta1 ** last);
        const wanted =
          (before[c] as number) * (1 - adam.learning_rate * adam.weight_decay) -
          (rate * (dense.m[c] as number)) / (Math.sqrt(dense.v[c] as number) / Math.sqrt(1 - adam.beta2 ** last) + adam.eps);
        expect(lazy.parameter[c]).toBeCloseTo(wanted, 14);
      }
    } else expect(lazy.parameter).toEqual(before);
  }
  expect(last).toBe(6);
});

test.each([
  [1, 1, 4],
  [4, 2, 16],
  [7, 5, 20],
  [33, 16, 384],
])('SIMD sums of %i and %i rows of %i, and a step of Adam, equal the plain ones', (nx, ny, C) => {
  const results = [plainProducts(), simdProducts()].map((products) => {
    products.begin(nx * C + ny * C + nx * ny + 2 * nx + 5 * C + 64);
    const [x, y, out, sum] = [nx * C, ny * C, nx * ny, C].map((count) => products.floats(count)) as [Floats, Floats, Floats, Floats];
    const [weights, rows] = [products.floats(nx), products.indices(nx)];
    x.set(normals('x', nx * C));
    y.set(normals('y', ny * C));
    weights.set(normals('weights', nx));
    sum.set(normals('sum', C));
    rows.set(Uint32Array.from({ length: nx }, (_, i) => (i * 7) % nx));
    products.dots(x, nx, y, ny, C, out);
    products.weightedSum(sum, x, C, rows, weights, nx);
    const adamRows = ['p', 'm', 'v', 'g'].map((name) => {
      const row = products.floats(C);
      row.set(normals(name, C).map(Math.abs));
      return row;
    }) as [Floats, Floats, Floats, Floats];
    products.adam(...adamRows, adamFactors({ ...adam, step: 9 }, 4));
    return [...out, ...sum, ...adamRows.flatMap((row) => [...row])];
  });
  const [plain, simd] = results as [number[], number[]];
  const largest = plain.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [i, value] of plain.entries()) expect(Math.abs((simd[i] as number) - value) / largest).toBeLessThan(2e-6);
});

test('the WebAssembly in the repository is what its source gives', async () => {
  const { buildProducts } = await import('../../scripts/wasm.mjs');
  const { readFileSync } = await import('node:fs');
  expect(await buildProducts()).toBe(readFileSync(new URL('products_wasm.ts', import.meta.url), 'utf8'));
});
