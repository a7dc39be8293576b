// What there is to choose among forms, how a choice is made of times, and that the device is asked at all.

import { expect, test } from 'vitest';
import { testDevice } from '../../test/testing.ts';
import type { Device } from '../gpu/device.ts';
import type { KernelCall } from '../graph/op.ts';
import { Registry } from '../graph/registry.ts';
import { productCall } from './product.ts';
import { choicesOf, choose, tunedForms } from './tuning.ts';

/** The device of tests, taken for a graphics processor. */
const asGpu = async (): Promise<Device> => {
  const device = await testDevice();
  return { ...device, info: { ...device.info, isFallback: false } };
};

const registry = new Registry();
const small = productCall('gemm_nt', { M: 32, K: 64, N: 128 });
const large = productCall('gemm_nt', { M: 256, K: 64, N: 128 });
const gradient = productCall('gemm_tn', { M: 32, K: 64, N: 64 });

test('calls of a class of shapes have one choice, by the largest of them, and the heaviest comes first', async () => {
  const device = await asGpu();
  const choices = choicesOf(device, [gradient, small, large, { kernel: 'clear', tensors: {}, uniforms: { count: 1 } }]);
  expect(choices.map(({ key, call }) => [key, call.uniforms['M']])).toEqual([
    ['gemm_nt 128x64', 256],
    ['gemm_tn 64x64', 32],
  ]);
  for (const { candidates, usual } of choices) {
    expect(candidates[0]).toBeUndefined();
    expect(candidates).toContain(usual);
    expect(candidates).not.toContain('subgroups');
  }
  // What was asked for by name is not questioned.
  expect(choicesOf({ ...device, asked: { 'gemm_nt *': ['narrow'] } }, [small, gradient]).map(({ key }) => key)).toEqual(['gemm_tn 64x64']);
});

const choiceOf = (key: string, call: KernelCall) => ({ key, call, candidates: [undefined, 'a', 'b'], usual: 'a' as string | undefined });

test('the fastest form is taken, the usual one where none is clearly faster, and where no time is left the rest is left out', async () => {
  const choices = [choiceOf('gemm_nt 1', small), choiceOf('gemm_nt 2', large), choiceOf('gemm_tn 3', gradient)];
  const times = new Map([
    [small, { first: 9, a: 10, b: 8 }],
    [large, { first: 9.8, a: 10, b: 9.7 }],
    [gradient, { first: 1, a: 2, b: 2 }],
  ]);
  const calls = [...times.keys()];
  const msOf = async ({ form = 'first', ...call }: KernelCall) => {
    const own = calls.find((one) => one.uniforms === call.uniforms) as KernelCall;
    return times.get(own)?.[form as 'first' | 'a' | 'b'] ?? Number.NaN;
  };
  expect(await choose(choices, msOf, () => false)).toEqual({ 'gemm_nt 1': ['b'], 'gemm_nt 2': ['a'], 'gemm_tn 3': [] });
  let left = 1;
  expect(await choose(choices, msOf, () => left-- <= 0)).toEqual({ 'gemm_nt 1': ['b'], 'gemm_nt 2': ['a'] });
  expect(await choose(choices, msOf, () => true)).toEqual({ 'gemm_nt 1': ['b'] });
});

test('forms are timed on the device, and its memory is given back', async () => {
  const device = await asGpu();
  const [N, C] = [128, 16];
  const tensor = (name: string, size: number) => registry.tensor({ name, shape: [size], dtype: 'f32', role: 'transient' });
  const tensors = { d_y: tensor('d_y', N * C), x: tensor('x', N * C), d_l: tensor('d_l', C) };
  const choices = choicesOf(device, [{ kernel: 'column_dot', tensors, uniforms: { N, C, T: 64, first: 0 } }]);
  const forms = await tunedForms(device, choices);
  const [[key, names] = []] = Object.entries(forms);
  expect(key).toBe('column_dot 16');
  for (const name of names ?? []) expect(choices[0]?.candidates).toContain(name);
});
