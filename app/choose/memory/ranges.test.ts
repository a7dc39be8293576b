import { expect, test } from 'vitest';
import { fits, halves, merge, split, withEnd, withEvery, withPolicy } from './ranges.ts';

const any = () => true;

test('ranges cover every layer, whatever is done to them', () => {
  let ranges = halves(2, 12, 'reversible');
  expect(fits(ranges, 2, 12, any)).toBe(true);
  const changes = [
    () => split(ranges, 1),
    () => withEnd(ranges, 0, 99),
    () => withEnd(ranges, 1, -5),
    () => withPolicy(ranges, 0, 'store'),
    () => withEvery(ranges, 2, 3),
    () => merge(ranges, 0),
    () => merge(ranges, 1),
    () => merge(ranges, 0),
  ];
  for (const change of changes) {
    ranges = change();
    expect(fits(ranges, 2, 12, any)).toBe(true);
  }
  expect(ranges).toHaveLength(1);
});

test('a range of one layer is not split, and a boundary leaves a layer on either side', () => {
  const one = [{ from: 0, to: 1, policy: 'store' }] as const;
  expect(split(one, 0)).toEqual(one);
  const two = halves(0, 4, 'store');
  expect(withEnd(two, 0, 9).map(({ to }) => to)).toEqual([3, 4]);
  expect(withEnd(two, 0, 0).map(({ to }) => to)).toEqual([1, 4]);
});

test('another policy forgets what "every" meant, and 0 takes it away', () => {
  const every = withEvery(halves(0, 4, 'checkpoint'), 0, 2);
  expect(every[0]).toEqual({ from: 0, to: 2, policy: 'checkpoint', every: 2 });
  expect(withPolicy(every, 0, 'reversible')[0]).not.toHaveProperty('every');
  expect(withEvery(every, 0, 0)[0]).not.toHaveProperty('every');
});

test('ranges of another model, or with a policy that the method refuses, do not fit', () => {
  const ranges = halves(0, 6, 'reversible');
  expect(fits(ranges, 0, 12, any)).toBe(false);
  expect(fits(ranges, 1, 6, any)).toBe(false);
  expect(fits(ranges, 0, 6, (policy) => policy !== 'reversible')).toBe(false);
});
