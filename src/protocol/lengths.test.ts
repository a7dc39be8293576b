import { expect, test } from 'vitest';
import { defaultLength, requireLength, textPositions } from './lengths.ts';

const plain = { uses: ['lora_alpha'] };
const prompt = { uses: ['num_virtual_tokens'] };
const options = { num_virtual_tokens: 20 };

test('virtual tokens take positions from the text where a method has them', () => {
  expect(textPositions(64, plain, options)).toBe(64);
  expect(textPositions(64, prompt, options)).toBe(44);
});

test('the default is the usual length, or all that there is', () => {
  expect([512, 64, 44, 3, -5].map(defaultLength)).toEqual([64, 64, 44, 4, 4]);
});

test('a length is taken up to the last position, and refused past it with the numbers', () => {
  const request = { positions: 64, options, model: 'base' };
  expect(() => requireLength({ ...request, length: 64, method: plain })).not.toThrow();
  expect(() => requireLength({ ...request, length: 44, method: prompt })).not.toThrow();
  expect(() => requireLength({ ...request, length: 65, method: plain })).toThrow(
    expect.objectContaining({
      message: 'A length of 65 tokens is asked for; base has 64 positions.',
      where: 'max_length',
      remedy: 'Use a length of at most 64.',
    }),
  );
  expect(() => requireLength({ ...request, length: 45, method: prompt })).toThrow(
    /45 tokens is asked for, behind 20 virtual tokens; base has 64/,
  );
});
