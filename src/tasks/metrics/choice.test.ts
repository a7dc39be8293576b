import { expect, test } from 'vitest';
import { bestPlace, charactersOf, choiceAccuracy, normalised } from './choice.ts';
import { exactMatch, perplexity } from './writing.ts';

test('a long answer that is less likely as a whole may be likelier a character', () => {
  // 4 and 12 characters: -6/4 = -1.5, -9/12 = -0.75.
  const example = { characters: ['wood', 'a wood stove'].map(charactersOf), log_likelihoods: [-6, -9], right: 1 };
  expect(normalised(example)).toEqual([-1.5, -0.75]);
  expect(choiceAccuracy([example])).toEqual({ acc: 0, acc_norm: 1 });
  expect(choiceAccuracy([{ ...example, right: 0 }])).toEqual({ acc: 1, acc_norm: 0 });
  expect(choiceAccuracy([example, { ...example, right: 0 }, { characters: [1, 1], log_likelihoods: [-2, -1], right: 1 }])).toEqual({
    acc: 2 / 3,
    acc_norm: 2 / 3,
  });
});

test('lengths are counted in characters, not in bytes nor in UTF-16 units', () => {
  // "né" is 2 characters and 3 bytes, "😀😀" 2 characters, 4 units and 8 bytes: by bytes or by units another would win.
  const example = { characters: ['né', '😀😀', 'abc'].map(charactersOf), log_likelihoods: [-4, -4.5, -5.7], right: 2 };
  expect(normalised(example)).toEqual([-2, -2.25, -5.7 / 3]);
  expect(choiceAccuracy([example])).toEqual({ acc: 0, acc_norm: 1 });
  expect(choiceAccuracy([{ ...example, log_likelihoods: [-4, -4.5, -6.3] }]).acc_norm).toBe(0);
});

test('of equal scores the first wins, and of no examples nothing is right', () => {
  expect(bestPlace([-3, -1, -1])).toBe(1);
  expect(bestPlace([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).toBe(0);
  expect(choiceAccuracy([])).toEqual({ acc: 0, acc_norm: 0 });
});

test('perplexity is that of all tokens together, and exact match knows no likeness', () => {
  // 3 tokens at 1/2 and 1 at 1/16: the geometric mean of the probabilities is 2^(-7/4).
  expect(perplexity(3 * Math.log(2) + Math.log(16), 4)).toBeCloseTo(2 ** (7 / 4), 12);
  expect(exactMatch(['a b', 'a b ', 'A b'], ['a b', 'a b', 'a b'])).toBeCloseTo(1 / 3, 12);
  expect(exactMatch([], [])).toBe(0);
});
