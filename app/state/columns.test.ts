import { expect, test } from 'vitest';
import { guessesOf, missingRoles, roleOf, withRole } from './columns.ts';

const columns = { text: 'a', label: 'b' };

test('a role that is given to another column is taken from the first', () => {
  const next = withRole(columns, 'c', 'label');
  expect(next).toEqual({ text: 'a', label: 'c' });
  expect(roleOf(next, 'b')).toBe('ignore');
});

test('a column plays one part at a time, and a part that nobody plays is missed', () => {
  const next = withRole(columns, 'a', 'label');
  expect(next).toEqual({ text: '', label: 'a' });
  expect(missingRoles(next)).toEqual(['text']);
  expect(withRole(columns, 'c', 'text_pair')).toEqual({ text: 'a', text_pair: 'c', label: 'b' });
});

test('a guess is explained as long as its column keeps the part, and a second text can be taken away', () => {
  const guess = { text: 'a', text_pair: 'c', label: 'b' };
  const preview = { guess, reasons: { text: 'it is long', text_pair: 'it goes with a', label: 'it has two values' } };
  expect(guessesOf(guess, preview).map(({ role, column, reason }) => [role, column, reason])).toEqual([
    ['text', 'a', 'it is long'],
    ['text_pair', 'c', 'it goes with a'],
    ['label', 'b', 'it has two values'],
  ]);
  const alone = withRole(guess, 'c', 'ignore');
  expect(alone).toEqual({ text: 'a', label: 'b' });
  expect(guessesOf(withRole(alone, 'd', 'label'), preview).map(({ role }) => role)).toEqual(['text']);
});
