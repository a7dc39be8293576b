// The 10,000 texts of the tokenizer fuzz test, drawn from the counter: tokenizer_texts.py beside it draws the same ones in Python, where the judge is.
// Every page of 256 code points, emoji sequences, stacks of marks, controls, spaces of all kinds, added tokens, and words of 100,000 characters.

import { randomKey, randomU32 } from '../../random/counter.ts';
import words from './tokenizer_words.json' with { type: 'json' };

const COUNT = 10_000;

class Draw {
  #index = 0;
  constructor(readonly key: number) {}

  below(n: number): number {
    return randomU32(this.key, this.#index++) % n;
  }

  of(list: readonly string[]): string {
    return list[this.below(list.length)] as string;
  }

  /** `count` characters, drawn one by one. */
  points(count: number, point: () => number): string {
    return Array.from({ length: count }, () => {
      const c = point();
      return String.fromCodePoint(c >= 0xd800 && c <= 0xdfff ? 0xfffd : c);
    }).join('');
  }
}

function fragment(draw: Draw, page: number): string {
  const kind = draw.below(20);
  if (kind < 4) return draw.of(words.english);
  if (kind < 7) return draw.points(1 + draw.below(4), () => page * 256 + draw.below(256));
  if (kind === 7) return draw.points(1 + draw.below(3), () => draw.below(0x3000));
  if (kind === 8) return draw.points(1, () => draw.below(0x110000));
  if (kind === 9) {
    const base = draw.of(words.english).slice(0, 1);
    return base + draw.points(1 + draw.below(6), () => 0x300 + draw.below(0x70));
  }
  if (kind === 10) return draw.of(words.emoji);
  if (kind === 11) return draw.of(words.scripts);
  if (kind === 12) return draw.of(words.edges);
  if (kind === 13) return draw.of(words.added);
  if (kind === 14) return draw.of(words.spaces);
  if (kind === 15) return draw.points(1 + draw.below(8), () => 33 + draw.below(94));
  if (kind === 16) return draw.of(words.case);
  if (kind === 17) return String(draw.below(100_000));
  if (kind === 18) return draw.of(words.english).toUpperCase();
  const word = draw.of(words.english);
  return word.repeat(1 + draw.below(12));
}

function text(i: number): string {
  const draw = new Draw(randomKey(2026, i, 7));
  if (i % 2_500 === 1_234) return draw.of(words.long).repeat(100_000 / 4);
  let made = '';
  for (let n = 1 + draw.below(10); n > 0; n--) made += fragment(draw, i % 0x1100) + (draw.below(3) > 0 ? ' ' : '');
  return made;
}

export const fuzzTexts = (): string[] => Array.from({ length: COUNT }, (_, i) => text(i));

/** 32 bits of a list of ids (FNV-1a over whole ids). */
export function hashIds(ids: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < ids.length; i++) hash = Math.imul(hash ^ (ids[i] as number), 0x01000193);
  return hash >>> 0;
}
