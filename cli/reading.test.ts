// What the flags say of how a file is read.

import { expect, test } from 'vitest';
import { readFlags } from './flags.ts';
import { givenReading } from './reading.ts';

const reading = (...args: string[]) => givenReading(readFlags('train', args).given);

test('characters are given as they are or by name, and what is not given is left out', () => {
  expect(reading()).toEqual({});
  expect(reading('--separator', 'tab', '--quote', 'none')).toEqual({ separator: '\t', quote: '' });
  expect(reading('--separator', ';', '--quote', "'")).toEqual({ separator: ';', quote: "'" });
  expect(reading('--separator', '|')).toEqual({ separator: '|' });
  expect(reading('--separator', 'none')).toEqual({ separator: '' });
  expect(reading('--no-header', '--encoding', 'windows-1252', '--max-rows', '5000')).toEqual({
    header: false,
    encoding: 'windows-1252',
    max_rows: 5000,
  });
});

test.each([
  [['--separator', ';;'], "--separator is ';;'"],
  [['--quote', '\n'], '--quote is'],
  [['--separator', '"', '--quote', '"'], 'are both'],
  [['--encoding', 'ebcdic'], "--encoding is 'ebcdic'"],
  [['--max-rows', '0'], '--max-rows is 0'],
  [['--max-rows', '1.5'], '--max-rows is 1.5'],
])('%s is refused', (args, message) => {
  expect(() => reading(...args)).toThrow(message);
});
