import { expect, test } from 'vitest';
import { permutation, randomKey, randomNormal, randomU32, randomUniform, siteId } from './counter.ts';

const draws = 20_000;
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

test('uniform draws fill [0, 1) evenly, and streams of other steps or sites are not correlated', () => {
  const [a, b, c] = [randomKey(1, 0, 5), randomKey(1, 1, 5), randomKey(1, 0, 6)].map((key) =>
    Array.from({ length: draws }, (_, i) => randomUniform(key, i)),
  ) as [number[], number[], number[]];
  for (const values of [a, b, c]) {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan((5 * 0.2887) / Math.sqrt(draws));
  }
  for (const other of [b, c, a.slice(1).concat(0)]) {
    const covariance = mean(a.map((x, i) => (x - 0.5) * ((other[i] as number) - 0.5)));
    expect(Math.abs(covariance * 12)).toBeLessThan(5 / Math.sqrt(draws));
  }
});

test('normal draws have mean 0 and variance 1', () => {
  const values = Array.from({ length: draws }, (_, i) => randomNormal(randomKey(3, 0, siteId('w')), i));
  expect(Math.abs(mean(values))).toBeLessThan(5 / Math.sqrt(draws));
  expect(Math.abs(mean(values.map((x) => x * x)) - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(draws));
});

test('a draw depends on key and index alone, and a permutation holds every index once', () => {
  expect(randomU32(randomKey(7, 2, 9), 11)).toBe(randomU32(randomKey(7, 2, 9), 11));
  const order = permutation(randomKey(1, 2, 3), 1000);
  expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect([...order]).not.toEqual([...permutation(randomKey(1, 3, 3), 1000)]);
});
