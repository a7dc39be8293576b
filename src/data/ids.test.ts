import { expect, test } from 'vitest';
import { fileFolder } from '../hub/folder.ts';
import { withinTables } from './ids.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

/** Words are their own ids; the second text of a pair is of type 1. */
const words = (padTokenId = 0): Tokenizer => ({
  padTokenId,
  modelMaxLength: 512,
  leading: [],
  tokens: () => new Uint32Array(),
  vocabSize: 300,
  largestId: 299,
  token: (id) => `w${id}`,
  decode: (ids) => [...ids].map((id) => `w${id}`).join(' '),
  encode(text, textPair) {
    const [first, second] = [text, textPair ?? ''].map((each) => each.split(' ').filter(Boolean).map(Number)) as [number[], number[]];
    const length = first.length + second.length;
    return {
      input_ids: Uint32Array.of(...first, ...second),
      token_type_ids: Uint32Array.of(...first.map(() => 0), ...second.map(() => 1)),
      ...{ length, fullLength: length, truncated: false },
    };
  },
});
const rows = { vocab_size: 172, type_vocab_size: 2 };

test('ids up to the last row pass as they are', () => {
  const { input_ids, token_type_ids } = withinTables(words(), rows).encode('0 171', '3', 8);
  expect([...input_ids]).toEqual([0, 171, 3]);
  expect([...token_type_ids]).toEqual([0, 0, 1]);
});

test.each([
  ['1 172 300', undefined, '"w172" has the id 172', 'text "1 172 300"'],
  ['1', '4 4294967295', '"w4294967295" has the id 4294967295', 'text "1" and "4 4294967295"'],
])('the first token past the table is named, with its id, the rows, the text and the way out: %j, %j', (text, pair, says, where) => {
  expect(() => withinTables(words(), rows).encode(text, pair, 8)).toThrow(
    expect.objectContaining({
      code: 'token-past-table',
      message: `The token ${says}, and the model's table of tokens has 172 rows, 0 to 171.`,
      where,
      remedy: expect.stringContaining('model.resize_token_embeddings(len(tokenizer))'),
    }),
  );
});

test('a padding token past the table is refused before any text', () => {
  expect(() => withinTables(words(172), rows)).toThrow(
    expect.objectContaining({ code: 'token-past-table', where: 'tokenizer.json, the padding token' }),
  );
});

test('a model without token types takes a second text', () => {
  const { encode } = withinTables(words(), { ...rows, type_vocab_size: 0 });
  expect([...encode('1 2', '3', 8).input_ids]).toEqual([1, 2, 3]);
});

test('a second text is refused by a model that has one token type', () => {
  const { encode } = withinTables(words(), { ...rows, type_vocab_size: 1 });
  expect(encode('1 2', undefined, 8).length).toBe(2);
  expect(() => encode('1 2', '3', 8)).toThrow(/token type 1, and the model's table of token types has 1 row\./);
});

test('whatever a tokenizer throws is an error with the text in it', () => {
  const broken: Tokenizer = { ...words(), encode: () => Array.from({ length: -1 }, () => 0) as never };
  broken.encode = () => {
    throw new TypeError('type is not iterable');
  };
  expect(() => withinTables(broken, rows).encode('x'.repeat(1000), undefined, 8)).toThrow(
    expect.objectContaining({
      code: 'bad-tokenizer',
      where: `text "${'x'.repeat(80)}…"`,
      message: expect.stringContaining('not iterable'),
    }),
  );
});

test('tokens past the table that no text has are warned of, by name; where there are none, nothing is said', () => {
  expect(withinTables(words(), rows).warnings).toMatchObject([
    {
      code: 'tokens-past-table',
      message: expect.stringMatching(/has 128 tokens past the 172 rows .*: "w172", "w173", "w174", "w175", "w176" and 123 more/),
    },
  ]);
  expect(withinTables(words(), { ...rows, vocab_size: 300 }).warnings).toEqual([]);
});

const vocabulary = (song: string) =>
  `{"model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[UNK]":0,"song":${song}}},"pre_tokenizer":{"type":"Whitespace"},"added_tokens":[]}`;
const load = (song: string) => loadTokenizer(fileFolder([{ path: 'tokenizer.json', blob: new Blob([vocabulary(song)]) }], 'odd'));

test.each(['5e9', '4294967296', '-1', '1.5', '1e999', '"7"', 'null'])(
  'an id of %s is refused with its tokenizer: it would wrap into another',
  async (id) => {
    await expect(load(id)).rejects.toMatchObject({ code: 'bad-tokenizer', message: expect.stringContaining('"song"') });
  },
);

test('a vocabulary whose own words lie past the table is held to it as added tokens are', async () => {
  const encode = withinTables(await load('172'), rows).encode;
  expect(() => encode('a song', undefined, 8)).toThrow(/"song" has the id 172/);
  expect([...withinTables(await load('171'), rows).encode('song', undefined, 8).input_ids]).toContain(171);
});

test('a merge that is a list in lists, twenty thousand deep, is refused and not walked', async () => {
  const deep = `${'['.repeat(20_000)}1${']'.repeat(20_000)}`;
  const json = `{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b",${deep}]},"added_tokens":[]}`;
  const loading = loadTokenizer(fileFolder([{ path: 'tokenizer.json', blob: new Blob([json]) }], 'odd'));
  await expect(loading).rejects.toMatchObject({ code: 'bad-tokenizer' });
});
