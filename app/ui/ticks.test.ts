import { expect, test } from 'vitest';
import { ticksBetween, ticksOf } from './ticks.ts';

test('ticks are round, begin at 0 and stay within the axis', () => {
  expect(ticksOf(155e6)).toEqual([0, 100e6]);
  expect(ticksOf(9)).toEqual([0, 5]);
});

test('ticks of an axis that begins anywhere are round and lie on it', () => {
  expect(ticksBetween(-0.2, 5.2)).toEqual([0, 2, 4]);
  expect(ticksBetween(-0.35, 0.31)).toEqual([-0.2, 0, 0.2]);
  expect(ticksBetween(3, 3)).toEqual([]);
  for (const [from, to] of [
    [-1e-7, 3e-7],
    [1234, 98765],
    [-7, -1],
  ] as const) {
    const ticks = ticksBetween(from, to);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(ticks.every((tick) => tick >= from && tick <= to)).toBe(true);
  }
});
