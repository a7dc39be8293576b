import { expect, test } from 'vitest';
import { fileFolder, type ModelFolder } from '../hub/folder.ts';
import { diskFolder, folderOf } from './tokenizer/testing.ts';
import { loadTokenizer, longestFirst } from './tokenizer.ts';
import vectors from './vectors/tokenizer.json' with { type: 'json' };

const bundled = diskFolder('public/models/all-MiniLM-L6-v2');

type Row = [text: string, textPair: string | null, maxLength: number, inputIds: number[], ones: number];

test('ids, types and truncation equal those of Transformers on real requests, odd Unicode and pairs', async () => {
  const tokenizer = await loadTokenizer(bundled);
  for (const [text, textPair, maxLength, inputIds, ones] of vectors.rows as Row[]) {
    const encoded = tokenizer.encode(text, textPair ?? undefined, maxLength);
    expect([...encoded.input_ids], JSON.stringify(text)).toEqual(inputIds);
    expect([...encoded.token_type_ids].filter((type) => type === 1).length, JSON.stringify([text, textPair])).toBe(ones);
    expect(encoded.length).toBe(inputIds.length);
  }
  expect(vectors.rows.length).toBeGreaterThan(240);
});

test('truncation takes from the longer text first and then from both', () => {
  expect(longestFirst(3, 4, 7)).toEqual([3, 4]);
  expect(longestFirst(9, 2, 6)).toEqual([4, 2]);
  expect(longestFirst(2, 9, 6)).toEqual([2, 4]);
  expect(longestFirst(9, 8, 7)).toEqual([4, 3]);
  expect(longestFirst(8, 8, 7)).toEqual([3, 4]);
});

test('a cut text says how long it was, and names its padding and limits', async () => {
  const tokenizer = await loadTokenizer(bundled);
  expect(tokenizer.encode('one two three four five six', undefined, 6)).toMatchObject({ length: 6, fullLength: 8, truncated: true });
  expect(tokenizer.encode('one two', 'three', 6)).toMatchObject({ length: 6, fullLength: 6, truncated: false });
  expect([tokenizer.padTokenId, tokenizer.modelMaxLength, tokenizer.vocabSize, tokenizer.token(101)]).toEqual([0, 512, 30522, '[CLS]']);
  expect(() => tokenizer.encode('a', 'b', 3)).toThrow(expect.objectContaining({ code: 'max-length-too-small' }));
});

test('a folder without a usable tokenizer says what is wrong', async () => {
  const folder = (text: string): ModelFolder => fileFolder([{ path: 'tokenizer.json', blob: new Blob([text]) }], 'mine');
  await expect(loadTokenizer(fileFolder([], 'mine'))).rejects.toMatchObject({ code: 'missing-file', where: 'mine/tokenizer.json' });
  await expect(loadTokenizer(folder('{"model":null}'))).rejects.toMatchObject({ code: 'bad-tokenizer' });
  await expect(loadTokenizer(folder('{"model":{"type":"Riddle","vocab":{}}}'))).rejects.toMatchObject({ code: 'bad-tokenizer' });
});

test.each([
  ['tokenizer_config.json', 'T5Tokenizer', 'PreTrainedTokenizerFast'],
  ['tokenizer_config.json', 'DebertaV2TokenizerFast', 'PreTrainedTokenizerFast'],
  ['config.json', 'AlbertTokenizer', 'PreTrainedTokenizerFast'],
  ['config.json', 'BertJapaneseTokenizer', 'Choose a model'],
])('a class whose rules are not here is refused, not taken for its file: %s, %s', async (path, tokenizer_class, remedy) => {
  const whole = { 'tokenizer.json': { model: { type: 'WordLevel', vocab: { a: 0, '[UNK]': 1 }, unk_token: '[UNK]' } } };
  const loaded = loadTokenizer(folderOf({ ...whole, [path]: { tokenizer_class } }));
  await expect(loaded).rejects.toMatchObject({
    code: 'bad-tokenizer',
    message: expect.stringContaining(tokenizer_class.replace('Fast', '')),
    where: `mine/${path}, tokenizer_class`,
    remedy: expect.stringContaining(remedy),
  });
  await expect(loadTokenizer(folderOf({ ...whole, [path]: { tokenizer_class: 'OfTomorrowTokenizer' } }))).resolves.toBeDefined();
});
