import { expect, test } from 'vitest';
import { mistakesAt, wrongIn } from './mistakes.ts';

const confusion = {
  labels: ['a', 'b', 'c'],
  counts: [
    [8, 2, 0],
    [1, 4, 0],
    [0, 3, 0],
  ],
};
const mistakes = [
  { at: 4, actual: 2, predicted: 1, probability: 0.9 },
  { at: 1, actual: 0, predicted: 1, probability: 0.7 },
];

test('a cell has its own examples, and without one all that were told wrong are meant', () => {
  expect(mistakesAt(mistakes, undefined)).toBe(mistakes);
  expect(mistakesAt(mistakes, { actual: 0, predicted: 1 }).map(({ at }) => at)).toEqual([1]);
  expect([
    wrongIn(confusion, undefined),
    wrongIn(confusion, { actual: 2, predicted: 1 }),
    wrongIn(confusion, { actual: 2, predicted: 0 }),
  ]).toEqual([6, 3, 0]);
});
