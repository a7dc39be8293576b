import { expect, test } from 'vitest';
import { scheduleFactor, warmupSteps } from './schedule.ts';

test('the rate rises from 0 over the warm-up and falls to 0 at the last step, as in Transformers', () => {
  expect(warmupSteps(200, 0.06)).toBe(12);
  expect(warmupSteps(10, 0.01)).toBe(1);
  expect([0, 1, 2, 3, 4, 6, 8].map((step) => scheduleFactor('linear', step, 8, 2))).toEqual([0, 0.5, 1, 5 / 6, 4 / 6, 2 / 6, 0]);
  expect(scheduleFactor('linear', 0, 4, 0)).toBe(1);
});
