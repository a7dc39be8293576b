import { expect, test } from 'vitest';
import { guessHeader } from './header.ts';

const texts = [
  'it was a long and quiet film',
  'nobody in the room laughed once',
  'we would see it again and again',
  'the end came much too soon',
];
/** Rows of the columns' values, each column's in turn. */
const below = (...columns: readonly (readonly string[])[]): string[][] =>
  Array.from({ length: 12 }, (_, i) => columns.map((values) => values[i % values.length] ?? ''));

test.each([
  ['known names', ['text', 'label'], below(texts, ['0', '1'])],
  ['one known name among others', ['was', 'gold_label'], below(texts, ['gut', 'schlecht'])],
  ['names over numbers', ['stuff', 'points given'], below(texts, ['3', '4'])],
  ["pandas' own names", ['0', '1'], below(texts, ['0', '1'])],
  ["pandas' index", ['', '0', '1'], below(['0', '1', '2'], texts, ['0', '1'])],
  ['names that say nothing', ['x', 'y'], below(texts, ['gut', 'schlecht'])],
  ['a long question over answers', ['How was your stay with us this time?', 'stars'], below(texts, ['3', '4'])],
  ['one column', ['text'], below(texts)],
] as const)('%s are a header', (_, first, rows) => {
  expect(guessHeader(first, rows).header).toBe(true);
});

test.each([
  [
    'a class that is a number',
    ['3', 'Wall St. Bears', texts[0]],
    below(['3', '4', '1'], ['a b', 'c d', 'e f'], texts),
    '"3" is a number like those below it',
  ],
  [
    'a class that comes again',
    ['the actors seemed to be half asleep', 'positive'],
    below(texts, ['positive', 'negative']),
    '"positive" comes again below it',
  ],
  ['a class that is called as columns are', ['question', texts[2]], below(['question', 'order'], texts), '"question" comes again below it'],
  ['a text over texts', ['a film that I will not forget'], below(texts), '"a film that I will not …" reads like the texts below it'],
  ['CoLA', ['gj04', '1', '', 'the boat sank because it was old'], below(['gj04', 'bc01'], ['1', '0'], ['', '*'], texts), '"1" is a number'],
] as const)('%s is data, with the reason', (_, first, rows, reason) => {
  const guess = guessHeader(first as readonly string[], rows);
  expect(guess.header).toBe(false);
  expect(guess.reason).toContain(reason);
});
