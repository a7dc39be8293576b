// Code points as the Rust tokenizers library takes them, from its own tables: classes, lower case, normal forms. Never asks the browser what a
// character is, whose Unicode version is another. Invariant: what a table does not name stays as it is.

import { codePointRanges, lowerCaseOfSeveral, lowerCaseRuns } from './tables.ts';

export type CodePointClass = keyof typeof codePointRanges;
export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Code points written as gaps and lengths in base 36 (see unicode.py). */
export function* decodeRanges(ranges: string): Generator<readonly [first: number, end: number]> {
  let end = 0;
  const numbers = ranges.split(' ').map((word) => Number.parseInt(word, 36));
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    const first = end + (numbers[i] as number);
    end = first + (numbers[i + 1] as number);
    yield [first, end];
  }
}

/** A set of code points: one bit each. */
export class CodePointSet {
  readonly #bits = new Uint32Array(0x110000 / 32);

  constructor(...ranges: string[]) {
    for (const text of ranges) {
      for (const [first, end] of decodeRanges(text)) {
        for (let c = first; c < end; c++) this.#bits[c >>> 5] = (this.#bits[c >>> 5] as number) | (1 << (c & 31));
      }
    }
  }

  has(codePoint: number): boolean {
    return (((this.#bits[codePoint >>> 5] as number) >>> (codePoint & 31)) & 1) === 1;
  }
}

const made = new Map<CodePointClass, CodePointSet>();

/** The code points of a class. Made when first asked for: 139 kB each. */
export function codePoints(name: CodePointClass): CodePointSet {
  let set = made.get(name);
  if (set === undefined) {
    set = new CodePointSet(codePointRanges[name]);
    made.set(name, set);
  }
  return set;
}

/** True where every character is below U+0080. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

let lowerCaseOf: Map<number, string> | undefined;

function lowerCaseTable(): Map<number, string> {
  const table = new Map(lowerCaseOfSeveral);
  const words = lowerCaseRuns.split(' ').map((word) => Number.parseInt(word, 36));
  for (let i = 0; i < words.length; i += 4) {
    const [first = 0, count = 0, step = 1, distance = 0] = words.slice(i, i + 4);
    for (let n = 0; n < count; n++) table.set(first + n * step, String.fromCodePoint(first + n * step + distance));
  }
  return table;
}

/** Each character's own lower case: a final sigma is no special case, as it is for String.prototype.toLowerCase. */
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  lowerCaseOf ??= lowerCaseTable();
  let lower = '';
  for (const character of text) lower += lowerCaseOf.get(character.codePointAt(0) as number) ?? character;
  return lower;
}

/**
 * `text` in a normal form of Unicode 9, which is the library's. What was assigned by then never changes its form, so the browser's own function
 * serves for runs of such characters; all others neither combine nor decompose, and part the runs.
 */
export function normalForm(text: string, form: NormalForm): string {
  // A later version changes whatever an earlier one does.
  if (isAscii(text) || text.normalize(form) === text) return text;
  const known = codePoints('normalizes');
  let formed = '';
  let done = 0;
  let begin = -1;
  for (let i = 0; i <= text.length; ) {
    const point = i < text.length ? (text.codePointAt(i) as number) : -1;
    const member = point >= 0 && known.has(point);
    if (member && begin < 0) {
      formed += text.slice(done, i);
      begin = i;
    } else if (!member && begin >= 0) {
      formed += text.slice(begin, i).normalize(form);
      done = i;
      begin = -1;
    }
    i += point > 0xffff ? 2 : 1;
  }
  return formed + text.slice(done);
}
