import { expect, test } from 'vitest';
import { missingRoles, roleOf, withRole } from './columns.ts';

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
