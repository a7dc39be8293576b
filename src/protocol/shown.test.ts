import { expect, test } from 'vitest';
import { RetraceError } from './errors.ts';
import { shownValue } from './shown.ts';

test.each([null, true, -1.5, 'a "b"', [1, 'x', null], { r: 8, layers: [0, 2], on: { x: true } }, [], {}])(
  '%j is shown as JSON',
  (value) => {
    expect(shownValue(value)).toBe(JSON.stringify(value));
  },
);

test('what is long, wide or deep is cut, and nothing of it is walked', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(shownValue(deep)).toBe('[[[[[…]]]]]');
  expect(shownValue('x'.repeat(20_000_000))).toMatch(/^"x{60}"… \(20000000 characters\)$/);
  expect(shownValue(Array.from({ length: 100_000 }, (_, i) => i))).toBe('[0,1,2,3,4,5,6,7,8,9,10,11,…]');
  expect(shownValue(Object.fromEntries(Array.from({ length: 12 }, (_, i) => ['k'.repeat(100) + i, 'v'.repeat(100)]))).length).toBeLessThan(
    500,
  );
  expect(shownValue(undefined)).toBe('undefined');
  expect(shownValue(Number.NaN)).toBe('null');
});

test('no error is longer than a person reads', () => {
  const error = new RetraceError({ code: 'x', message: 'm'.repeat(1_000_000), where: 'w'.repeat(1_000_000), remedy: 'r' });
  expect(error.message).toHaveLength(2001);
  expect(error.where).toHaveLength(2001);
  expect(error.remedy).toBe('r');
});
