// What a model of tokenizer.json is to the rest: words to ids, and its vocabulary. The four kinds lie beside this file. Invariant: ids are whole numbers
// below 2^32, and each stands for one token.

import { type JsonCursor, shown } from '../json_cursor.ts';
import type { Work } from '../work.ts';

export interface Model {
  /** Ids of a word, put after those that `ids` has. */
  tokenize(word: string, ids: number[], work: Work): void;
  readonly vocabulary: ReadonlyMap<string, number>;
  /** As Rust counts it: for Unigram, pieces that stand twice count twice. */
  readonly vocabSize: number;
}

/** Far more than any tokenizer has; the largest known have a million. */
export const mostTokens = 5_000_000;

/** {"token": id, ...}. Error: `bad-tokenizer`. */
export function readVocabulary(at: JsonCursor): Map<string, number> {
  const vocabulary = new Map<string, number>();
  const record = at.object();
  for (const token in record) {
    if (!Object.hasOwn(record, token)) continue;
    const id = record[token];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0xffffffff) {
      at.fail(`gives ${shown(token)} the id ${shown(id)}; ids are whole numbers from 0 on`);
    }
    vocabulary.set(token, id);
    if (vocabulary.size > mostTokens) at.fail(`has more than ${mostTokens} tokens`);
  }
  return vocabulary;
}
