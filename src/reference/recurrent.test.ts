// The backward references of side networks against central finite differences of the forward ones, in f64.
import { expect, it } from 'vitest';
import { type KernelName, stepScalars } from '../graph/kernels.ts';
import { randomKey, randomNormal, siteId } from '../random/counter.ts';
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
): Record<Name, Float64Array> {
  const own = Object.fromEntries(Object.entries<Float64Array>(tensors).map(([name, values]) => [name, values.slice()])) as typeof tensors;
  reference[kernel](own, uniforms, overrides, step, 0);
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
