import { expect, test } from 'vitest';
import { problem, tiny } from './NumberField.tsx';

test('what people would not call a number is refused, and each bound in its own words', () => {
  const whole = { min: 4, max: 64, whole: true, multipleOf: 4 };
  for (const text of ['', ' ', 'abc', '0x10', '1,5', 'Infinity', '1e999', '- 4']) expect(problem(text, whole), text).toBe('Type a number.');
  expect(['4.5', '-4', '1e9', '7'].map((text) => problem(text, whole))).toEqual([
    'Type a whole number.',
    'At least 4.',
    'At most 64.',
    'Type a multiple of 4.',
  ]);
  for (const text of ['4', ' 8 ', '1.6e1', '+12', '64.']) expect(problem(text, whole), text).toBeUndefined();
  expect(problem('0', { min: tiny })).toBe('Type more than 0.');
  expect(problem('.5', { min: tiny })).toBeUndefined();
});
