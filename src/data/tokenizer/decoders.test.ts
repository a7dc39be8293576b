// Ids and tokens back to text, against what Transformers and its tokenizers made of them (src/data/vectors/tokenizer_decode.py).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizer.ts';
import { decoderOf } from './decoders.ts';
import { JsonCursor } from './json_cursor.ts';
import { diskFolder } from './testing.ts';

interface Recorded {
  readonly folders: Readonly<Record<string, readonly (readonly [ids: number[], text: string])[]>>;
  readonly decoders: readonly {
    readonly decoder: { readonly type: string };
    readonly rows: readonly (readonly [tokens: string[], text: string])[];
  }[];
}
const file = new URL('../vectors/tokenizer_decode.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;

test.each(Object.entries(recorded.folders))('%s: ids give the text of Transformers’ decode, without special tokens', async (kind, rows) => {
  const { decode } = await loadTokenizer(
    diskFolder(kind === 'minilm' ? 'public/models/all-MiniLM-L6-v2' : `src/data/vectors/tokenizers/${kind}`),
  );
  for (const [ids, text] of rows) expect(decode(ids), JSON.stringify(ids)).toBe(text);
  expect(rows.length).toBeGreaterThan(20);
});

test.each(recorded.decoders.map(({ decoder, rows }) => [JSON.stringify(decoder), decoder, rows] as const))(
  '%s: the text of the library',
  (_, decoder, rows) => {
    const decode = decoderOf(new JsonCursor(decoder, 'tokenizer.json', 'decoder'));
    for (const [tokens, text] of rows) expect(decode(tokens).join(''), JSON.stringify(tokens)).toBe(text);
    expect(rows.length).toBeGreaterThan(3);
  },
);

test('a decoder that is not known, or that makes ever more of a token, is refused with its place', () => {
  const at = (value: unknown) => new JsonCursor(value, 'tokenizer.json', 'decoder');
  expect(() => decoderOf(at({ type: 'CTC' }))).toThrow(/decoder.type in tokenizer.json is "CTC"; Retrace knows ByteLevel/);
  const more = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(60) };
  const bomb = decoderOf(at({ type: 'Sequence', decoders: Array.from({ length: 8 }, () => more) }));
  expect(() => bomb(Array.from({ length: 100 }, () => 'aaaa'))).toThrow(/makes/);
});
