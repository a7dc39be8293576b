// Byte-pair encoding (Sennrich et al. 2016): a word's characters, and then merge after merge, that of the lowest rank first and from the left. Invariant:
// a merge is done where its pair stands at that moment, whatever its rank was found for; ids come out as Rust's, its oddities with unknown characters
// and bytes included.

import { type JsonCursor, shown } from '../json_cursor.ts';
import { type Model, mostTokens, readVocabulary } from './model.ts';

interface Merges {
  /** By left · 2^32 + right: rank · 2^32 + new id, both as one number each. */
  readonly rank: Map<number, number>;
  readonly into: Map<number, number>;
}

/** One number for a pair of ids: exact below 2^21 · 2^32, and ids of tokens in merges are few. */
const pairOf = (left: number, right: number): number => left * 0x100000000 + right;

function readMerges(at: JsonCursor, vocabulary: ReadonlyMap<string, number>, prefix: string): Merges {
  const rank = new Map<number, number>();
  const into = new Map<number, number>();
  for (const [i, merge] of at.array(mostTokens).entries()) {
    const words = typeof merge === 'string' ? merge.split(' ') : merge;
    const fail = (why: string): never => at.fail(`has at ${i} ${shown(merge)}, ${why}`);
    if (!Array.isArray(words) || words.length !== 2 || words.some((word) => typeof word !== 'string')) fail('which is no pair of tokens');
    const [left, right] = words as [string, string];
    const idOf = (token: string): number => vocabulary.get(token) ?? fail(`and the vocabulary does not have ${shown(token)}`);
    const [a, b, c] = [idOf(left), idOf(right), idOf(left + right.slice(prefix.length))];
    if (a > 0x1fffff) fail(`and the id of ${shown(left)} is ${a}; 2097151 is the highest that Retrace merges`);
    rank.set(pairOf(a, b), i);
    into.set(pairOf(a, b), c);
  }
  return { rank, into };
}

export function bpe(at: JsonCursor): Model {
  const vocabulary = readVocabulary(at.at('vocab'));
  const text = (key: string): string => (at.at(key).absent ? '' : at.at(key).string());
  const [prefix, suffix, unkToken] = [text('continuing_subword_prefix'), text('end_of_word_suffix'), text('unk_token')];
  const fuseUnk = at.at('fuse_unk').boolean(false);
  const byteFallback = at.at('byte_fallback').boolean(false);
  const ignoreMerges = at.at('ignore_merges').boolean(false);
  const { rank, into } = readMerges(at.at('merges'), vocabulary, prefix);
  const dropout = at.at('dropout');
  if (!dropout.absent && dropout.value !== 0) dropout.fail('asks for merges at random; set it to null');
  const bytes = Array.from({ length: 256 }, (_, byte) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`));

  /** Ids of the characters before any merge. */
  function spelled(word: string): number[] {
    const ids: number[] = [];
    let unknown: number | undefined;
    const flush = (): void => {
      if (unknown !== undefined) ids.push(unknown);
      unknown = undefined;
    };
    for (let i = 0; i < word.length; ) {
      const end = i + ((word.codePointAt(i) as number) > 0xffff ? 2 : 1);
      const piece = (i > 0 ? prefix : '') + word.slice(i, end) + (end === word.length ? suffix : '');
      i = end;
      const id = vocabulary.get(piece);
      if (id !== undefined) {
        flush();
        ids.push(id);
        continue;
      }
      const fallback = byteFallback ? Array.from(new TextEncoder().encode(piece), (byte) => bytes[byte]) : [undefined];
      if (fallback.every((byte) => byte !== undefined)) {
        // An unknown character before these waits until a known one comes, as in Rust.
        ids.push(...(fallback as number[]));
        continue;
      }
      if (unkToken === '' && at.at('unk_token').absent) continue;
      if (unknown !== undefined && fuseUnk) continue;
      flush();
      unknown =
        vocabulary.get(unkToken) ??
        at.at('unk_token').fail(`is ${shown(unkToken)}, which the vocabulary does not have, and a text needs it`);
    }
    flush();
    return ids;
  }

  return {
    vocabulary,
    vocabSize: vocabulary.size,
    tokenize(word, ids, work) {
      const whole = ignoreMerges ? vocabulary.get(word) : undefined;
      if (whole !== undefined) {
        ids.push(whole);
        return;
      }
      work.spend(word.length * 20, at.path);
      for (const id of merged(spelled(word), rank, into)) ids.push(id);
    },
  };
}

/** Candidate merges, the lowest rank first and then the leftmost: a binary heap of place and rank. */
class Candidates {
  readonly #rank: number[] = [];
  readonly #place: number[] = [];
  readonly #into: number[] = [];

  get size(): number {
    return this.#rank.length;
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#rank[i] as number, this.#rank[j] as number];
    return a < b || (a === b && (this.#place[i] as number) < (this.#place[j] as number));
  }

  #swap(i: number, j: number): void {
    for (const list of [this.#rank, this.#place, this.#into]) [list[i], list[j]] = [list[j] as number, list[i] as number];
  }

  push(place: number, rank: number, into: number): void {
    this.#rank.push(rank);
    this.#place.push(place);
    this.#into.push(into);
    for (let i = this.size - 1; i > 0; ) {
      const parent = (i - 1) >>> 1;
      if (!this.#before(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  pop(): readonly [place: number, into: number] {
    const top = [this.#place[0] as number, this.#into[0] as number] as const;
    this.#swap(0, this.size - 1);
    for (const list of [this.#rank, this.#place, this.#into]) list.pop();
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      if (left >= this.size) return top;
      const least = left + 1 < this.size && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(least, i)) return top;
      this.#swap(i, least);
      i = least;
    }
  }
}

const GONE = -1;

function merged(symbols: number[], rank: ReadonlyMap<number, number>, into: ReadonlyMap<number, number>): number[] {
  const { length } = symbols;
  if (length < 2) return symbols;
  const previous = Int32Array.from(symbols, (_, i) => i - 1);
  const next = Int32Array.from(symbols, (_, i) => i + 1);
  const candidates = new Candidates();
  const consider = (place: number): void => {
    const right = next[place] as number;
    if (place < 0 || right >= length) return;
    const pair = pairOf(symbols[place] as number, symbols[right] as number);
    const found = rank.get(pair);
    if (found !== undefined) candidates.push(place, found, into.get(pair) as number);
  };
  for (let i = 0; i + 1 < length; i++) consider(i);
  while (candidates.size > 0) {
    const [place, becomes] = candidates.pop();
    const right = next[place] as number;
    if (symbols[place] === GONE || right >= length) continue;
    if (into.get(pairOf(symbols[place] as number, symbols[right] as number)) !== becomes) continue;
    symbols[place] = becomes;
    symbols[right] = GONE;
    const after = next[right] as number;
    next[place] = after;
    if (after < length) previous[after] = place;
    if ((previous[place] as number) >= 0) consider(previous[place] as number);
    consider(place);
  }
  return symbols.filter((id) => id !== GONE);
}
