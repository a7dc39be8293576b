import { expect, test } from 'vitest';
import type { TextToPredict } from '../engine/predict.ts';
import { selfTestNote, selfTestTexts, shortened } from './self_test_texts.ts';

const example = (text: string, textPair?: string) => ({ text, label: 0, ...(textPair === undefined ? {} : { textPair }) });
const single = { texts: Array.from({ length: 20 }, (_, i) => example(`secret ${i}`)) };
const pairs = { texts: [example('secret', 'also secret')] };

test('the texts of an export are made up, eight of them, and pairs where the data are pairs', () => {
  const texts = selfTestTexts('bundled', single);
  expect(texts).toHaveLength(8);
  expect(JSON.stringify(texts)).not.toContain('secret');
  expect(texts.some(({ text_pair }) => text_pair !== undefined)).toBe(false);
  expect(selfTestTexts('bundled', pairs).every(({ text_pair }) => text_pair !== undefined)).toBe(true);
  expect(JSON.stringify(selfTestTexts('bundled', pairs))).not.toContain('secret');
});

test('those of the data go with it where that is asked for, and the card says which', () => {
  expect(selfTestTexts('data', single).map(({ text }) => text)).toEqual(Array.from({ length: 8 }, (_, i) => `secret ${i}`));
  expect(selfTestTexts('data', pairs)).toEqual([{ text: 'secret', text_pair: 'also secret' }]);
  expect([selfTestNote('bundled', 8), selfTestNote('data', 1)]).toEqual([
    '8 made-up sentences, none of the data',
    '1 texts of the evaluation data',
  ]);
});

test('a text that is longer than the run was planned for loses words from its end, for whoever loads the adapter would cut it elsewhere', () => {
  const atMost = (words: number) => (asked: { text: string; text_pair?: string }) =>
    `${asked.text} ${asked.text_pair ?? ''}`.split(/\s+/).filter(Boolean).length <= words;
  const texts = selfTestTexts('bundled', single);
  const short = shortened(texts, atMost(3));
  expect(short).toHaveLength(8);
  expect(short.every(atMost(3))).toBe(true);
  expect(short[0]).toEqual({ text: 'The kettle is' });
  expect(short[6]).toEqual({ text: 'open the window' });
  expect(shortened(selfTestTexts('bundled', pairs), atMost(4)).every(atMost(4))).toBe(true);
  expect(shortened(texts, () => false)).toEqual([]);
  expect(shortened(texts, () => true)).toEqual(texts);
});

test('answers and targets that do not fit are cut too, and a text of which one would be empty is left out', () => {
  const words = (text: string) => text.split(' ').length;
  const fits = ({ choices = [], target = 'x' }: TextToPredict) => [...choices, target].every((one) => words(one) <= 2);
  expect(shortened([{ text: 'which', choices: ['one two three', 'four five six seven'] }], fits)).toEqual([
    { text: 'which', choices: ['one two', 'four five'] },
  ]);
  expect(shortened([{ text: 'a', target: 'one two three four' }], fits)).toEqual([{ text: 'a', target: 'one two' }]);
  expect(shortened([{ text: 'a', target: 'word' }], () => false)).toEqual([]);
});
