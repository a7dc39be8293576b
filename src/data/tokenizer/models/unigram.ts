// Unigram (Kudo 2018): of all ways to cut a word into pieces, the one with the highest sum of scores, found from left to right (Viterbi). Invariant: sums
// are made in the order of the Rust library, so that equal scores break ties alike.

import type { JsonCursor } from '../json_cursor.ts';
import { Trie } from '../trie.ts';
import { type Model, mostTokens } from './model.ts';

/** How much worse than the worst piece an unknown character is. */
const unknownPenalty = 10;

export function unigram(at: JsonCursor): Model {
  const scores: number[] = [];
  const vocabulary = new Map<string, number>();
  const trie = new Trie((why) => at.at('vocab').fail(why));
  for (const [id, piece] of at.at('vocab').array(mostTokens).entries()) {
    const [token, score] = Array.isArray(piece) ? (piece as unknown[]) : [];
    if (typeof token !== 'string' || typeof score !== 'number')
      return at.at('vocab').fail(`has at ${id} something else than a piece and its score`);
    scores.push(score);
    vocabulary.set(token, id);
    if (token !== '') trie.add(token, id);
  }
  const unkId = at.at('unk_id');
  const unknown = unkId.absent ? undefined : unkId.count(Math.max(0, scores.length - 1));
  if (unknown !== undefined && scores.length === 0) at.at('vocab').fail('is empty');
  const byteFallback = at.at('byte_fallback').boolean(false);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty;
  const bytes = Array.from({ length: 256 }, (_, byte) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`));
  const missing = (): never => unkId.fail('is missing, and a text needs it');

  /** Ids of a stretch that is no piece. */
  function strange(text: string, ids: number[]): void {
    const known = vocabulary.get(text);
    const spelled = known === undefined && byteFallback ? Array.from(new TextEncoder().encode(text), (byte) => bytes[byte]) : [undefined];
    if (known !== undefined) ids.push(known);
    else if (spelled.every((byte) => byte !== undefined)) ids.push(...(spelled as number[]));
    else ids.push(unknown ?? missing());
  }

  return {
    vocabulary,
    vocabSize: scores.length,
    tokenize(word, ids, work) {
      const { length } = word;
      // [length + 1], the best way to get to a place: its score, where its last piece begins (-1: no way yet) and which piece that is.
      const best = new Float64Array(length + 1);
      const from = new Int32Array(length + 1).fill(-1);
      const piece = new Int32Array(length + 1);
      const offer = (begin: number, end: number, score: number, id: number): void => {
        if (from[end] !== -1 && !(score > (best[end] as number))) return;
        best[end] = score;
        from[end] = begin;
        piece[end] = id;
      };
      for (let begin = 0; begin < length; ) {
        const width = (word.codePointAt(begin) as number) > 0xffff ? 2 : 1;
        const before = best[begin] as number;
        let single = false;
        let node = 0;
        let end = begin;
        for (; end < length; end++) {
          node = trie.next(node, word.charCodeAt(end));
          if (node < 0) break;
          const id = trie.value(node);
          if (id < 0) continue;
          offer(begin, end + 1, (scores[id] as number) + before, id);
          if (end + 1 - begin === width) single = true;
        }
        work.spend(end - begin + 1, at.path);
        if (!single) offer(begin, begin + width, unknownScore + before, unknown ?? missing());
        begin += width;
      }
      const cuts: number[] = [];
      for (let end = length; end > 0; end = from[end] as number) cuts.push(end);
      // Neighbouring unknown characters are one token.
      let strangeFrom = -1;
      for (let i = cuts.length - 1; i >= 0; i--) {
        const end = cuts[i] as number;
        const begin = from[end] as number;
        if (piece[end] === unknown) {
          if (strangeFrom < 0) strangeFrom = begin;
          continue;
        }
        if (strangeFrom >= 0) strange(word.slice(strangeFrom, begin), ids);
        strangeFrom = -1;
        ids.push(piece[end] as number);
      }
      if (strangeFrom >= 0) strange(word.slice(strangeFrom), ids);
    },
  };
}
