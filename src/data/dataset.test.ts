import { expect, test } from 'vitest';
import { tokenizeDataset } from './dataset.ts';
import { tokenizerOfWords } from './testing.ts';
import type { Tokenizer } from './tokenizer.ts';

/** One token a word, up to the longest that is asked for, after a busy wait of `ms`. */
function words(ms = 0): Tokenizer {
  return {
    ...tokenizerOfWords,
    encode(text, _, maxLength) {
      const until = performance.now() + ms;
      while (performance.now() < until);
      const fullLength = text.split(' ').length;
      const length = Math.min(fullLength, maxLength);
      const input_ids = new Uint32Array(length).fill(7);
      return { input_ids, token_type_ids: new Uint32Array(length), length, fullLength, truncated: fullLength > length };
    },
  };
}

const text = (count: number): string => Array.from({ length: count }, () => 'w').join(' ');

test('lengths, truncation, the histogram before truncation and the class balance are counted', async () => {
  const examples = [1, 8, 9, 17, 20].map((count, i) => ({ text: text(count), label: i % 2 }));
  const tokenized = await tokenizeDataset({ examples, labels: ['no', 'yes', 'never'] }, words(), { maxLength: 10 });
  expect([...tokenized.lengths]).toEqual([1, 8, 9, 10, 10]);
  expect(tokenized.truncated).toBe(2);
  expect(tokenized.histogram).toEqual([
    { upTo: 8, count: 2 },
    { upTo: 16, count: 1 },
    { upTo: 24, count: 2 },
  ]);
  expect(tokenized.classCounts).toEqual([3, 2, 0]);
  expect(tokenized.examples[1]).toMatchObject({ length: 8, label: 1 });
});

test('long work gives way to other work, tells its progress and stops when told', async () => {
  const dataset = { examples: Array.from({ length: 40 }, () => ({ text: 'a', label: 0 })), labels: ['x', 'y'] };
  const seen: number[] = [];
  let turns = 0;
  const other = setInterval(() => {
    turns += 1;
  }, 1);
  await tokenizeDataset(dataset, words(2), { maxLength: 8, onProgress: (done) => seen.push(done) });
  clearInterval(other);
  expect(turns).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.at(-1)).toBe(40);
  const stop = new AbortController();
  const stopped = tokenizeDataset(dataset, words(2), { maxLength: 8, signal: stop.signal, onProgress: () => stop.abort() });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});
