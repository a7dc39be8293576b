// Every kind of tokenizer on 10,000 odd texts, against what Transformers made of them (src/data/vectors/tokenizer_fuzz.py).

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizer.ts';
import { fuzzTexts, hashIds } from '../vectors/tokenizer_texts.ts';
import { diskFolder } from './testing.ts';

const kinds = [
  ...['minilm', 'wordpiece_added', 'wordpiece_bert', 'bpe_roberta', 'bpe_gpt2', 'bpe_split', 'bpe_bytes', 'bpe_fused', 'bpe_characters'],
  ...['word_level', 'characters', 'unigram', 'unigram_xlmr', 'unigram_bytes'],
];
const texts = fuzzTexts();
const recorded = 'src/data/vectors/tokenizers';
const longest = 1_000_000;

interface Some {
  readonly texts: readonly (readonly [text: string, ids: number[]])[];
  readonly pairs: readonly (readonly [
    first: string,
    second: string,
    most: number,
    side: 'left' | 'right',
    ids: number[],
    types: number[],
  ])[];
  readonly size: number;
}

async function read(kind: string, file: string): Promise<Buffer> {
  return readFile(new URL(`../vectors/tokenizers/${kind}/${file}`, import.meta.url));
}

for (const kind of kinds) {
  const folder = diskFolder(kind === 'minilm' ? 'public/models/all-MiniLM-L6-v2' : `${recorded}/${kind}`);

  test(`${kind}: the ids of ${texts.length} texts are those of Transformers`, async () => {
    const tokenizer = await loadTokenizer(folder);
    const bytes = await read(kind, 'ids.bin');
    const hashes = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect([hashes.length, texts.length]).toEqual([10_000, 10_000]);
    const different = texts.filter((text, i) => hashIds(tokenizer.encode(text, undefined, longest).input_ids) !== hashes[i]);
    expect(different.map((text) => JSON.stringify(text.slice(0, 200))).slice(0, 20), `${different.length} differ`).toEqual([]);
  });

  test(`${kind}: some ids in full, and pairs cut from either side`, async () => {
    const some = JSON.parse((await read(kind, 'some.json')).toString('utf8')) as Some;
    const right = await loadTokenizer(folder);
    expect(right.vocabSize).toBe(some.size);
    for (const [text, ids] of some.texts) expect([...right.encode(text, undefined, longest).input_ids], text).toEqual(ids);
    const left = await loadTokenizer({
      ...folder,
      async open(path) {
        const file = await folder.open(path);
        if (path !== 'tokenizer_config.json' || file === undefined) return file;
        const config: unknown = JSON.parse(new TextDecoder().decode(await file.read(0, file.size)));
        const bytes = new TextEncoder().encode(JSON.stringify({ ...(config as object), truncation_side: 'left' }));
        return { name: path, size: bytes.length, read: (begin, end) => Promise.resolve(bytes.slice(begin, end)) };
      },
    });
    expect(some.pairs.length).toBeGreaterThan(30);
    for (const [first, second, most, side, ids, types] of some.pairs) {
      const encoded = (side === 'left' ? left : right).encode(first, second, most);
      expect([[...encoded.input_ids], [...encoded.token_type_ids]], JSON.stringify([first, second, most, side])).toEqual([ids, types]);
    }
  });
}
