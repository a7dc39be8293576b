// GPT-2's alphabet: every byte of UTF-8 as one printable character, and the pattern that cuts text into its words. The pattern is written out by
// hand, for it runs over every text of a byte-level tokenizer. Invariant: `cut` gives what Oniguruma finds for the pattern beside it.

import { codePoints, isAscii } from './unicode/code_points.ts';

/** [256], the character of each byte: itself where it can be seen, else one from U+0100 on. */
const alphabet: readonly string[] = (() => {
  const seen = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(seen(byte) ? byte : next++));
})();

let byteOf: ReadonlyMap<string, number> | undefined;

/** The bytes that are spelled so; undefined where a character is none of the alphabet's. */
export function bytesSpelled(spelled: string): Uint8Array | undefined {
  byteOf ??= new Map(alphabet.map((character, byte) => [character, byte]));
  const bytes = new Uint8Array(spelled.length);
  for (let i = 0; i < spelled.length; i++) {
    const byte = byteOf.get(spelled[i] as string);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

const encoder = new TextEncoder();

/** The bytes of `text`, spelled in the alphabet. */
export function spell(text: string): string {
  let spelled = '';
  if (isAscii(text)) {
    for (let i = 0; i < text.length; i++) spelled += alphabet[text.charCodeAt(i)] as string;
    return spelled;
  }
  for (const byte of encoder.encode(text)) spelled += alphabet[byte] as string;
  return spelled;
}

const [OTHER, LETTER, NUMBER, SPACE] = [0, 1, 2, 3];

let kindOf: Uint8Array | undefined;

/** [0x110000], what the pattern takes each code point for. */
function kinds(): Uint8Array {
  if (kindOf === undefined) {
    kindOf = new Uint8Array(0x110000);
    const [letter, number, space] = [codePoints('letter'), codePoints('number'), codePoints('space')];
    for (let c = 0; c < 0x110000; c++) kindOf[c] = letter.has(c) ? LETTER : number.has(c) ? NUMBER : space.has(c) ? SPACE : OTHER;
  }
  return kindOf;
}

/**
 * Calls `emit` with every match of
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * which together cover `text` (Radford et al. 2019, encoder.py).
 */
export function cut(text: string, emit: (begin: number, end: number) => void): void {
  const table = kinds();
  const { length } = text;
  const kindAt = (i: number): number => table[text.codePointAt(i) as number] as number;
  /** The end of the characters of one kind from `i` on. */
  const run = (i: number, kind: number): number => {
    let j = i;
    while (j < length) {
      const point = text.codePointAt(j) as number;
      if (table[point] !== kind) break;
      j += point > 0xffff ? 2 : 1;
    }
    return j;
  };
  for (let i = 0; i < length; ) {
    let end = text[i] === "'" ? i + contraction(text, i) : i;
    if (end === i) {
      const word = text[i] === ' ' && i + 1 < length && kindAt(i + 1) !== SPACE ? i + 1 : i;
      const kind = kindAt(word);
      end = run(word, kind);
      // Spaces before a word leave it the last of them.
      if (kind === SPACE && end < length && end - i > 1) end -= 1;
    }
    emit(i, end);
    i = end;
  }
}

/** Length of 's, 't, 're and the like at `i`, or 0. */
function contraction(text: string, i: number): number {
  const next = text[i + 1];
  if (next === 's' || next === 't' || next === 'm' || next === 'd') return 2;
  const two = text.slice(i + 1, i + 3);
  return two === 're' || two === 've' || two === 'll' ? 3 : 0;
}
