// The kinds of model that tokenizer.json can name.

import type { JsonCursor } from '../json_cursor.ts';
import { bpe } from './bpe.ts';
import type { Model } from './model.ts';
import { unigram } from './unigram.ts';
import { wordLevel } from './word_level.ts';
import { wordPiece } from './wordpiece.ts';

const kinds = { BPE: bpe, WordPiece: wordPiece, WordLevel: wordLevel, Unigram: unigram } as const;

/** Files from before 2021 do not name the kind; what they hold does. */
function unnamed(at: JsonCursor): keyof typeof kinds {
  if (!at.at('merges').absent) return 'BPE';
  if (Array.isArray(at.at('vocab').value)) return 'Unigram';
  return at.at('max_input_chars_per_word').absent ? 'WordLevel' : 'WordPiece';
}

/** A model, from its JSON. Error: `bad-tokenizer`. */
export function modelOf(at: JsonCursor): Model {
  const type = at.at('type');
  return kinds[type.absent ? unnamed(at) : type.oneOf(Object.keys(kinds) as (keyof typeof kinds)[])](at);
}
