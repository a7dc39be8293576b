// The backward references of side networks against central finite differences of the forward ones, in f64.
import { expect, it } from 'vitest';
import { type KernelName, stepScalars } from '../../src/kernels/table.ts';
import { randomKey, randomNormal, siteId } from '../../src/random/counter.ts';
import type { Step } from './kernel.ts';
import { reference } from './kernels.ts';

const step = Object.fromEntries(Object.keys(stepScalars).map((name) => [name, 1])) as Step;
const normals = (name: string, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => randomNormal(randomKey(1, 2, siteId(name)), i));
const zeros = (count: number): Float64Array => new Float64Array(count);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** The tensors after one dispatch; those given stay as they are. */
function run<Name extends string>(
  kernel: KernelName,
  tensors: Record<Name, Float64Array>,
  uniforms: Record<string, number>,
  overrides: Record<string, number> = {},
  headSize = 0,
): Record<Name, Float64Array> {
  const own = Object.fromEntries(Object.entries<Float64Array>(tensors).map(([name, values]) => [name, values.slice()])) as typeof tensors;
  reference[kernel](own, uniforms, overrides, step, headSize);
  return own;
}

/** Compares a gradient with the central differences of `loss` in `inputs[name]`. Step 1e-5: truncation near 1e-10, rounding near 1e-11. */
function expectGradient<Inputs extends Record<string, Float64Array>>(
  name: keyof Inputs & string,
  gradient: Float64Array,
  inputs: Inputs,
  loss: (inputs: Inputs) => number,
): void {
  const x = inputs[name] as Float64Array;
  expect(gradient.length).toBe(x.length);
  x.forEach((value, i) => {
    const moved = (by: number) => loss({ ...inputs, [name]: x.with(i, value + by) });
    expect(gradient[i], `${name}[${i}]`).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7);
  });
}

it('the gradients of RMS norm', () => {
  const [N, C] = [3, 8];
  const uniforms = { N, C, eps: 1e-3 };
  const d_y = normals('d_y', N * C);
  const inputs = { x: normals('x', N * C), weight: normals('weight', C) };
  const forward = (given: typeof inputs) => run('rms_norm', { ...given, y: zeros(N * C), rstd: zeros(N) }, uniforms);
  const loss = (given: typeof inputs) => dot(forward(given).y, d_y);
  const { rstd } = forward(inputs);
  expectGradient('x', run('rms_norm_backward', { d_y, ...inputs, rstd }, uniforms).d_y, inputs, loss);
  expectGradient('weight', run('rms_norm_weight', { d_y, x: inputs.x, rstd, d_weight: zeros(C) }, uniforms).d_weight, inputs, loss);
});

it('the weight gradient of RMS norm begins at the value that is there', () => {
  const [N, C] = [5, 4];
  const [d_y, x, rstd] = [normals('d_y', N * C), normals('x', N * C), normals('rstd', N)];
  const over = (from: number, to: number, d_weight: Float64Array) =>
    run(
      'rms_norm_weight',
      { d_y: d_y.slice(from * C, to * C), x: x.slice(from * C, to * C), rstd: rstd.slice(from, to), d_weight },
      { N: to - from, C },
    ).d_weight;
  expect(over(2, N, over(0, 2, normals('d_weight', C)))).toEqual(over(0, N, normals('d_weight', C)));
});

it('the gradients of a GRU cell', () => {
  const [N, H] = [3, 4];
  const [size, uniforms] = [N * H, { N, H }];
  const d = normals('d', size);
  const inputs = { gi: normals('gi', 3 * size), gh: normals('gh', 3 * size), h: normals('h', size) };
  const forward = (given: typeof inputs) =>
    run('gru_cell', { ...given, h_next: zeros(size), hidden_n: zeros(size) }, uniforms, { KEEP: 1 });
  const loss = (given: typeof inputs) => dot(forward(given).h_next, d);
  const { gi: gates, hidden_n } = forward(inputs);
  const found = run('gru_cell_backward', { d_h: d, gates, hidden_n, h: inputs.h, d_gh: zeros(3 * size) }, uniforms);
  expectGradient('gi', found.gates, inputs, loss);
  expectGradient('gh', found.d_gh, inputs, loss);
  expectGradient('h', found.d_h, inputs, loss);
});

it('the gradients of an LSTM cell, through both of its outputs', () => {
  const [N, H] = [3, 4];
  const [size, uniforms] = [N * H, { N, H }];
  const [d_h, d_c] = [normals('d_h', size), normals('d_c', size)];
  const inputs = { gates: normals('gates', 4 * size), c: normals('c', size) };
  const forward = (given: typeof inputs) => run('lstm_cell', { ...given, h_next: zeros(size), c_next: zeros(size) }, uniforms, { KEEP: 1 });
  const loss = (given: typeof inputs) => dot(forward(given).h_next, d_h) + dot(forward(given).c_next, d_c);
  const { gates, c_next } = forward(inputs);
  const found = run('lstm_cell_backward', { d_h, d_c, gates, c: inputs.c, c_next }, uniforms);
  expectGradient('gates', found.gates, inputs, loss);
  expectGradient('c', found.d_c, inputs, loss);
});

it('a GRU cell and an LSTM cell give what torch gives', () => {
  // torch.nn.GRUCell and LSTMCell of width 1, all weights and biases given, in float64.
  const gru = run(
    'gru_cell',
    {
      gi: Float64Array.of(0.3, -0.2, 0.5),
      gh: Float64Array.of(0.1, 0.4, -0.7),
      h: Float64Array.of(0.6),
      h_next: zeros(1),
      hidden_n: zeros(1),
    },
    { N: 1, H: 1 },
  );
  expect(gru.h_next[0]).toBeCloseTo(0.366247920356159, 12);
  const lstm = run(
    'lstm_cell',
    { gates: Float64Array.of(0.3, -0.2, 0.5, 0.1), c: Float64Array.of(0.6), h_next: zeros(1), c_next: zeros(1) },
    { N: 1, H: 1 },
  );
  expect(lstm.c_next[0]).toBeCloseTo(0.535559344490803, 12);
  expect(lstm.h_next[0]).toBeCloseTo(0.257039891175811, 12);
});

it('the gradients of a gate', () => {
  const [N, C] = [3, 4];
  const [count, temperature] = [N * C, 0.7];
  const d_y = normals('d_y', count);
  const inputs = { alpha: Float64Array.of(0.4), a: normals('a', count), b: normals('b', count) };
  const forward = (given: typeof inputs) => run('gate', given, { count, temperature });
  const loss = (given: typeof inputs) => dot(forward(given).b, d_y);
  const { alpha } = inputs;
  const found = run('gate_backward', { alpha, d_y, difference: forward(inputs).a, partials: zeros(N) }, { N, C, temperature });
  expectGradient('a', found.difference, inputs, loss);
  expectGradient('b', found.d_y, inputs, loss);
  const { d_alpha } = run('gate_alpha', { alpha, partials: found.partials, d_alpha: zeros(1) }, { N, temperature });
  expectGradient('alpha', d_alpha, inputs, loss);
});

const masks = [
  ['not masked', { CAUSAL: 0 }],
  ['causal', { CAUSAL: 1 }],
] as const;

it.each(masks)('mixing over tokens by the probabilities equals attention, %s, and its gradient is mixing by their transpose', (_, mask) => {
  const [B, T, HD] = [2, 5, 4];
  const size = B * T * HD;
  const shape = { B, T, NH: 1, first: 0, scale: 0.5 };
  const lengths = Float64Array.of(5, 3);
  const [q, k, x, d_y] = [normals('q', size), normals('k', size), normals('x', size), normals('d_y', size)];
  const { out, lse } = run(
    'attention',
    { q, k, v: x, lengths, out: zeros(size), lse: zeros(B * T) },
    { ...shape, prefix: 0, S: T, site: 9, p: 0 },
    mask,
    HD,
  );
  const { p } = run('attention_probabilities', { q, k, lse, lengths, p: zeros(B * T * T) }, shape, mask, HD);
  const mix = (given: Float64Array, TRANSPOSED: number) =>
    run('token_mix', { p, x: given, y: zeros(size) }, { B, T, C: HD }, { TRANSPOSED }).y;
  mix(x, 0).forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(out[i] as number, 12);
  });
  expectGradient('x', mix(d_y, 1), { x }, (given) => dot(mix(given.x, 0), d_y));
});

it.each(masks)('probabilities of several heads, %s, are averaged: every row of a query inside the sequence sums to one', (_, mask) => {
  const [B, T, NH, HD] = [2, 4, 3, 4];
  const size = B * T * NH * HD;
  const shape = { B, T, NH, first: 1, scale: 0.5 };
  // The first length belongs to an example before this part of the batch.
  const lengths = Float64Array.of(1, 4, 2);
  const given = { q: normals('q', size), k: normals('k', size), lengths };
  const { lse } = run(
    'attention',
    { ...given, v: normals('v', size), out: zeros(size), lse: zeros(B * NH * T) },
    { ...shape, prefix: 0, S: T, site: 9, p: 0 },
    mask,
    HD,
  );
  const { p } = run('attention_probabilities', { ...given, lse, p: zeros(B * T * T) }, shape, mask, HD);
  const sums = Array.from({ length: B * T }, (_, row) => p.slice(row * T, (row + 1) * T).reduce((sum, value) => sum + value, 0));
  sums.forEach((sum, row) => {
    expect(sum, `row ${row}`).toBeCloseTo(row < 6 ? 1 : 0, 12);
  });
});
