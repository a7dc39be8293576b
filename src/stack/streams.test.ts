import { expect, test } from 'vitest';
import { RetraceError } from '../protocol/errors.ts';
import { shiftOf } from './streams.ts';

test('fixed streams take powers of two and refuse other factors with the nearest one', () => {
  expect([1, 0.5, 1 / 8, 2 ** -8].map((factor) => shiftOf(factor, 'lambda'))).toEqual([0, 1, 3, 8]);
  for (const [factor, nearest] of [
    [0.1, 0.125],
    [0.7, 0.5],
    [2 ** -9, 2 ** -8],
    [2, 1],
  ] as const) {
    try {
      shiftOf(factor, 'lambda');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RetraceError);
      expect((error as RetraceError).message).toContain(`lambda is ${factor}`);
      expect((error as RetraceError).remedy).toContain(`lambda = ${nearest} `);
    }
  }
});
