import { expect, test } from 'vitest';
import { sparkline, tableText } from './format.ts';

test('tables and curves of more rows than a call takes arguments are written', () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [`row ${i}`, String(i)]);
  expect(tableText([['name', 'count'], ...rows]).split('\n')[200_000]).toBe('row 199999  199999');
  expect(sparkline(rows.map((_, i) => i))).toHaveLength(200_000);
});
