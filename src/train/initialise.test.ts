import { expect, test } from 'vitest';
import type { Initial, Parameter } from '../graph/tensor.ts';
import { initialValues } from './initialise.ts';

const parameter = (name: string, shape: readonly number[], initial: Initial): Parameter => ({
  ...{ name, owner: 'method', shape, initial, mean: 0, trainable: true, decay: true, tensors: [] },
});
const drawn = (name: string, initial: Initial, seed = 42, shape = [100, 100]) =>
  initialValues(parameter(name, shape, initial), seed, new Map());
const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

// Of 10,000 draws the mean is off by a hundredth of the deviation, the deviation by 0.7 % of itself: five times that is allowed.
test('a normal start has the deviation that is asked for, about zero', () => {
  for (const std of [0.02, 0.5]) {
    const values = drawn('a', { from: 'normal', std });
    expect(Math.abs(mean(values)) / std).toBeLessThan(0.05);
    expect(deviation(values) / std).toBeCloseTo(1, 1);
    expect(Math.abs(deviation(values) / std - 1)).toBeLessThan(0.035);
  }
});

test('a uniform start fills the whole of ±bound', () => {
  const values = drawn('a', { from: 'uniform', bound: 0.25 });
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
  expect(Math.max(...values)).toBeLessThan(0.25);
  expect([Math.min(...values), Math.max(...values)].map((x) => x.toFixed(2))).toEqual(['-0.25', '0.25']);
  expect(Math.abs(mean(values))).toBeLessThan(0.01);
  expect(Math.abs(deviation(values) * (Math.sqrt(3) / 0.25) - 1)).toBeLessThan(0.035);
});

test('a constant start is that number everywhere, and rows of means are those of the groups, scaled', () => {
  expect(new Set(drawn('a', { from: 'constant', value: 0.5 }))).toEqual(new Set([0.5]));
  const keys = parameter('keys', [6, 2], { from: 'normal', std: 1 });
  const of = initialValues(keys, 42, new Map());
  const router = parameter('router', [3, 2], { from: 'row-means', of: 'keys', scale: 50 });
  const found = initialValues(router, 42, new Map([['keys', keys]]));
  for (const i of found.keys()) {
    const first = 4 * Math.floor(i / 2) + (i % 2);
    expect(found[i]).toBeCloseTo(25 * ((of[first] as number) + (of[first + 2] as number)), 5);
  }
});

test('a start depends on seed and name and on nothing else', () => {
  const initial = { from: 'normal', std: 1 } as const;
  expect(drawn('a', initial)).toEqual(drawn('a', initial));
  const correlation = (other: Float32Array) => mean(drawn('a', initial).map((x, i) => x * (other[i] as number)));
  for (const other of [drawn('b', initial), drawn('a', initial, 43)]) expect(Math.abs(correlation(other))).toBeLessThan(0.05);
});
