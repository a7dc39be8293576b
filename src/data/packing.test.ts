import { expect, test } from 'vitest';
import { lineRows, packedRows } from './packing.ts';

test('packed rows are the joined texts with the end-of-text id between them, cut to one length, without the rest', () => {
  expect(packedRows([[1, 2, 3], [4], [], [5, 6, 7, 8]], 4, 0)).toEqual([
    [1, 2, 3, 0],
    [4, 0, 5, 6],
  ]);
  expect(packedRows([[1, 2, 3, 4, 5, 6, 7, 8]], 4, 0)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
});

test('what fills no row at all is one row, and nothing is none', () => {
  expect(packedRows([[1], [2]], 8, 0)).toEqual([[1, 0, 2]]);
  expect(packedRows([[], []], 8, 0)).toEqual([]);
});

test('every id but those of the rest is there once, in order', () => {
  const texts = Array.from({ length: 37 }, (_, i) => Array.from({ length: (i * 7) % 11 }, (_v, k) => 100 * i + k + 1));
  const joined = texts.filter((ids) => ids.length > 0).flatMap((ids, i) => (i === 0 ? ids : [0, ...ids]));
  expect(packedRows(texts, 5, 0).flat()).toEqual(joined.slice(0, joined.length - (joined.length % 5)));
});

test('lines are rows of their own, cut at the length', () => {
  expect(lineRows([[1, 2, 3], [], [4], [5, 6, 7, 8, 9]], 3)).toEqual([[1, 2, 3], [4], [5, 6, 7]]);
});
