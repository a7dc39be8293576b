import { expect, test } from 'vitest';
import { journalLine, readJournal } from './journal.ts';

const first = [{ begin: 0, end: 10 }];
const second = [
  { begin: 0, end: 10 },
  { begin: 20, end: 40 },
];
const both = journalLine(first) + journalLine(second);

test('the last whole line counts, wherever the text was cut', () => {
  expect(readJournal(both, 100)).toEqual(second);
  const whole = journalLine(first).length;
  for (let length = 0; length <= both.length; length += 1) {
    const expected = length < whole ? [] : length < both.length ? first : second;
    expect(readJournal(both.slice(0, length), 100), `${length} characters`).toEqual(expected);
  }
});

test.each([
  ['zeros where a line should be', '\0\0\0\0\0\0\n'],
  ['ranges that overlap', '[[0,30],[20,40]]\n'],
  ['an empty range', '[[5,5]]\n'],
  ['a range before the file', '[[-1,5]]\n'],
  ['numbers that are none', '[[0,1e400]]\n'],
  ['another shape', '{"ranges":[]}\n'],
])('a line with %s says nothing', (_, line) => {
  expect(readJournal(journalLine(first) + line, 100)).toEqual(first);
});

test('bytes that the file does not have are not here', () => {
  expect(readJournal(both, 30)).toEqual([
    { begin: 0, end: 10 },
    { begin: 20, end: 30 },
  ]);
  expect(readJournal(both, 15)).toEqual(first);
  expect(readJournal('', 15)).toEqual([]);
});
