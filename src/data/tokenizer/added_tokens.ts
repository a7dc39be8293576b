// Tokens that were added to a model's vocabulary: found in the text as it was written, or (where they are `normalized`) in the normalized text, before
// any word is split. Invariant: ids are given in the order of adding, whatever a file says that they are, as in the Rust library.

import { Trie } from './trie.ts';
import { codePoints } from './unicode/code_points.ts';
import type { Work } from './work.ts';

export interface AddedToken {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export function sameToken(a: AddedToken, b: AddedToken): boolean {
  return a.content === b.content && a.special === b.special && sameMatching(a, b);
}

const sameMatching = (a: AddedToken, b: AddedToken): boolean =>
  a.single_word === b.single_word && a.lstrip === b.lstrip && a.rstrip === b.rstrip && a.normalized === b.normalized;

/** A stretch of text, or a token found in it. */
export type Found = { readonly begin: number; readonly end: number; readonly id: number | undefined };

/** Words to look for, with a table of the units that they begin with. */
class Finder {
  readonly #trie: Trie;
  readonly #firsts = new Uint8Array(0x10000);
  empty = true;

  constructor(fail: (why: string) => never) {
    this.#trie = new Trie(fail);
  }

  add(word: string, id: number): void {
    if (word === '') return;
    this.#trie.add(word, id);
    this.#firsts[word.charCodeAt(0)] = 1;
    this.empty = false;
  }

  /** The longest word at the leftmost place from `from` on. */
  next(text: string, from: number, work: Work): { readonly begin: number; readonly end: number; readonly id: number } | undefined {
    for (let begin = from; begin < text.length; begin++) {
      if (this.#firsts[text.charCodeAt(begin)] === 0) continue;
      let node = 0;
      let end = -1;
      let id = -1;
      let i = begin;
      for (; i < text.length; i++) {
        node = this.#trie.next(node, text.charCodeAt(i));
        if (node < 0) break;
        const value = this.#trie.value(node);
        if (value < 0) continue;
        end = i + 1;
        id = value;
      }
      work.spend(i - begin, 'added_tokens');
      if (end > 0) return { begin, end, id };
    }
    return undefined;
  }
}

export class AddedTokens {
  readonly ids = new Map<string, number>();
  readonly byId = new Map<number, AddedToken>();
  /** What each is looked for as, and decoded to: normalized where the token is. */
  readonly spelled = new Map<number, string>();
  #raw: Finder;
  #normalized: Finder;

  /** `modelId` and `modelSize` are the model's; `normalize` is the tokenizer's normalizer; `fail` throws where the tokens are too many. */
  constructor(
    private readonly modelId: (token: string) => number | undefined,
    private readonly modelSize: number,
    private readonly normalize: (text: string) => string,
    private readonly fail: (why: string) => never,
  ) {
    this.#raw = new Finder(fail);
    this.#normalized = new Finder(fail);
  }

  get anyNormalized(): boolean {
    return !this.#normalized.empty;
  }

  add(tokens: readonly AddedToken[]): void {
    let highest = -1;
    for (const id of this.byId.keys()) highest = Math.max(highest, id);
    let next = highest >= this.modelSize || (highest >= 0 && this.modelSize === 0) ? highest + 1 : this.modelSize;
    for (const token of tokens) {
      if (token.content === '') continue;
      const known = this.ids.get(token.content);
      const before = known === undefined ? undefined : this.byId.get(known);
      if (before !== undefined && sameToken(before, token)) continue;
      const id = known ?? this.modelId(token.content) ?? next++;
      this.ids.set(token.content, id);
      this.byId.set(id, token);
    }
    this.#raw = new Finder(this.fail);
    this.#normalized = new Finder(this.fail);
    for (const [id, token] of this.byId) {
      const spelled = token.normalized ? this.normalize(token.content) : token.content;
      this.spelled.set(id, spelled);
      (token.normalized ? this.#normalized : this.#raw).add(spelled, id);
    }
  }

  /** Stretches and tokens that cover `text`. `splitSpecial`: special tokens are text like any other. */
  find(text: string, where: 'raw' | 'normalized', splitSpecial: boolean, work: Work): Found[] {
    const finder = where === 'raw' ? this.#raw : this.#normalized;
    const found: Found[] = [];
    let done = 0;
    const word = codePoints('word');
    const space = codePoints('whitespace');
    const wordBefore = (i: number): boolean =>
      i > 0 && word.has(text.codePointAt(i - ((text.charCodeAt(i - 1) & 0xfc00) === 0xdc00 ? 2 : 1)) as number);
    const wordAfter = (i: number): boolean => i < text.length && word.has(text.codePointAt(i) as number);
    for (
      let match = finder.empty ? undefined : finder.next(text, 0, work);
      match !== undefined;
      match = finder.next(text, match.end, work)
    ) {
      let { begin, end } = match;
      const token = this.byId.get(match.id) as AddedToken;
      if (splitSpecial && token.special) continue;
      if (token.single_word && (wordBefore(begin) || wordAfter(end))) continue;
      if (token.lstrip) {
        while (begin > 0 && space.has(text.charCodeAt(begin - 1))) begin -= 1;
        begin = Math.max(begin, done);
      }
      if (token.rstrip) while (end < text.length && space.has(text.charCodeAt(end))) end += 1;
      if (done < begin) found.push({ begin: done, end: begin, id: undefined });
      // Spaces that the token before took are not there for this one: where it is nothing else, it is gone.
      if (begin < end) found.push({ begin, end, id: match.id });
      done = end;
    }
    if (done < text.length) found.push({ begin: done, end: text.length, id: undefined });
    return found;
  }
}
