// Against Python's own re.fullmatch (vectors/python_regex.py): patterns as people write them, and drawn ones.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fullMatcher, PatternError } from './python_regex.ts';

interface Recorded {
  readonly names: readonly string[];
  readonly short: readonly string[];
  readonly rows: readonly {
    readonly pattern: string;
    readonly refused?: true;
    readonly of?: 'names' | 'short';
    readonly takes?: readonly number[];
  }[];
}

const recorded = JSON.parse(readFileSync(new URL('vectors/python_regex.json', import.meta.url), 'utf8')) as Recorded;

/** Patterns that Python reads and we refuse, by name. */
const notRead = [String.raw`(.)\1.*`, '(?s).*', '(?>a)b', 'a++', '(?#note)query'];

test('every pattern takes the names that Python takes, or is refused', () => {
  let compared = 0;
  for (const { pattern, refused, of, takes } of recorded.rows) {
    if (refused || notRead.includes(pattern)) {
      expect(() => fullMatcher(pattern), pattern).toThrow(PatternError);
      continue;
    }
    const fits = fullMatcher(pattern);
    const names = recorded[of ?? 'names'];
    expect({ pattern, takes: names.flatMap((name, i) => (fits(name) ? [i] : [])) }).toEqual({ pattern, takes });
    compared++;
  }
  expect(compared).toBeGreaterThan(400);
});

test.each([
  `${'(a*)*'.repeat(20)}b`,
  `${'('.repeat(60)}a*${')*'.repeat(60)}b`,
  `(${'a|'.repeat(800)}a)*b`,
  `${'(?:a{0,999}){0,999}'.repeat(100)}b`,
  `(?=${'(?:a?){60}'.repeat(20)}b)a*`,
])('a pattern that explodes elsewhere ends at once: %#', (pattern) => {
  const begin = performance.now();
  try {
    fullMatcher(pattern)('a'.repeat(120));
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PatternError);
  }
  expect(performance.now() - begin).toBeLessThan(10_000);
});

test.each([
  [`${'a'.repeat(5000)}`, /characters/],
  ['('.repeat(65) + ')'.repeat(65), /nested/],
  [String.raw`\p{L}`, /escape \\p/],
])('what is too long, too deep or unknown is named', (pattern, says) => {
  expect(() => fullMatcher(pattern)).toThrow(says);
});
