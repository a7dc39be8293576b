// WordPiece (Schuster & Nakajima 2012; BERT's form): from the left, the longest piece in the vocabulary, with a prefix on all but the first. Invariant: a
// word of which any part is unknown is one unknown token.

import { type JsonCursor, shown } from '../json_cursor.ts';
import { type Model, readVocabulary } from './model.ts';

export function wordPiece(at: JsonCursor): Model {
  const vocabulary = readVocabulary(at.at('vocab'));
  const unkToken = at.at('unk_token').string('[UNK]');
  const prefix = at.at('continuing_subword_prefix').string('##');
  const mostCharacters = at.at('max_input_chars_per_word').count(Number.MAX_SAFE_INTEGER, 100);
  const unknown = vocabulary.get(unkToken);
  let longest = 0;
  for (const token of vocabulary.keys()) longest = Math.max(longest, token.length);

  const put = (ids: number[]): void => {
    ids.push(unknown ?? at.at('unk_token').fail(`is ${shown(unkToken)}, which the vocabulary does not have, and a text needs it`));
  };

  return {
    vocabulary,
    vocabSize: vocabulary.size,
    tokenize(word, ids, work) {
      if (word.length > mostCharacters && Array.from(word).length > mostCharacters) {
        put(ids);
        return;
      }
      const before = ids.length;
      for (let begin = 0; begin < word.length; ) {
        let end = Math.min(word.length, begin + longest);
        let found: number | undefined;
        for (; end > begin; end--) {
          work.spend(end - begin, at.path);
          const piece = word.slice(begin, end);
          found = vocabulary.get(begin === 0 ? piece : prefix + piece);
          if (found !== undefined) break;
        }
        if (found === undefined) {
          ids.length = before;
          put(ids);
          return;
        }
        ids.push(found);
        begin = end;
      }
    },
  };
}
