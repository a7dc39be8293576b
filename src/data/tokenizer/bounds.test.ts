// Tokenizers made to hang, to fill the memory or to break: each is refused with its place, soon, and a real one is not.

import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizer.ts';
import { Pattern } from './patterns/pattern.ts';
import { diskFolder, folderOf } from './testing.ts';
import { Work } from './work.ts';

const vocab = { '[UNK]': 0, a: 1, b: 2, ' ': 3 };
const model = { type: 'WordLevel', vocab, unk_token: '[UNK]' };
const asItIs = { tokenizer_class: 'PreTrainedTokenizerFast' };

const load = (definition: object) =>
  loadTokenizer(folderOf({ 'tokenizer.json': { model, ...definition }, 'tokenizer_config.json': asItIs }));

async function encode(definition: object, text: string): Promise<number[]> {
  return [...(await load(definition)).encode(text, undefined, 10 ** 7).input_ids];
}

const regex = (pattern: string): object => ({ type: 'Replace', pattern: { Regex: pattern }, content: '' });
const expand = (content: string): object => ({ type: 'Replace', pattern: { String: 'a' }, content });
const sequence = (steps: readonly object[]): object => ({ type: 'Sequence', normalizers: steps });

test.each([
  ['a group that repeats what repeats', { normalizer: regex('(a+)+$') }, `${'a'.repeat(40)}!`, 'normalizer.pattern.Regex'],
  ['alternatives that overlap', { normalizer: regex('(a|a|aa)+$') }, `${'a'.repeat(60)}!`, 'normalizer.pattern.Regex'],
  ['a look ahead into all that follows', { normalizer: regex('a(?=.*.*.*.*b)') }, 'a'.repeat(2000), 'normalizer.pattern.Regex'],
  [
    'a pre-tokenizer of the kind',
    { pre_tokenizer: { type: 'Split', pattern: { Regex: '(a*)*b' }, behavior: 'Isolated', invert: false } },
    'a'.repeat(3000),
    'pre_tokenizer.pattern.Regex',
  ],
  ['nine chained expansions', { normalizer: sequence(Array(9).fill(expand('aaaaaaaaaa'))) }, 'aaaa', 'normalizer.normalizers[4]'],
  ['one expansion that is long', { normalizer: expand('a'.repeat(100_000)) }, 'aaaa', 'normalizer'],
  [
    'prefixes before prefixes',
    { normalizer: sequence(Array(60).fill({ type: 'Prepend', prepend: 'b'.repeat(5000) })) },
    'a',
    'normalizer.normalizers[20]',
  ],
])('%s is refused soon: its place is named', async (_, definition, text, where) => {
  const begin = performance.now();
  await expect(encode(definition, text)).rejects.toMatchObject({ code: 'tokenizer-too-slow', where: `tokenizer.json, ${where}` });
  expect(performance.now() - begin).toBeLessThan(10_000);
});

test('added tokens that are long, and a text that nearly has them at every place, are refused too', async () => {
  const added_tokens = [
    { id: 9, content: `${'a'.repeat(5_000)}b`, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ];
  await expect(encode({ added_tokens }, 'a'.repeat(20_000))).rejects.toMatchObject({
    code: 'tokenizer-too-slow',
    where: 'tokenizer.json, added_tokens',
  });
});

test('real patterns take 100,000 characters', async () => {
  const split = (pattern: string): object => ({
    pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
  });
  for (const pattern of ['\\s+(?!\\S)|\\s+|\\S+', '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|.']) {
    expect((await encode(split(pattern), 'a'.repeat(100_000))).length).toBe(1);
    expect((await encode(split(pattern), ' '.repeat(100_000))).length).toBeGreaterThan(0);
  }
});

/** A list in a list, and so on. */
function deep(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

const nested = (depth: number): object => (depth === 0 ? { type: 'Lowercase' } : sequence([nested(depth - 1)]));

test.each([
  [{ model: { type: 'WordLevel', vocab: { a: -1 }, unk_token: 'a' } }, 'model.vocab'],
  [{ model: { type: 'WordLevel', vocab: { a: 5e9 }, unk_token: 'a' } }, 'model.vocab'],
  [{ model: { type: 'WordLevel', vocab: { a: 1.5 }, unk_token: 'a' } }, 'model.vocab'],
  [{ model: { type: 'WordLevel', vocab: 7 } }, 'model.vocab'],
  [{ model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: ['a b'] } }, 'model.merges'],
  [{ model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [['a']] } }, 'model.merges'],
  [{ model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [deep(2_000)] } }, 'model.merges'],
  [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [], dropout: 0.1 } }, 'model.dropout'],
  [{ model: { type: 'Unigram', vocab: [['a', 'high']], unk_id: 0 } }, 'model.vocab'],
  [{ model: { type: 'Unigram', vocab: [['a', -1]], unk_id: 4 } }, 'model.unk_id'],
  [{ model: { type: 'Riddle', vocab: {} } }, 'model.type'],
  [{ normalizer: { type: 'Riddle' } }, 'normalizer.type'],
  [{ normalizer: nested(40) }, 'normalizer.normalizers[0]'],
  [{ normalizer: sequence(Array(1000).fill({ type: 'NFC' })) }, 'normalizer.normalizers'],
  [{ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAD/fw==' } }, 'normalizer.precompiled_charsmap'],
  [{ normalizer: { type: 'Precompiled', precompiled_charsmap: '!' } }, 'normalizer.precompiled_charsmap'],
  [{ normalizer: regex('(') }, 'normalizer.pattern.Regex'],
  [{ normalizer: regex('(a)\\1') }, 'normalizer.pattern.Regex'],
  [{ normalizer: regex(`${'('.repeat(100)}a${')'.repeat(100)}`) }, 'normalizer.pattern.Regex'],
  [{ normalizer: regex('a{1000000000}') }, 'normalizer.pattern.Regex'],
  [{ pre_tokenizer: { type: 'UnicodeScripts' } }, 'pre_tokenizer.type'],
  [{ pre_tokenizer: { type: 'FixedLength', length: 0 } }, 'pre_tokenizer.length'],
  [{ pre_tokenizer: { type: 'Metaspace', replacement: 'ab' } }, 'pre_tokenizer.replacement'],
  [
    { post_processor: { type: 'TemplateProcessing', single: [{ SpecialToken: { id: 'x', type_id: 0 } }], pair: [], special_tokens: {} } },
    'post_processor.special_tokens.x',
  ],
  [{ added_tokens: [{ id: -1, content: 'x' }] }, 'added_tokens[0].id'],
  [{ added_tokens: [{ id: 1 }] }, 'added_tokens[0].content'],
])('what is no tokenizer is refused with its place (case %#)', async (definition, path) => {
  await expect(load(definition)).rejects.toMatchObject({
    code: 'bad-tokenizer',
    where: expect.stringContaining(`mine/tokenizer.json, ${path}`),
  });
});

test('an unknown token that the vocabulary lacks is an error when a text needs it', async () => {
  const tokenizer = await load({ model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: '?' } });
  expect([...tokenizer.encode('a', undefined, 9).input_ids]).toEqual([0]);
  expect(() => tokenizer.encode('b', undefined, 9)).toThrow(expect.objectContaining({ code: 'bad-tokenizer' }));
});

test('names that objects have by nature are tokens like any other', async () => {
  const text =
    '{"model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[UNK]":0,"__proto__":1,"constructor":2,"toString":3}},"pre_tokenizer":{"type":"WhitespaceSplit"}}';
  const tokenizer = await loadTokenizer(folderOf({ 'tokenizer.json': text, 'tokenizer_config.json': asItIs }));
  expect([...tokenizer.encode('__proto__ constructor toString valueOf', undefined, 9).input_ids]).toEqual([1, 2, 3, 0]);
});

test('a folder that only SentencePiece reads says how to make tokenizer.json of it', async () => {
  const folder = folderOf({ 'config.json': { model_type: 'albert' }, 'spiece.model': 'binary' });
  await expect(loadTokenizer(folder)).rejects.toMatchObject({
    code: 'missing-file',
    message: expect.stringContaining('spiece.model'),
    remedy: expect.stringContaining('save_pretrained'),
  });
});

test('half of a pair of UTF-16 units counts as U+FFFD', async () => {
  const tokenizer = await loadTokenizer(diskFolder('src/data/vectors/tokenizers/bpe_gpt2'));
  expect(tokenizer.encode('a\ud800b', undefined, 99)).toEqual(tokenizer.encode('a\ufffdb', undefined, 99));
});

/** Matches of a pattern, as Oniguruma finds them. */
function matches(pattern: string, text: string): string[] {
  const work = new Work();
  work.begin(text.length);
  const compiled = new Pattern(pattern, 'pattern', (why) => {
    throw new Error(why);
  });
  return [...compiled.matches(text, work)].map(([begin, end]) => text.slice(begin, end));
}

test.each([
  ['a|ab', 'abab', ['a', 'a']],
  ['a*', 'baac', ['', 'aa', '']],
  ['(?:ab|a)(?:bc)?', 'abc', ['ab']],
  ['a+?b', 'aaab', ['aaab']],
  ['a++a', 'aaa', []],
  ['(?>a+)b', 'aab', ['aab']],
  ['(?<=a)b', 'abbb', ['b']],
  ['(?<!a)b', 'abb', ['b']],
  ['^a', 'a\na', ['a', 'a']],
  ['a$', 'a\na', ['a', 'a']],
  ['.', 'a\nb', ['a', 'b']],
  ['(?m:.)', 'a\n', ['a', '\n']],
  ['(?i)é|\u017f', 'É\u017fs', ['É', '\u017f', 's']],
  ['[^\\W\\d_]+', 'ab_1é', ['ab', 'é']],
  ['\\w+', 'x²½', ['x²½']],
  ['[\\w]+', 'x²½', ['x']],
  ['\\p{Lo}+|\\p{Hiragana}', 'aª我', ['ª我']],
  ['[a-z&&[^b]]+', 'abc', ['a', 'c']],
  ['[[:alpha:]]+\\h', 'xyza', ['xyza']],
  ['\\p{^L}', 'a1', ['1']],
  ['(?:a{2}){2}', 'aaaaa', ['aaaa']],
  ['\\x{1F600}|\\u0041', '😀A', ['😀', 'A']],
  ['(?<name>a)b', 'ab', ['ab']],
  ['(?:a|b)*?c', 'abac', ['abac']],
  ['\\bto\\b', 'to top to', ['to', 'to']],
])('pattern %s finds in %j what Oniguruma finds', (pattern, text, expected) => {
  expect(matches(pattern, text)).toEqual(expected);
});
