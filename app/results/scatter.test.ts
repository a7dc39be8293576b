import { expect, test } from 'vitest';
import { described, dotsOf, nearest, rangeOf, worstFirst } from './scatter.ts';

const dots = [
  { actual: 0, predicted: 1, text: 'a' },
  { actual: 5, predicted: 4.5, text: 'b' },
  { actual: 2, predicted: 2, text: 'c' },
];

test('both axes have one range, which holds every dot, also of one dot or none', () => {
  const { from, to } = rangeOf(dots);
  expect(from).toBeLessThan(0);
  expect(to).toBeGreaterThan(5);
  const one = rangeOf([{ actual: 3, predicted: 3 }]);
  expect(one.from).toBeLessThan(3);
  expect(one.to).toBeGreaterThan(3);
  expect(rangeOf([])).toEqual({ from: 0, to: 1 });
});

test('the pointer finds the dot that it is nearest to, and none from afar', () => {
  const range = rangeOf(dots);
  expect(nearest(dots, { actual: 1.9, predicted: 2.05 }, range, 0.1)).toBe(2);
  expect(nearest(dots, { actual: 0.1, predicted: 0.9 }, range, 0.1)).toBe(0);
  expect(nearest(dots, { actual: 4, predicted: 0 }, range, 0.1)).toBeUndefined();
});

test('what is no number is not drawn, and the table begins with what is furthest off', () => {
  const texts = [{ text: 'a' }, { text: 'b' }, { text: 'c' }];
  expect(dotsOf({ actual: [0, 1, 2], predicted: [Number.NaN, 1], at: [0, 5, 9] }, texts)).toEqual([{ actual: 1, predicted: 1, text: 'b' }]);
  expect(worstFirst(dots).map(({ text }) => text)).toEqual(['a', 'b', 'c']);
});

test('the description says how many there are, where they lie and how far they are off', () => {
  expect(described(dots, 'score')).toBe(
    'Predicted against true score, a dot for each of 3 examples: true score from 0 to 5, predicted from 1 to 4.5, 0.5 apart on average. The table has the examples that are furthest off.',
  );
});
