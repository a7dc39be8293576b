import { expect, test } from 'vitest';
import { type FileRef, FOUND, readingItems, readingValue, withReading } from './reading.ts';

const data: FileRef = { kind: 'file', name: 'a.csv', blob: new Blob(['a']) };

test('a choice stands in the reference, and none where it is left to be found out', () => {
  for (const setting of ['separator', 'quote', 'encoding', 'max_rows'] as const) {
    expect(readingValue(data, setting)).toBe(FOUND);
    for (const { value } of readingItems(setting, data, undefined)) {
      const chosen = withReading(data, setting, value);
      expect(readingValue(chosen, setting)).toBe(value);
      expect(withReading(chosen, setting, FOUND)).toEqual(data);
    }
  }
  expect(withReading(data, 'separator', '=')).toMatchObject({ separator: '' });
  expect(withReading(data, 'max_rows', '=1000')).toMatchObject({ max_rows: 1000 });
});

test('what was found out is named', () => {
  const reading = { format: 'delimited', header: true, encoding: 'utf-16le', separator: '\t', quote: '', said: '' } as const;
  expect((['separator', 'quote', 'encoding'] as const).map((setting) => readingItems(setting, data, reading)[0]?.label)).toEqual([
    'tab (found)',
    'none (found)',
    'UTF-16 LE (found)',
  ]);
  expect(readingItems('separator', data, { ...reading, separator: '^' })[0]?.label).toBe('^ (found)');
  expect(readingItems('separator', { ...data, separator: ';' }, reading)[0]?.label).toBe('automatic');
});
