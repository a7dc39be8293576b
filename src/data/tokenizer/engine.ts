// Text to ids as the Rust tokenizers library does it: added tokens, normalizer, pre-tokenizer, model. Not truncation nor special tokens round a text
// (../tokenizer.ts), nor how a folder becomes parts (from_folder.ts). Invariant: what is looked up in a cache is what would have been worked out.

import { type AddedToken, AddedTokens } from './added_tokens.ts';
import type { Model } from './models/model.ts';
import type { Draft, Normalizer } from './normalizer.ts';
import type { PreTokenizer } from './pre_tokenizers.ts';
import { Work } from './work.ts';

/** Words that are remembered, and how long they may be. */
const mostWords = 100_000;
const longestWord = 64;

/** Halves of pairs that stand alone, which UTF-8 can't have. */
const LONE = /[\ud800-\udfff]/u;
const LONES = /[\ud800-\udfff]/gu;

export interface EngineParts {
  readonly model: Model;
  readonly normalizer?: Normalizer | undefined;
  readonly preTokenizer?: PreTokenizer | undefined;
  /** Throws `bad-tokenizer`, with what is wrong with the added tokens. */
  fail(why: string): never;
}

export class Engine {
  readonly added: AddedTokens;
  /** Special tokens in a text are text (`split_special_tokens`). */
  splitSpecialTokens = false;
  readonly #parts: EngineParts;
  readonly #work = new Work();
  readonly #chunks = new Map<string, readonly number[]>();
  readonly #words = new Map<string, readonly number[]>();
  #tokens: ReadonlyMap<number, string> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { model } = parts;
    this.added = new AddedTokens(
      (token) => model.vocabulary.get(token),
      model.vocabSize,
      (text) => this.#normalized({ text, head: true }).text,
      parts.fail,
    );
  }

  addTokens(tokens: readonly AddedToken[]): void {
    const lengths = [...this.added.byId.values(), ...tokens].reduce((sum, token) => sum + token.content.length, 0);
    this.#work.begin(lengths);
    this.added.add(tokens);
    this.#tokens = undefined;
    this.#chunks.clear();
  }

  idOf(token: string): number | undefined {
    return this.added.ids.get(token) ?? this.#parts.model.vocabulary.get(token);
  }

  tokenOf(id: number): string | undefined {
    if (this.#tokens === undefined) {
      const tokens = new Map<number, string>();
      for (const [token, at] of this.#parts.model.vocabulary) tokens.set(at, token);
      for (const [token, at] of this.added.ids) tokens.set(at, token);
      this.#tokens = tokens;
    }
    return this.#tokens.get(id);
  }

  /** The tokens of ids, without special ones; an id that no token has is left out. */
  tokensOf(ids: Iterable<number>): string[] {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.added.byId.get(id)?.special ? undefined : (this.added.spelled.get(id) ?? this.tokenOf(id));
      if (token !== undefined) tokens.push(token);
    }
    return tokens;
  }

  /** Tokens in all, added ones included. */
  get vocabSize(): number {
    const { model } = this.#parts;
    let size = model.vocabSize;
    for (const token of this.added.ids.keys()) if (!model.vocabulary.has(token)) size += 1;
    return size;
  }

  get largestId(): number {
    let largest = -1;
    for (const id of this.#parts.model.vocabulary.values()) if (id > largest) largest = id;
    for (const id of this.added.byId.keys()) if (id > largest) largest = id;
    return largest;
  }

  /** Ids of `text`, no special ones round it. Errors: `tokenizer-too-slow`, `bad-tokenizer` (an unknown token that is missing). */
  tokenize(text: string): number[] {
    const ids: number[] = [];
    const { normalizer, preTokenizer } = this.#parts;
    const chunks = (normalizer?.local ?? true) && preTokenizer?.partsAtSpaces === true && !this.added.anyNormalized;
    this.#begin(
      text,
      (segment, begin) => {
        if (chunks) this.#byChunks(segment, ids);
        else this.#segment(segment, begin === 0, ids);
      },
      ids,
    );
    return ids;
  }

  /** Parts the text at tokens that are looked for in it as it is. */
  #begin(given: string, segment: (text: string, begin: number) => void, ids: number[]): void {
    const text = LONE.test(given) ? given.replace(LONES, '\ufffd') : given;
    this.#work.begin(text.length);
    for (const { begin, end, id } of this.added.find(text, 'raw', this.splitSpecialTokens, this.#work)) {
      if (id === undefined) segment(begin === 0 && end === text.length ? text : text.slice(begin, end), begin);
      else {
        ids.push(id);
      }
    }
  }

  /** What parts at spaces is worked out for each chunk between them once. */
  #byChunks(text: string, ids: number[]): void {
    const { length } = text;
    for (let begin = 0; begin < length; ) {
      let end = begin;
      while (end < length && !isSpace(text.charCodeAt(end))) end += 1;
      if (end > begin) {
        const chunk = text.slice(begin, end);
        let found = this.#chunks.get(chunk);
        if (found === undefined) {
          const made: number[] = [];
          this.#segment(chunk, begin === 0, made);
          remember(this.#chunks, chunk, made);
          found = made;
        }
        for (let i = 0; i < found.length; i++) ids.push(found[i] as number);
      }
      begin = end + 1;
    }
  }

  #normalized(draft: Draft): Draft {
    this.#parts.normalizer?.normalize(draft, this.#work);
    return draft;
  }

  /** Normalizes, finds normalized tokens, splits and looks up the words. */
  #segment(given: string, givenHead: boolean, ids: number[]): void {
    const { preTokenizer } = this.#parts;
    const { text, head } = this.#normalized({ text: given, head: givenHead });
    const word = (piece: string): void => {
      this.#word(piece, ids);
    };
    const split = (piece: string, pieceHead: boolean): void => {
      if (preTokenizer === undefined) word(piece);
      else preTokenizer.split(piece, pieceHead, word, this.#work);
    };
    if (!this.added.anyNormalized) {
      if (text !== '') split(text, head);
      return;
    }
    for (const { begin, end, id } of this.added.find(text, 'normalized', this.splitSpecialTokens, this.#work)) {
      if (id === undefined) split(text.slice(begin, end), head && begin === 0);
      else {
        ids.push(id);
      }
    }
  }

  #word(word: string, ids: number[]): void {
    const known = this.#words.get(word);
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) ids.push(known[i] as number);
      return;
    }
    const { model, preTokenizer } = this.#parts;
    const before = ids.length;
    model.tokenize(preTokenizer?.spell === undefined ? word : preTokenizer.spell(word), ids, this.#work);
    if (word.length <= longestWord) remember(this.#words, word, ids.slice(before));
  }
}

const isSpace = (unit: number): boolean => unit === 32 || unit === 10 || unit === 9 || unit === 13;

function remember(cache: Map<string, readonly number[]>, word: string, ids: readonly number[]): void {
  if (word.length > longestWord) return;
  if (cache.size >= mostWords) cache.clear();
  // A copy of its own: a slice would hold the whole text that it was cut from.
  cache.set(word.length < 13 ? word : ` ${word}`.slice(1), ids);
}
