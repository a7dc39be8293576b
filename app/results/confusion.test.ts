import { expect, test } from 'vitest';
import { mistakesOf, scoresOf } from './confusion.ts';

const confusion = {
  labels: ['a', 'b', 'c'],
  counts: [
    [8, 2, 0],
    [1, 4, 0],
    [0, 3, 0],
  ],
};

test('rows are true labels: recall reads a row, precision a column', () => {
  const [a, , c] = scoresOf(confusion);
  expect(a).toMatchObject({ support: 10, recall: 0.8, precision: 8 / 9 });
  expect(c).toMatchObject({ support: 3, recall: 0, precision: 0, f1: 0 });
});

test('mistakes come most frequent first and leave out what is right', () => {
  expect(mistakesOf(confusion)).toMatchObject([
    { actual: 'c', predicted: 'b', count: 3, at: { actual: 2, predicted: 1 } },
    { actual: 'a', predicted: 'b', count: 2 },
    { actual: 'b', predicted: 'a', count: 1 },
  ]);
});
