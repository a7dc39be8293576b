import { expect, test } from 'vitest';
import { countText, listText, plural, rowsText } from './sentences.ts';

test('counts have commas, and one thing is not many', () => {
  expect(countText(1234567)).toBe('1,234,567');
  expect([0, 1, 2000].map((count) => plural(count, 'row'))).toEqual(['0 rows', '1 row', '2,000 rows']);
  expect([1, 2].map((count) => plural(count, 'class', 'classes'))).toEqual(['1 class', '2 classes']);
});

test('a list ends in "and", and says how many more there are', () => {
  const letters = ['a', 'b', 'c', 'd', 'e'];
  expect([0, 1, 2, 3].map((count) => listText(letters.slice(0, count)))).toEqual(['', 'a', 'a and b', 'a, b and c']);
  expect(listText(letters, 3)).toBe('a, b, c and 2 more');
  expect(listText(letters, 5)).toBe('a, b, c, d and e');
  expect(listText(letters, 2, 2000)).toBe('a, b and 1,998 more');
  expect(letters).toHaveLength(5);
});

test('rows are named, the first of them', () => {
  expect(rowsText([3])).toBe('row 3');
  expect(rowsText([3, 7])).toBe('rows 3 and 7');
  expect(rowsText([3, 7, 12, 13, 20, 21, 22])).toBe('rows 3, 7, 12, 13, 20 and 2 more');
  expect(rowsText([3, 7], 1002)).toBe('rows 3, 7 and 1,000 more');
});
