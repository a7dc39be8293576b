// The kernels of sparse adapters against finite differences of a dense adapter with the same masks, in f64.
import { expect, it } from 'vitest';
import { type KernelName, stepScalars } from '../../src/kernels/table.ts';
import { randomKey, randomNormal, siteId } from '../../src/random/counter.ts';
import type { Step } from './kernel.ts';
import { reference } from './kernels.ts';

const step = Object.fromEntries(Object.keys(stepScalars).map((name) => [name, 1])) as Step;
const normals = (name: string, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => randomNormal(randomKey(4, 2, siteId(name)), i));
const zeros = (count: number): Float64Array => new Float64Array(count);
const run = (kernel: KernelName, tensors: Record<string, Float64Array>, LISTED: number, ACCUMULATE = 0) =>
  reference[kernel](tensors, uniforms, { LISTED, ACCUMULATE }, step, 0);

const [N, K, C, neurons, experts] = [5, 3, 8, 7, 2];
const uniforms = { N, K, C };
const keys = normals('keys', neurons * C);
const values = normals('values', neurons * C);
const router = normals('router', experts * C);
const d_out = normals('d_out', N * C);
const slotOf = (n: number, k: number) => (2 * n + 3 * k) % neurons;
const expertOf = (n: number, k: number) => (n + k) % experts;
const dot = (x: Float64Array, i: number, y: Float64Array, j: number): number => {
  let sum = 0;
  for (let c = 0; c < C; c++) sum += (x[i * C + c] as number) * (y[j * C + c] as number);
  return sum;
};

/** Σ out · d_out of a dense adapter: entry (n, k) is active where `mask` says so. */
function denseLoss(h: Float64Array, listed: boolean, mask: (n: number, k: number) => boolean): number {
  let sum = 0;
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      if (!mask(n, k)) continue;
      const slot = listed ? slotOf(n, k) : k;
      const s = listed ? dot(router, expertOf(n, k), h, n) : 1;
      sum += s * dot(keys, slot, h, n) * dot(values, slot, d_out, n);
    }
  }
  return sum;
}

it.each([1, 0])('output and input gradient of a sparse adapter are those of a dense one with the same masks, LISTED=%i', (LISTED) => {
  const h = normals('h', N * C);
  const entry = (make: (n: number, k: number) => number) => Float64Array.from({ length: N * K }, (_, i) => make(Math.floor(i / K), i % K));
  const coefficients = entry((n, k) => dot(router, expertOf(n, k), h, n));
  const slots = entry((n, k) => slotOf(n, k) + 65536 * expertOf(n, k));
  const scores = entry((n, k) => dot(keys, slotOf(n, k), h, n));
  const used = Float64Array.of(K - 1);
  if (!LISTED) run('sparse_scores', { h, keys, used, scores }, 0);
  const a = (n: number, k: number) => (LISTED ? (coefficients[n * K + k] as number) : 1) * (scores[n * K + k] as number);
  const mask = (n: number, k: number) => a(n, k) > 0;
  const entries = { scores, coefficients, slots };

  const out = zeros(N * C);
  run('sparse_output', { ...entries, values, out }, LISTED);
  const loss = out.reduce((sum, value, i) => sum + value * (d_out[i] as number), 0);
  expect(loss).toBeCloseTo(denseLoss(h, LISTED === 1, mask), 10);
  expect([...scores.keys()].some((i) => mask(Math.floor(i / K), i % K))).toBe(true);

  const u = zeros(N * K);
  run('sparse_slopes', { ...entries, values, d_out, u }, LISTED);
  const before = normals('d_h', N * C);
  const d_h = before.slice();
  run('sparse_input', { ...entries, u, keys, router, d_h }, LISTED, 1);
  for (let i = 0; i < N * C; i++) {
    const moved = (by: number) => denseLoss(h.with(i, (h[i] as number) + by), LISTED === 1, mask);
    expect((d_h[i] as number) - (before[i] as number)).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
  }
});
