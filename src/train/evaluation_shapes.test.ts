// How evaluations are cut into batches: what fits, what it costs, and that no shape is larger than training's.

import { expect, test } from 'vitest';
import { wordsOf } from '../protocol/lengths.ts';
import { cutIntoShapes, type EvaluationShape, evaluationShapes, lengthsUpTo } from './evaluation_shapes.ts';

const buckets = [8, 16, 24, 40].map((length) => ({ length }));
const lengthsOf = (shapes: readonly EvaluationShape[]) => shapes.map(({ length }) => length);

test.each([1, 5, 6, 7, 16, 128, 511])('lengths up to %i end there, rise by steps of about a fifth, and begin low', (length) => {
  const lengths = lengthsUpTo(length);
  expect(lengths.at(-1)).toBe(length);
  expect(lengths[0]).toBeLessThanOrEqual(6);
  for (const [i, own] of lengths.slice(1).entries()) {
    const before = lengths[i] as number;
    expect(before).toBeLessThan(own);
    // Lengths are even: at short ones a step is 2 or 3 tokens.
    expect(own - before).toBeLessThanOrEqual(Math.max(3, 2 + own / 5));
  }
});

test('shapes are those of training where no finer ones are asked for', () => {
  expect(evaluationShapes({ buckets, batch_size: 4 })).toEqual(buckets.map((bucket) => ({ ...bucket, rows: 4 })));
});

test('finer shapes hold every padded length of training, and lengths between', () => {
  const lengths = lengthsOf(evaluationShapes({ buckets, batch_size: 4, evaluation: 'finer' }));
  expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
  expect(lengths).toEqual(expect.arrayContaining([8, 16, 24, 40]));
  expect(lengths.length).toBeGreaterThan(buckets.length);
});

test.each(['frugal', 'balanced', 'fast'] as const)(
  'no shape of a %s run has more tokens, words or text to write than its largest batch',
  (granularity) => {
    const written = [
      { length: 16, target_length: 8, target_rows: 6 },
      { length: 64, target_length: 24, target_rows: 20 },
    ];
    for (const own of [buckets, written]) {
      const shapes = evaluationShapes({ buckets: own, batch_size: 5, evaluation: 'finer', granularity });
      const largest = own.at(-1) as EvaluationShape;
      for (const shape of shapes) {
        expect(shape.rows).toBeGreaterThanOrEqual(5);
        expect(shape.rows * shape.length).toBeLessThanOrEqual(5 * largest.length);
        expect(shape.rows * (shape.target_length ?? shape.length)).toBeLessThanOrEqual(5 * (largest.target_length ?? largest.length));
        expect(shape.rows * wordsOf(shape)).toBeLessThanOrEqual(5 * wordsOf(largest));
      }
      expect(shapes.some(({ rows }) => rows > 5)).toBe(granularity !== 'frugal');
    }
  },
);

/** Rows of these lengths, cut; checks that all are there once, in order, where they fit. */
function cut(lengths: readonly number[], shapes: readonly EvaluationShape[]) {
  const batches = cutIntoShapes(lengths.length, shapes, (i, shape) => (lengths[i] as number) <= shape.length);
  let next = 0;
  for (const { shape, begin, count } of batches) {
    expect(begin).toBe(next);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(shape.rows);
    expect(Math.max(...lengths.slice(begin, begin + count))).toBeLessThanOrEqual(shape.length);
    next = begin + count;
  }
  expect(next).toBe(lengths.length);
  return batches;
}

const tokensOf = (batches: ReturnType<typeof cut>) => batches.reduce((sum, { shape }) => sum + shape.rows * shape.length, 0);

test('nothing makes no batch; one row makes one, of the shape that computes least', () => {
  const shapes = [
    { length: 8, rows: 10 },
    { length: 16, rows: 4 },
  ];
  expect(cut([], shapes)).toEqual([]);
  expect(cut([3], shapes).map(({ shape }) => shape.length)).toEqual([16]);
});

test('a few long rows do not make all rows long', () => {
  const shapes = [8, 16, 32].map((length) => ({ length, rows: 4 }));
  const lengths = [...Array.from({ length: 12 }, () => 7), 30];
  expect(cut(lengths, shapes).map(({ shape: { length }, count }) => [length, count])).toEqual([
    [8, 4],
    [8, 4],
    [8, 4],
    [32, 1],
  ]);
});

test('no cut of a few hundred random rows computes more than slices in order do', () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  for (let round = 0; round < 20; round++) {
    const lengths = Array.from({ length: 1 + random(300) }, () => 1 + random(40)).sort((a, b) => a - b);
    const shapes = buckets.map((bucket) => ({ ...bucket, rows: 8 }));
    let sliced = 0;
    for (let end = 8; end < lengths.length + 8; end += 8) {
      const longest = lengths[Math.min(end, lengths.length) - 1] as number;
      sliced += 8 * (shapes.find(({ length }) => length >= longest) as EvaluationShape).length;
    }
    // A batch costs something of its own, so that a cut may take a few tokens more to save one.
    expect(tokensOf(cut(lengths, shapes)), `round ${round}`).toBeLessThanOrEqual(sliced);
  }
});

test('rows fit by more than their length, in no order', () => {
  const wide = [true, false, false, true, true, false];
  const shapes = [
    { length: 8, rows: 3 },
    { length: 9, rows: 2 },
  ];
  const batches = cutIntoShapes(wide.length, shapes, (i, { length }) => length === 9 || !wide[i]);
  for (const { shape, begin, count } of batches) {
    if (shape.length === 8) expect(wide.slice(begin, begin + count)).not.toContain(true);
  }
  expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(wide.length);
});

test('a row that fits no shape is refused', () => {
  expect(() => cutIntoShapes(2, [{ length: 8, rows: 2 }], (i) => i === 0)).toThrow(RangeError);
});
