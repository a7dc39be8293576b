// Pre-tokenizers of tokenizer.json: a normalized text to the words that the model takes one by one. Invariant: the same words as the Rust library's, in
// order; an empty word is never handed on.

import { cut, spell } from './byte_level.ts';
import type { JsonCursor } from './json_cursor.ts';
import { mostDepth, mostSteps, patternOf } from './normalizers.ts';
import { codePoints } from './unicode/code_points.ts';
import type { Work } from './work.ts';

/** Takes a word. `head`: it begins where the user's text begins. */
export type Emit = (word: string, head: boolean) => void;

export interface PreTokenizer {
  split(text: string, head: boolean, emit: Emit, work: Work): void;
  /** How a word is spelled for the model, where that is left to the end so that words can be looked up as they were written. */
  readonly spell?: (word: string) => string;
  /** True where spaces, tabs and line breaks part words and vanish, and nothing beyond them matters to a word. */
  readonly partsAtSpaces: boolean;
}

const behaviours = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behaviour = (typeof behaviours)[number];

/** A stretch of the text: [begin, end), and whether the pattern matched it. */
type Stretch = readonly [begin: number, end: number, matched: boolean];

/** Stretches that together cover the text, made into words as `behaviour` says. */
function bind(stretches: readonly Stretch[], behaviour: Behaviour): readonly (readonly [begin: number, end: number])[] {
  if (behaviour === 'Removed') return stretches.filter(([, , matched]) => !matched).map(([begin, end]) => [begin, end]);
  if (behaviour === 'Isolated') return stretches.map(([begin, end]) => [begin, end]);
  const words: [begin: number, end: number][] = [];
  const reversed = behaviour === 'MergedWithNext';
  let previous = false;
  for (const [begin, end, matched] of reversed ? [...stretches].reverse() : stretches) {
    const last = words[words.length - 1];
    const joins = behaviour === 'Contiguous' ? matched === previous : matched && !previous;
    if (joins && last !== undefined) {
      if (reversed) last[0] = begin;
      else last[1] = end;
    } else words.push([begin, end]);
    previous = matched;
  }
  return reversed ? words.reverse() : words;
}

/** Splits at matches. `find` gives them from left to right. */
function splitAt(
  find: (text: string, work: Work) => Iterable<readonly [number, number]>,
  behaviour: Behaviour,
  invert = false,
): PreTokenizer {
  return {
    partsAtSpaces: false,
    split(text, head, emit, work) {
      const stretches: Stretch[] = [];
      let last = 0;
      for (const [begin, end] of find(text, work)) {
        if (last !== begin) stretches.push([last, begin, invert]);
        stretches.push([begin, end, !invert]);
        last = end;
      }
      if (last !== text.length) stretches.push([last, text.length, invert]);
      for (const [begin, end] of bind(stretches, behaviour)) if (end > begin) emit(text.slice(begin, end), head && begin === 0);
    },
  };
}

/** Matches of one character. */
function* characters(text: string, test: (codePoint: number) => boolean): Generator<readonly [number, number]> {
  for (let i = 0; i < text.length; ) {
    const point = text.codePointAt(i) as number;
    const end = i + (point > 0xffff ? 2 : 1);
    if (test(point)) yield [i, end];
    i = end;
  }
}

const asciiPunctuation = (c: number): boolean =>
  (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);

/** Words between spaces, and every mark of punctuation a word of its own. */
function bert(): PreTokenizer {
  const whitespace = codePoints('whitespace');
  const punctuation = codePoints('punctuation');
  return {
    partsAtSpaces: true,
    split(text, head, emit) {
      let begin = 0;
      const flush = (end: number): void => {
        if (end > begin) emit(text.slice(begin, end), head && begin === 0);
      };
      for (let i = 0; i < text.length; ) {
        const point = text.codePointAt(i) as number;
        const end = i + (point > 0xffff ? 2 : 1);
        if (whitespace.has(point)) {
          flush(i);
          begin = end;
        } else if (punctuation.has(point)) {
          flush(i);
          begin = i;
          flush(end);
          begin = end;
        }
        i = end;
      }
      flush(text.length);
    },
  };
}

/** \w+|[^\w\s]+ of Rust's regex crate. */
function whitespaceWords(): PreTokenizer {
  const [word, whitespace] = [codePoints('word'), codePoints('whitespace')];
  return {
    partsAtSpaces: true,
    split(text, head, emit) {
      let begin = 0;
      let kind = 0;
      for (let i = 0; i <= text.length; ) {
        const point = i < text.length ? (text.codePointAt(i) as number) : 32;
        const now = word.has(point) ? 1 : whitespace.has(point) ? 0 : 2;
        if (now !== kind) {
          if (kind !== 0) emit(text.slice(begin, i), head && begin === 0);
          begin = i;
          kind = now;
        }
        i += point > 0xffff ? 2 : 1;
      }
    },
  };
}

function byteLevel(at: JsonCursor): PreTokenizer {
  const addPrefixSpace = at.at('add_prefix_space').boolean();
  const useRegex = at.at('use_regex').boolean(true);
  return {
    partsAtSpaces: false,
    spell,
    split(given, head, emit) {
      const text = addPrefixSpace && !given.startsWith(' ') ? ` ${given}` : given;
      if (useRegex) cut(text, (begin, end) => emit(text.slice(begin, end), head && begin === 0));
      else emit(text, head);
    },
  };
}

function metaspace(at: JsonCursor): PreTokenizer {
  const replacement = at.at('replacement').string();
  if (Array.from(replacement).length !== 1) at.at('replacement').fail('should be one character');
  const addPrefixSpace = at.at('add_prefix_space');
  const declared = at.at('prepend_scheme').oneOf(['first', 'never', 'always'], 'always');
  const scheme = addPrefixSpace.absent || addPrefixSpace.boolean() ? declared : 'never';
  if (scheme !== declared) at.at('add_prefix_space').fail(`is false, and prepend_scheme is "${declared}"`);
  const splits = at.at('split').boolean(true);
  return {
    partsAtSpaces: false,
    split(given, head, emit) {
      let text = given.replaceAll(' ', replacement);
      const wanted = scheme === 'always' || (scheme === 'first' && head);
      if (wanted && !text.startsWith(replacement)) text = replacement + text;
      if (!splits) {
        emit(text, head);
        return;
      }
      for (let begin = 0; begin < text.length; ) {
        const next = text.indexOf(replacement, begin + replacement.length);
        const end = next < 0 ? text.length : text.startsWith(replacement, begin) || begin > 0 ? next : text.indexOf(replacement);
        emit(text.slice(begin, end), head && begin === 0);
        begin = end;
      }
    },
  };
}

function fixedLength(at: JsonCursor): PreTokenizer {
  const length = at.at('length').count(0x7fffffff, 5);
  if (length === 0) at.at('length').fail('should be 1 or more');
  return {
    partsAtSpaces: false,
    split(text, head, emit) {
      const points = Array.from(text);
      for (let i = 0; i < points.length; i += length) emit(points.slice(i, i + length).join(''), head && i === 0);
    },
  };
}

function split(at: JsonCursor): PreTokenizer {
  const pattern = patternOf(at);
  const behaviour = at.at('behavior').oneOf(behaviours);
  const invert = at.at('invert').boolean();
  if (typeof pattern !== 'string') return splitAt((text, work) => pattern.matches(text, work), behaviour, invert);
  const find = function* (text: string): Generator<readonly [number, number]> {
    for (let i = text.indexOf(pattern); i >= 0; i = text.indexOf(pattern, i + pattern.length)) yield [i, i + pattern.length];
  };
  return splitAt(find, behaviour, invert);
}

/** One after another; a last step that only spells is left to whoever looks words up. */
function sequence(at: JsonCursor, depth: number): PreTokenizer {
  if (depth >= mostDepth) at.fail(`is nested more than ${mostDepth} deep`);
  const steps = at
    .at('pretokenizers')
    .list(mostSteps)
    .map((step) => preTokenizerOf(step, depth + 1));
  const last = steps[steps.length - 1]?.spell;
  const from = (step: number, text: string, head: boolean, emit: Emit, work: Work): void => {
    const now = steps[step];
    if (now === undefined) emit(text, head);
    else {
      const write = step < steps.length - 1 && now.spell !== undefined ? now.spell : (word: string) => word;
      now.split(text, head, (word, wordHead) => from(step + 1, write(word), wordHead, emit, work), work);
    }
  };
  return {
    split: (text, head, emit, work) => from(0, text, head, emit, work),
    ...(last === undefined ? {} : { spell: last }),
    partsAtSpaces: steps[0]?.partsAtSpaces === true && steps.every((step) => step.partsAtSpaces || localSplitters.has(step)),
  };
}

/** Steps that look at single characters, and so at nothing beyond a space. */
const localSplitters = new WeakSet<PreTokenizer>();

function localSplitter(step: PreTokenizer): PreTokenizer {
  localSplitters.add(step);
  return step;
}

/** A pre-tokenizer, from its JSON. Error: `bad-tokenizer`. */
export function preTokenizerOf(at: JsonCursor, depth = 0): PreTokenizer {
  const named = (name: 'whitespace' | 'numeric') => (c: number) => codePoints(name).has(c);
  const punctuation = (c: number): boolean => asciiPunctuation(c) || codePoints('punctuation').has(c);
  const kinds: Readonly<Record<string, () => PreTokenizer>> = {
    BertPreTokenizer: bert,
    Whitespace: whitespaceWords,
    WhitespaceSplit: () => ({ ...splitAt((text) => characters(text, named('whitespace')), 'Removed'), partsAtSpaces: true }),
    ByteLevel: () => byteLevel(at),
    Metaspace: () => metaspace(at),
    Punctuation: () => localSplitter(splitAt((text) => characters(text, punctuation), at.at('behavior').oneOf(behaviours, 'Isolated'))),
    Digits: () =>
      localSplitter(
        splitAt((text) => characters(text, named('numeric')), at.at('individual_digits').boolean() ? 'Isolated' : 'Contiguous'),
      ),
    CharDelimiterSplit: () => {
      const delimiter = at.at('delimiter').string().codePointAt(0);
      return splitAt((text) => characters(text, (c) => c === delimiter), 'Removed');
    },
    FixedLength: () => fixedLength(at),
    Split: () => split(at),
    Sequence: () => sequence(at, depth),
  };
  return (kinds[at.at('type').oneOf(Object.keys(kinds))] as () => PreTokenizer)();
}
