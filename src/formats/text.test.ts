import { expect, test } from 'vitest';
import { decodeUtf8, firstInvalidUtf8, parseJson } from './text.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('well-formed UTF-8 of every length is accepted and a byte-order mark is dropped', () => {
  const text = 'a é ₩ 😀 \u{10ffff} \u07ff \ud7ff';
  expect(firstInvalidUtf8(new TextEncoder().encode(text))).toBe(-1);
  expect(decodeUtf8('x', bytes(0xef, 0xbb, 0xbf, 0x61))).toBe('a');
});

test.each([
  ['Latin-1 é', bytes(0x61, 0xe9, 0x62), 1],
  ['a lone continuation byte', bytes(0x61, 0x62, 0x80), 2],
  ['an overlong slash', bytes(0xc0, 0xaf), 0],
  ['an overlong three-byte form', bytes(0xe0, 0x80, 0xaf), 0],
  ['a surrogate', bytes(0x61, 0xed, 0xa0, 0x80), 1],
  ['a code point above 10ffff', bytes(0xf4, 0x90, 0x80, 0x80), 0],
  ['a sequence cut off at the end', bytes(0x61, 0xe2, 0x82), 1],
])('the first bad byte is found in %s, where the strict decoder refuses too', (_, input, at) => {
  expect(firstInvalidUtf8(input)).toBe(at);
  expect(() => new TextDecoder('utf-8', { fatal: true }).decode(input)).toThrow();
});

test('a text in another encoding is refused with the byte, a guess and a remedy', () => {
  expect(() => decodeUtf8('a.csv', bytes(0x63, 0x61, 0x66, 0xe9))).toThrow(
    expect.objectContaining({
      code: 'wrong-encoding',
      where: 'a.csv, byte 3',
      message: expect.stringContaining('Latin-1'),
      remedy: expect.stringContaining('UTF-8'),
    }),
  );
  expect(() => decodeUtf8('a.csv', bytes(0xff, 0xfe, 0x61, 0))).toThrow(/UTF-16, little-endian/);
  expect(() => decodeUtf8('a.csv', bytes(0x61, 0, 0x62, 0))).toThrow(/byte 1 is 0x00/);
});

test('text that is not JSON is refused with the name of its file', () => {
  expect(() => parseJson('config.json', '<!doctype html>')).toThrow(expect.objectContaining({ code: 'not-json', where: 'config.json' }));
});
