// Bytes to text: the encodings that a mark or the user names, cut anywhere; and what does not belong to them.

import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import type { Encoding } from '../../protocol/reading.ts';
import { findEncoding, TextDecoding, textPieces } from './encoding.ts';
import { openTable } from './open.ts';
import { readTable } from './sample.ts';

const text = 'text,label\nné à Zürich,“so”\r\n日本語 😀👩‍👩‍👧,x\n€,ÿ\n';
const utf16 = (of: string, order: 'le' | 'be'): Uint8Array => {
  const view = new DataView(new ArrayBuffer(2 * of.length));
  for (let i = 0; i < of.length; i++) view.setUint16(2 * i, of.charCodeAt(i), order === 'le');
  return new Uint8Array(view.buffer);
};
const utf8 = (of: string): Uint8Array => new TextEncoder().encode(of);

test.each([
  ['UTF-8', utf8(text), undefined],
  ['UTF-8 with a mark', utf8(`\ufeff${text}`), undefined],
  ['UTF-16 LE with a mark', utf16(`\ufeff${text}`, 'le'), undefined],
  ['UTF-16 BE with a mark', utf16(`\ufeff${text}`, 'be'), undefined],
  ['UTF-16 LE as told', utf16(text, 'le'), 'utf-16le'],
  ['UTF-16 BE as told, with a mark', utf16(`\ufeff${text}`, 'be'), 'utf-16be'],
] as const)('%s, in pieces of any size', async (_, bytes, said) => {
  for (const size of [1, 2, 3, 5, 1000]) {
    let read = '';
    for await (const piece of textPieces(bytesOf('a', bytes), findEncoding(bytes, said), size)) read += piece.text;
    expect(read).toBe(text);
  }
});

test('Windows-1252 and Latin-1 are those of Python', () => {
  const all = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
  const decoded = (encoding: Encoding, bytes: Uint8Array) => new TextDecoding('a', { encoding, mark: 0 }).push(bytes, 'last');
  expect(decoded('latin1', all)).toBe(String.fromCharCode(...all));
  const defined = all.filter((byte) => ![0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte));
  const windows = decoded('windows-1252', defined);
  expect(windows.slice(127, 127 + 27)).toBe('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');
  expect(windows.slice(0, 127) + windows.slice(154)).toBe(String.fromCharCode(...all.filter((byte) => byte < 0x80 || byte > 0x9f)));
  expect(() => decoded('windows-1252', Uint8Array.of(0x61, 0x0a, 0x81))).toThrow('byte 2, in line 2, is 0x81');
});

test.each([
  [
    'a byte of Latin-1',
    Uint8Array.of(...utf8('a,b\nc,d\n'), 0xe9, 0x2c, 0x61),
    undefined,
    'byte 8, in line 3, is 0xe9. It looks like Windows-1252 or Latin-1.',
  ],
  ['a character cut off at the end', utf8('a,b\né').slice(0, -1), undefined, 'byte 4, in line 2, is 0xc3'],
  ['a surrogate alone', utf16('\ufeffa,b\n\ud83d,c\n', 'le'), undefined, 'byte 10, in line 2'],
  [
    'UTF-16 without a mark',
    utf16('a,b\nc,d\n', 'le'),
    undefined,
    'byte 1, in line 1, is 0x00. It looks like UTF-16 LE without a byte-order mark.',
  ],
  ['UTF-8 told to be UTF-16', utf8('a,b\nc,d\ne'), 'utf-16le', 'is not text in utf-16le'],
] as const)('%s is an error with its byte and line, and the remedy names the flag', async (_, bytes, encoding, message) => {
  await expect(openTable(bytesOf('a.csv', bytes), { encoding })).rejects.toMatchObject({
    code: 'wrong-encoding',
    message: expect.stringContaining(message),
    remedy: expect.stringContaining('--encoding'),
  });
});

const cyrillic = 'текст,метка\nочень хорошо,да\nсовсем плохо,нет\n';
test.each([
  ['Latin letters, little endian', utf16(text.replace('日本語', ''), 'le'), 'utf-16le'],
  ['Latin letters, big endian', utf16('a,b\nc,d\n', 'be'), 'utf-16be'],
  ['Cyrillic letters, little endian', utf16(cyrillic, 'le'), 'utf-16le'],
  ['Cyrillic capitals, big endian', utf16(cyrillic.toUpperCase(), 'be'), 'utf-16be'],
  ['Chinese letters, little endian', utf16('标题,标签\n很好的一天,好\n不好,坏\n', 'le'), 'utf-16le'],
] as const)('UTF-16 without a mark is an error that names the encoding to set: %s', async (_, bytes, encoding) => {
  await expect(openTable(bytesOf('a.csv', bytes))).rejects.toMatchObject({
    code: 'wrong-encoding',
    message: expect.stringContaining(`It looks like ${encoding === 'utf-16le' ? 'UTF-16 LE' : 'UTF-16 BE'} without a byte-order mark.`),
    remedy: expect.stringContaining(`--encoding ${encoding}`),
  });
  expect((await openTable(bytesOf('a.csv', bytes), { encoding })).columns).toHaveLength(2);
});

test('a few NUL characters make no text binary, wherever they stand', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => [`text ${i}${i % 9 === 4 ? '\0\0 padded' : ''}`, i % 7 === 0 ? '\0' : 'x']);
  const bytes = utf8(`text,label\n${rows.map((row) => row.join(',')).join('\n')}\n`);
  expect((await readTable(await openTable(bytesOf('a.csv', bytes)))).rows).toEqual(rows);
  expect((await readTable(await openTable(bytesOf('a.csv', utf8('text,label\na\0b,x\n'))))).rows).toEqual([['a\0b', 'x']]);
});

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d);
test.each([
  ['a PNG image', png, {}],
  ['a PNG image', png, { encoding: 'latin1' }],
  ['a zip archive or an Excel workbook', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), { separator: ';' }],
  ['an old Excel workbook', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0), {}],
  ['an SQLite database', utf8('SQLite format 3\0\x10\0'), {}],
  ['text in UTF-32', Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), {}],
  ['binary (', new Uint8Array(Int32Array.from({ length: 500 }, (_, i) => i * 7).buffer).map((byte) => byte & 0x7f), {}],
  ['binary (', Uint8Array.from({ length: 3000 }, (_, i) => i % 32), {}],
] as const)('%s is refused for what it is', async (is, bytes, settings) => {
  await expect(openTable(bytesOf('a.csv', bytes), settings)).rejects.toMatchObject({
    code: 'not-a-table',
    message: expect.stringContaining(`a.csv is ${is}`),
    remedy: expect.any(String),
  });
});

test('what Excel calls Unicode text, and what it writes as plain CSV, are tables', async () => {
  const unicode = utf16('\ufefftext\tlabel\r\n"a\tb"\tpos\r\né\tneg\r\n', 'le');
  expect((await readTable(await openTable(bytesOf('a.txt', unicode)))).rows).toEqual([
    ['a\tb', 'pos'],
    ['é', 'neg'],
  ]);
  const ansi = Uint8Array.from('text;label\r\ncaf\u00e9 \u0093so\u0094;pos\r\n', (c) => c.charCodeAt(0));
  expect((await readTable(await openTable(bytesOf('a.csv', ansi), { encoding: 'windows-1252' }))).rows).toEqual([['café “so”', 'pos']]);
});
