// Bytes to text, a piece at a time, strictly: what does not belong to the encoding is an error that names byte and line, never a
// replacement character. The encoding is UTF-8, or what a byte-order mark says, or what the user says; a guess stands in errors only.
// Invariant: the pieces joined are the text of the whole file, without the byte-order mark.

import type { ByteSource } from '../../formats/bytes.ts';
import { firstInvalidUtf8 } from '../../formats/text.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Encoding, ReadingSettings } from '../../protocol/reading.ts';
import { refuseBinary, utf16Without } from './binary.ts';

/** Bytes at the beginning of a file from which its format and dialect are told. */
export const BEGINNING = 2 ** 20;
/** Bytes read at a time. */
const BLOCK = 2 ** 20;
/** Bytes made into text at a time. V8 puts strings of more than 128 KB where garbage is collected last; smaller ones die young. */
const PIECE = 48 * 2 ** 10;

const MARKS: readonly { readonly encoding: Encoding; readonly bytes: readonly number[] }[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];

/** Windows-1252 where it differs from Latin-1: 0x80 to 0x9f; five of them stand for nothing (Python's cp1252 refuses them too). */
const WINDOWS = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ';

export interface EncodingFound {
  readonly encoding: Encoding;
  /** Bytes of the byte-order mark; 0 where there is none. */
  readonly mark: number;
}

/** What the first bytes say, unless the user `said` something. */
export function findEncoding(first: Uint8Array, said?: Encoding): EncodingFound {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, i) => first[i] === byte));
  if (said === undefined) return { encoding: mark?.encoding ?? 'utf-8', mark: mark?.bytes.length ?? 0 };
  return { encoding: said, mark: mark?.encoding === said ? mark.bytes.length : 0 };
}

/** Turns pieces of bytes into pieces of text; what is cut between two pieces is kept for the next. Errors: `wrong-encoding`. */
export class TextDecoding {
  readonly #name: string;
  readonly #encoding: Encoding;
  #rest = new Uint8Array(0);
  /** Bytes and line breaks before `#rest`. */
  #at: number;
  #lines = 0;

  constructor(name: string, { encoding, mark }: EncodingFound) {
    this.#name = name;
    this.#encoding = encoding;
    this.#at = mark;
  }

  /** `last` where no piece follows. */
  push(piece: Uint8Array, last: 'last' | 'more'): string {
    const bytes = this.#rest.length === 0 ? piece : joined(this.#rest, piece);
    const whole = last === 'last' ? bytes.length : bytes.length - unfinished(this.#encoding, bytes);
    const text = this.#decode(bytes.subarray(0, whole));
    this.#at += whole;
    this.#lines += breaksIn(text);
    this.#rest = bytes.slice(whole);
    return text;
  }

  #decode(bytes: Uint8Array): string {
    if (this.#encoding === 'utf-8') {
      const invalid = validUtf8(bytes);
      if (typeof invalid === 'string') return invalid;
      const before = new TextDecoder('utf-8').decode(bytes.subarray(0, invalid));
      const [a, b] = bytes;
      const marked = this.#at === 0 && ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff));
      const utf16 = marked ? undefined : utf16Without(bytes);
      const guess = marked ? 'UTF-16' : utf16 === undefined ? 'Windows-1252 or Latin-1' : UNMARKED[utf16];
      return this.#refuse(before, this.#at + invalid, bytes[invalid] as number, guess, utf16);
    }
    if (this.#encoding === 'latin1' || this.#encoding === 'windows-1252') return this.#singleBytes(bytes);
    return this.#utf16(bytes);
  }

  #singleBytes(bytes: Uint8Array): string {
    const windows = this.#encoding === 'windows-1252';
    const parts: string[] = [];
    for (let begin = 0; begin < bytes.length; begin += 8192) {
      const units = Uint16Array.from(bytes.subarray(begin, begin + 8192));
      for (let i = 0; windows && i < units.length; i++) {
        const byte = units[i] as number;
        if (byte < 0x80 || byte > 0x9f) continue;
        units[i] = WINDOWS.charCodeAt(byte - 0x80);
        if (units[i] === 0)
          this.#refuse(parts.join('') + String.fromCharCode(...units.subarray(0, i)), this.#at + begin + i, byte, 'Latin-1');
      }
      parts.push(String.fromCharCode(...units));
    }
    return parts.join('');
  }

  #utf16(bytes: Uint8Array): string {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const parts: string[] = [];
    const units = new Uint16Array(8192);
    for (let begin = 0; begin < bytes.length >> 1; begin += units.length) {
      const count = Math.min(units.length, (bytes.length >> 1) - begin);
      for (let i = 0; i < count; i++) units[i] = view.getUint16(2 * (begin + i), this.#encoding === 'utf-16le');
      parts.push(String.fromCharCode(...units.subarray(0, count)));
    }
    const text = parts.join('');
    // With the u flag this finds only surrogates that have no partner.
    const lone = text.search(/\p{Surrogate}/u);
    const wrong = lone >= 0 ? lone : bytes.length % 2 === 1 ? text.length : -1;
    if (wrong < 0) return text;
    return this.#refuse(text.slice(0, wrong), this.#at + 2 * wrong, bytes[2 * wrong] as number, 'cut off, or in another encoding');
  }

  #refuse(before: string, at: number, byte: number, guess: string, likely?: Encoding): never {
    throw wrongEncoding({ name: this.#name, encoding: this.#encoding, at, line: this.#lines + breaksIn(before) + 1, byte, guess, likely });
  }
}

const UNMARKED = { 'utf-16le': 'UTF-16 LE without a byte-order mark', 'utf-16be': 'UTF-16 BE without a byte-order mark' };

interface Misfit {
  readonly name: string;
  readonly encoding: Encoding;
  readonly at: number;
  readonly line: number;
  readonly byte: number;
  /** What the file looks like, and the encoding to set where that is plain. */
  readonly guess: string;
  readonly likely?: Encoding | undefined;
}

function wrongEncoding({ name, encoding, at, line, byte, guess, likely }: Misfit): RetraceError {
  const said =
    likely === undefined
      ? '(--encoding, or "Encoding" under the data on the page: windows-1252 is what Excel writes as plain CSV in Western Europe)'
      : `(--encoding ${likely}, or "Encoding" under the data on the page)`;
  return new RetraceError({
    code: 'wrong-encoding',
    message:
      `${name} is not ${encoding === 'utf-8' ? 'UTF-8 text' : `text in ${encoding}`}: byte ${at}, in line ${line}, ` +
      `is 0x${byte.toString(16).padStart(2, '0')}. It looks like ${guess}.`,
    where: `${name}, byte ${at}`,
    remedy: `Say which encoding it has ${said}, or save it as UTF-8 (in Excel: "CSV UTF-8").`,
  });
}

/** A UTF-16 without its mark passes for UTF-8, with a NUL at every other byte. Errors: `wrong-encoding`, `not-a-table`. */
function refuseNoText(name: string, first: Uint8Array, encoding: Encoding, said: Encoding | undefined): void {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return;
  const likely = said === 'utf-8' ? undefined : utf16Without(first);
  if (likely !== undefined) {
    const at = likely === 'utf-16le' ? 1 : 0;
    throw wrongEncoding({ name, encoding, at, line: 1, byte: first[at] ?? 0, guess: UNMARKED[likely], likely });
  }
  refuseBinary(name, first);
}

/** The text, or the offset of the first byte that does not belong. */
function validUtf8(bytes: Uint8Array): string | number {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return firstInvalidUtf8(bytes);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Bytes at the end that begin a character which the next piece goes on with. */
function unfinished(encoding: Encoding, bytes: Uint8Array): number {
  const n = bytes.length;
  if (encoding === 'utf-8') {
    for (let back = 1; back <= Math.min(3, n); back++) {
      const byte = bytes[n - back] as number;
      if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
      if (byte < 0x80) return 0;
    }
    return 0;
  }
  if (encoding === 'latin1' || encoding === 'windows-1252') return 0;
  const odd = n % 2;
  if (n - odd < 2) return odd;
  const high = bytes[encoding === 'utf-16le' ? n - odd - 1 : n - odd - 2] as number;
  return odd + (high >= 0xd8 && high <= 0xdb ? 2 : 0);
}

function breaksIn(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

/** A file of text, opened: its encoding and the beginning of its text, or all of it. */
export interface TextBeginning {
  readonly file: ByteSource;
  readonly encoding: EncodingFound;
  readonly sample: string;
  readonly whole: boolean;
  readonly settings: ReadingSettings;
  /** With twice as much of the text. */
  longer(): Promise<TextBeginning>;
}

/** By its first bytes. Errors: `wrong-encoding`, `not-a-table`. */
export function beginningOf(file: ByteSource, first: Uint8Array, settings: ReadingSettings): TextBeginning {
  const whole = first.length === file.size;
  const encoding = findEncoding(first, settings.encoding);
  refuseNoText(file.name, first, encoding.encoding, settings.encoding);
  const sample = new TextDecoding(file.name, encoding).push(first.subarray(encoding.mark), whole ? 'last' : 'more');
  const longer = async () => beginningOf(file, await file.read(0, Math.min(file.size, 2 * first.length)), settings);
  return { file, encoding, sample, whole, settings, longer };
}

export interface TextPiece {
  readonly text: string;
  /** Bytes of the file up to here. */
  readonly bytesRead: number;
}

/** The whole file as pieces of text. */
export async function* textPieces(file: ByteSource, found: EncodingFound, piece = PIECE): AsyncGenerator<TextPiece> {
  const decoding = new TextDecoding(file.name, found);
  for (let begin = found.mark; begin < file.size || begin === found.mark; begin += BLOCK) {
    const end = Math.max(begin, Math.min(begin + BLOCK, file.size));
    const block = await file.read(begin, end);
    for (let at = 0; at < block.length || at === 0; at += piece) {
      const bytesRead = Math.min(end, begin + at + piece);
      yield { text: decoding.push(block.subarray(at, at + piece), bytesRead >= file.size ? 'last' : 'more'), bytesRead };
    }
    if (end >= file.size) return;
  }
}
