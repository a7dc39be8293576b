import { expect, test } from 'vitest';
import { ticksOf } from './ticks.ts';

test('ticks are round, begin at 0 and stay within the axis', () => {
  expect(ticksOf(155e6)).toEqual([0, 100e6]);
  expect(ticksOf(9)).toEqual([0, 5]);
});
