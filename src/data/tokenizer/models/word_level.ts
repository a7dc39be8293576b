// WordLevel: a word is one token or the unknown one. Characters, too, where the pre-tokenizer splits to those.

import { type JsonCursor, shown } from '../json_cursor.ts';
import { type Model, readVocabulary } from './model.ts';

export function wordLevel(at: JsonCursor): Model {
  const vocabulary = readVocabulary(at.at('vocab'));
  const unkToken = at.at('unk_token').string('<unk>');
  return {
    vocabulary,
    vocabSize: vocabulary.size,
    tokenize(word, ids) {
      const id = vocabulary.get(word) ?? vocabulary.get(unkToken);
      ids.push(
        id ?? at.at('unk_token').fail(`is ${shown(unkToken)}, which the vocabulary does not have, and the text ${shown(word)} needs it`),
      );
    },
  };
}
