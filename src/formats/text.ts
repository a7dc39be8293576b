// Bytes to text to JSON, strictly: what is not UTF-8 or not JSON is an error that names file, byte and remedy. Never guesses an encoding.

import { RetraceError } from '../protocol/errors.ts';

/** Offset of the first byte that does not belong to well-formed UTF-8 (Unicode 15, table 3-7), or -1. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] as number;
    if (lead < 0x80) {
      i += 1;
      continue;
    }
    const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (length === 0 || i + length > bytes.length) return i;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    const second = bytes[i + 1] as number;
    if (second < low || second > high) return i;
    for (let k = 2; k < length; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return i;
    i += length;
  }
  return -1;
}

/** What a byte-order mark or a run of zero bytes says about text that is not UTF-8. */
function guessEncoding(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return 'UTF-16, little-endian';
  if (a === 0xfe && b === 0xff) return 'UTF-16, big-endian';
  return 'Latin-1 or Windows-1252';
}

/** Strict UTF-8, byte-order mark removed. UTF-16 without a mark shows as zero bytes, which no text file has, and is refused too. */
export function decodeUtf8(name: string, bytes: Uint8Array): string {
  const invalid = firstInvalidUtf8(bytes);
  const zero = bytes.indexOf(0);
  const at = invalid >= 0 ? invalid : zero;
  if (at >= 0) {
    const byte = `0x${(bytes[at] as number).toString(16).padStart(2, '0')}`;
    const guess = invalid < 0 ? 'UTF-16 or binary' : guessEncoding(bytes);
    throw new RetraceError({
      code: 'wrong-encoding',
      message: `${name} is not UTF-8 text: byte ${at} is ${byte}. It looks like ${guess}.`,
      where: `${name}, byte ${at}`,
      remedy: 'Save the file as UTF-8 (in Excel: "CSV UTF-8"; in an editor: "Save with encoding") and open it again.',
    });
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** A number that Python's json writes and JSON does not have. */
const NO_NUMBER = /[:[,]\s*(-?Infinity|NaN)\s*(?=[,}\]])/;

/** JSON text as an unknown value; the caller checks its shape. Errors: `not-json`, `not-a-json-number`. */
export function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    const found = NO_NUMBER.exec(text);
    if (found) {
      const line = text.slice(0, found.index + 1).split('\n').length;
      throw new RetraceError({
        code: 'not-a-json-number',
        message: `${name} holds ${found[1]} in line ${line}, which Python writes and JSON has no word for.`,
        where: `${name}, line ${line}`,
        remedy: 'Write a number in its place, or remove the entry.',
      });
    }
    throw new RetraceError({
      code: 'not-json',
      message: `${name} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      where: name,
      remedy: 'Download or export the file again; it may be cut off, or be a web page saved in its place.',
    });
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
