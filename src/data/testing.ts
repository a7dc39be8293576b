// For tests: a tokenizer where lengths are all that counts.

import type { Tokenizer } from './tokenizer.ts';

/** One token a word, with nothing in it. */
export const tokenizerOfWords: Tokenizer = {
  ...{ padTokenId: 0, modelMaxLength: 512, vocabSize: 100, largestId: 99, leading: [], tokens: () => new Uint32Array() },
  token: String,
  decode: (ids: Iterable<number>) => [...ids].join(' '),
  encode(text) {
    const length = text.split(' ').length;
    return { input_ids: new Uint32Array(length), token_type_ids: new Uint32Array(length), length, fullLength: length, truncated: false };
  },
};
