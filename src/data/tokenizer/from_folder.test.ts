// Folders in every layout, against what AutoTokenizer made of them (src/data/vectors/tokenizer_folders.py).

import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizer.ts';
import recorded from '../vectors/tokenizer_folders.json' with { type: 'json' };
import { folderOf } from './testing.ts';

const files = recorded.files as readonly unknown[];

test.each(recorded.rows)('$name', async (row) => {
  const folder = Object.entries(row.files).map(([path, index]) => [path, files[index as number]]);
  const tokenizer = await loadTokenizer(folderOf(Object.fromEntries(folder)));
  recorded.texts.forEach((text, i) => {
    expect([...tokenizer.encode(text, undefined, 1000).input_ids], text).toEqual(row.ids[i]);
  });
  recorded.pairs.forEach(([first, second], i) => {
    const { input_ids, token_type_ids } = tokenizer.encode(first as string, second as string, 1000);
    expect([[...input_ids], [...token_type_ids]]).toEqual(row.pairs[i]);
  });
  expect([...tokenizer.encode('the film a film the', undefined, 5).input_ids]).toEqual(row.cut);
  expect(tokenizer.vocabSize).toBe(row.size);
  if (row.pad !== null) expect(tokenizer.padTokenId).toBe(row.pad);
});

test('every layout is there', () => {
  expect(recorded.rows.length).toBeGreaterThan(40);
});
