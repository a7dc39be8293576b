// Normalizers of tokenizer.json: text to text, before it is split. Not the added tokens that are looked for around them. Invariant: character for
// character what the Rust library makes, and `head` is kept: whether the first character still stands for the first of the original.

import { spell } from './byte_level.ts';
import type { JsonCursor } from './json_cursor.ts';
import type { Normalizer } from './normalizer.ts';
import { Pattern } from './patterns/pattern.ts';
import { precompiled } from './precompiled.ts';
import { codePoints, isAscii, lowerCase, type NormalForm, normalForm } from './unicode/code_points.ts';

/** Steps in a sequence, and sequences in one another. */
export const mostSteps = 64;
export const mostDepth = 8;

const simple = (local: boolean, change: (text: string) => string): Normalizer => ({
  local,
  normalize(draft) {
    draft.text = change(draft.text);
  },
});

/** Takes characters out; the head goes where the first one does. */
function filtering(keep: (codePoint: number) => boolean, map: (character: string) => string = (character) => character): Normalizer {
  return {
    local: true,
    normalize(draft) {
      let text = '';
      let first = true;
      for (const character of draft.text) {
        const kept = keep(character.codePointAt(0) as number);
        if (kept) text += map(character);
        if (first && !kept) draft.head = false;
        first = false;
      }
      draft.text = text;
    },
  };
}

function bert(at: JsonCursor): Normalizer {
  const cleanText = at.at('clean_text').boolean();
  const spaceIdeographs = at.at('handle_chinese_chars').boolean();
  const lower = at.at('lowercase').boolean();
  const stripAccents = at.at('strip_accents').boolean(lower);
  const control = codePoints('control');
  const whitespace = codePoints('whitespace');
  const chinese = codePoints('chinese');
  const clean = filtering(
    (c) => !control.has(c),
    (character) => (whitespace.has(character.codePointAt(0) as number) ? ' ' : character),
  );
  const strip = filtering((c) => !codePoints('nonspacing').has(c));
  return {
    local: true,
    normalize(draft, work) {
      if (cleanText) clean.normalize(draft, work);
      const ascii = isAscii(draft.text);
      if (spaceIdeographs && !ascii) {
        let spaced = '';
        for (const character of draft.text) spaced += chinese.has(character.codePointAt(0) as number) ? ` ${character} ` : character;
        draft.text = spaced;
      }
      if (stripAccents && !ascii) {
        draft.text = normalForm(draft.text, 'NFD');
        strip.normalize(draft, work);
      }
      if (lower) draft.text = lowerCase(draft.text);
    },
  };
}

function strip(at: JsonCursor): Normalizer {
  const left = at.at('strip_left').boolean();
  const right = at.at('strip_right').boolean();
  const whitespace = codePoints('whitespace');
  return {
    local: false,
    normalize(draft) {
      const { text } = draft;
      let begin = 0;
      let end = text.length;
      if (left) while (begin < end && whitespace.has(text.charCodeAt(begin))) begin += 1;
      if (right) while (end > begin && whitespace.has(text.charCodeAt(end - 1))) end -= 1;
      if (begin > 0) draft.head = false;
      draft.text = text.slice(begin, end);
    },
  };
}

/** SentencePiece's rules for machine translation. */
function nmt(): Normalizer {
  const gone = (c: number): boolean => (c >= 1 && c <= 8) || c === 0xb || (c >= 0xe && c <= 0x1f) || c === 0x7f || c === 0x8f || c === 0x9f;
  const space = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/;
  return filtering(
    (c) => !gone(c),
    (character) => (space.test(character) ? ' ' : character),
  );
}

/** A pattern of `Replace` or `Split`: a text to be found as it is, or a regular expression. */
export function patternOf(at: JsonCursor): string | Pattern {
  const pattern = at.at('pattern');
  const { String: literal } = pattern.object();
  if (literal !== undefined) {
    const text = pattern.at('String').string();
    return text === '' ? new Pattern('', pattern.path, (why) => pattern.fail(why)) : text;
  }
  const regex = pattern.at('Regex');
  return new Pattern(regex.string(), regex.path, (why) => regex.fail(why));
}

function replace(at: JsonCursor): Normalizer {
  const pattern = patternOf(at);
  const content = at.at('content').string();
  const where = at.path;
  return {
    local: false,
    normalize(draft, work) {
      const { text } = draft;
      if (text === '') return;
      const parts: string[] = [];
      let last = 0;
      let length = 0;
      const put = (begin: number, end: number): void => {
        // What stands for several characters begins where the last of them did.
        if (begin === 0 && end > 0 && (content === '' || end > ((text.codePointAt(0) as number) > 0xffff ? 2 : 1))) draft.head = false;
        length += begin - last + content.length;
        work.hold(length, where);
        parts.push(text.slice(last, begin), content);
        last = end;
      };
      if (typeof pattern === 'string') {
        for (let i = text.indexOf(pattern); i >= 0; i = text.indexOf(pattern, last)) put(i, i + pattern.length);
      } else for (const [begin, end] of pattern.matches(text, work)) put(begin, end);
      if (parts.length > 0) draft.text = parts.join('') + text.slice(last);
    },
  };
}

function prepend(at: JsonCursor): Normalizer {
  const text = at.at('prepend').string();
  return {
    local: false,
    normalize(draft, work) {
      work.hold(draft.text.length + text.length, at.path);
      if (draft.text !== '') draft.text = text + draft.text;
    },
  };
}

function sequence(at: JsonCursor, depth: number): Normalizer {
  if (depth >= mostDepth) at.fail(`is nested more than ${mostDepth} deep`);
  const steps = at
    .at('normalizers')
    .list(mostSteps)
    .map((step) => normalizerOf(step, depth + 1));
  return {
    local: steps.every((step) => step.local),
    normalize(draft, work) {
      for (const step of steps) step.normalize(draft, work);
    },
  };
}

/** A normalizer, from its JSON. Error: `bad-tokenizer`. */
export function normalizerOf(at: JsonCursor, depth = 0): Normalizer {
  const kinds: Readonly<Record<string, () => Normalizer>> = {
    BertNormalizer: () => bert(at),
    Lowercase: () => simple(true, lowerCase),
    StripAccents: () => filtering((c) => !codePoints('combining').has(c)),
    Strip: () => strip(at),
    Nmt: nmt,
    Replace: () => replace(at),
    Prepend: () => prepend(at),
    Precompiled: () => precompiled(at.at('precompiled_charsmap')),
    // A space becomes a letter, and parts nothing any more.
    ByteLevel: () => simple(false, spell),
    Sequence: () => sequence(at, depth),
  };
  for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const satisfies readonly NormalForm[]) {
    if (at.at('type').value === form)
      return held(
        simple(true, (text) => normalForm(text, form)),
        at.path,
      );
  }
  const kind = at.at('type').oneOf(Object.keys(kinds));
  return held((kinds[kind] as () => Normalizer)(), at.path);
}

/** Nothing that a step makes may be longer than a text can become. */
function held(step: Normalizer, where: string): Normalizer {
  return {
    local: step.local,
    normalize(draft, work) {
      step.normalize(draft, work);
      work.hold(draft.text.length, where);
      work.spend(draft.text.length, where);
    },
  };
}
