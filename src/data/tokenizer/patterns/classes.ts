// Classes of characters that patterns name: \p{L}, [:alpha:], \w, and letters without their case. What Oniguruma takes a character for is in tables for
// the classes that tokenizers use; rarer ones (scripts, say) are the browser's. Invariant: no name means another set than in Oniguruma.

import { type CodePointClass, codePoints } from '../unicode/code_points.ts';

/** A test of one code point. */
export type Test = (codePoint: number) => boolean;

export const within =
  (first: number, last: number): Test =>
  (c) =>
    c >= first && c <= last;
export const either = (tests: readonly Test[]): Test => (tests.length === 1 ? (tests[0] as Test) : (c) => tests.some((test) => test(c)));
export const not =
  (test: Test): Test =>
  (c) =>
    !test(c);

export const ofClass = (name: CodePointClass): Test => {
  const set = codePoints(name);
  return (c) => set.has(c);
};

const anyOf = (...names: readonly CodePointClass[]): Test => either(names.map(ofClass));
const cased = (): Test => anyOf('upper', 'small', 'title');

const PROPERTIES: Readonly<Record<string, () => Test>> = {
  ...{
    l: () => anyOf('letter'),
    lu: () => anyOf('upper'),
    ll: () => anyOf('small'),
    lt: () => anyOf('title'),
    lm: () => anyOf('modifier'),
  },
  ...{ lc: cased, lo: () => (c) => codePoints('letter').has(c) && !cased()(c) && !codePoints('modifier').has(c) },
  ...{ n: () => anyOf('number'), nd: () => anyOf('digit'), m: () => anyOf('mark'), p: () => anyOf('punct'), s: () => anyOf('symbol') },
  ...{
    space: () => anyOf('space'),
    whitespace: () => anyOf('space'),
    word: () => anyOf('onigWord'),
    w: () => anyOf('onigWord'),
    han: () => anyOf('han'),
  },
  ...{ letter: () => anyOf('letter'), number: () => anyOf('number'), mark: () => anyOf('mark'), symbol: () => anyOf('symbol') },
  ...{ punctuation: () => anyOf('punct'), digit: () => anyOf('digit') },
};

/** The property of a name, or undefined. */
export function propertyTest(written: string): Test | undefined {
  const name = written.replace(/[\s_-]/g, '').toLowerCase();
  if (Object.hasOwn(PROPERTIES, name)) return (PROPERTIES[name] as () => Test)();
  const proper = written.replace(/(^|[_\s-])(\p{L})/gu, (_, gap: string, letter: string) => (gap === '' ? '' : '_') + letter.toUpperCase());
  for (const property of [proper, `Script=${proper}`]) {
    let known: RegExp;
    try {
      known = new RegExp(`^\\p{${property}}$`, 'u');
    } catch {
      continue;
    }
    return (c) => known.test(String.fromCodePoint(c));
  }
  return undefined;
}

export const hexDigit: Test = either([within(48, 57), within(65, 70), within(97, 102)]);

/** Signs that are of words in a pattern, and are not where \w stands in a set: an oddity of Oniguruma's. */
const notInSets: readonly number[] = [0xb2, 0xb3, 0xb9, 0xbc, 0xbd, 0xbe];

/** \w, in a set of characters or by itself. */
export function wordTest(place: 'alone' | 'in a set'): Test {
  const word = ofClass('onigWord');
  return place === 'alone' ? word : (c) => word(c) && !notInSets.includes(c);
}

/** [:name:], or undefined. */
export function posixTest(name: string): Test | undefined {
  const alpha = propertyTest('Alphabetic') as Test;
  const tests: Readonly<Record<string, Test>> = {
    ...{
      space: ofClass('space'),
      word: wordTest('in a set'),
      alpha,
      upper: ofClass('upper'),
      lower: ofClass('small'),
      digit: ofClass('digit'),
    },
    ...{ punct: anyOf('punct', 'symbol'), alnum: either([alpha, ofClass('digit')]), xdigit: hexDigit, ascii: within(0, 127) },
    ...{ cntrl: either([within(0, 31), within(127, 159)]), blank: either([(c) => c === 9, propertyTest('Zs') as Test]) },
  };
  return Object.hasOwn(tests, name) ? tests[name] : undefined;
}

let sameLetter: Map<string, number[]> | undefined;

/** A letter without its case: ſ, S and s are one, as the Kelvin sign and k are. */
const folded = (text: string): string => text.toUpperCase().toLowerCase();

/** A test that takes a letter for the same one in another case, as Oniguruma does with single characters. */
export function caseless(test: Test): Test {
  if (sameLetter === undefined) {
    sameLetter = new Map();
    for (let c = 0; c < 0x1e944; c++) {
      const text = String.fromCodePoint(c);
      const key = folded(text);
      if (key === text && text.toUpperCase() === text) continue;
      sameLetter.set(key, [...(sameLetter.get(key) ?? []), c]);
    }
  }
  const letters = sameLetter;
  return (c) => test(c) || (letters.get(folded(String.fromCodePoint(c)))?.some(test) ?? false);
}
