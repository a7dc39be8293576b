import { expect, test } from 'vitest';
import { bytes, scaled } from './format.ts';

test('numbers with a unit have three digits, also where they round up to the next unit', () => {
  expect([46e9, 25.04e9, 20_000, 96_040, 770, 22_713_216].map(scaled)).toEqual(['46.0 G', '25.0 G', '20.0 k', '96.0 k', '770', '22.7 M']);
  expect([0, 999, 999_600, 99_960, 9_996].map(bytes)).toEqual(['0 B', '999 B', '1.00 MB', '100 kB', '10.0 kB']);
});
