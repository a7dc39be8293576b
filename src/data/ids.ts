// Token ids held against the tables that they index. A tokenizer and a checkpoint are two files, and nothing but this says that they belong
// together: an id without a row would read whatever lies behind the table. Invariant: every id that reaches a batch has passed here.

import { RetraceError, reportOf } from '../protocol/errors.ts';
import type { DataWarning } from '../protocol/messages.ts';
import { listText, plural } from '../protocol/sentences.ts';
import type { Encoded, Tokenizer } from './tokenizer.ts';

/** Rows of a model's embedding tables, as its config.json says and its checkpoint has. */
export interface TableRows {
  readonly vocab_size: number;
  readonly type_vocab_size: number;
}

const shownCharacters = 80;
const shortened = (text: string): string => (text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text);

function refuseToken(tokenizer: Tokenizer, id: number, { vocab_size }: TableRows, where: string): never {
  throw new RetraceError({
    code: 'token-past-table',
    message: `The token "${shortened(tokenizer.token(id))}" has the id ${id}, and the model's table of tokens has ${vocab_size} rows, 0 to ${vocab_size - 1}.`,
    where,
    remedy:
      'The tokenizer has tokens that the model was not resized for. In Python: model.resize_token_embeddings(len(tokenizer)), then save both; or use the tokenizer that came with the model.',
  });
}

function refuseType(id: number, { type_vocab_size }: TableRows, where: string): never {
  throw new RetraceError({
    code: 'token-past-table',
    message: `The tokenizer gives a token type ${id}, and the model's table of token types has ${plural(type_vocab_size, 'row')}.`,
    where,
    remedy: 'Choose one text column, for this model tells no second text from a first; or use the tokenizer that came with the model.',
  });
}

const shownTokens = 5;

/** Tokens that a text must not have, where there are any: no harm as long as none has. */
function strays(tokenizer: Tokenizer, { vocab_size }: TableRows): DataWarning[] {
  const count = tokenizer.largestId + 1 - vocab_size;
  if (count <= 0) return [];
  const first = Array.from({ length: Math.min(count, shownTokens) }, (_, i) => `"${shortened(tokenizer.token(vocab_size + i))}"`);
  return [
    {
      code: 'tokens-past-table',
      message: `The tokenizer has ${plural(count, 'token')} past the ${vocab_size} rows of the model's table: ${listText(first, shownTokens, count)}. A text with one of them is refused.`,
      remedy: 'In Python: model.resize_token_embeddings(len(tokenizer)), then save both; or use the tokenizer that came with the model.',
      rows: [],
    },
  ];
}

const firstPast = (ids: Uint32Array, rows: number): number | undefined => ids.find((id) => id >= rows);

/**
 * The tokenizer, whose ids are all below the tables' rows. Errors: `token-past-table`, here for the padding token and later for a text that has
 * such a token; `bad-tokenizer`, where it fails on a text.
 */
export function withinTables(tokenizer: Tokenizer, rows: TableRows): Tokenizer {
  if (tokenizer.padTokenId >= rows.vocab_size) refuseToken(tokenizer, tokenizer.padTokenId, rows, 'tokenizer.json, the padding token');
  const place = (text: string, textPair?: string) =>
    `text "${shortened(text)}"${textPair === undefined ? '' : ` and "${shortened(textPair)}"`}`;
  const guarded = <T>(where: string, work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof RetraceError) throw thrown;
      throw new RetraceError({
        code: 'bad-tokenizer',
        message: `The tokenizer failed on a text: ${reportOf(thrown).message}`,
        where,
        remedy: 'Download tokenizer.json again, from a BERT, RoBERTa, BART, OPT or similar model.',
      });
    }
  };
  const requireIds = (ids: Uint32Array, where: string): Uint32Array => {
    const token = firstPast(ids, rows.vocab_size);
    if (token !== undefined) refuseToken(tokenizer, token, rows, where);
    return ids;
  };
  const encode = (text: string, textPair: string | undefined, maxLength: number): Encoded => {
    const where = place(text, textPair);
    const encoded = guarded(where, () => tokenizer.encode(text, textPair, maxLength));
    requireIds(encoded.input_ids, where);
    // A model without such a table reads no types.
    const type = rows.type_vocab_size === 0 ? undefined : firstPast(encoded.token_type_ids, rows.type_vocab_size);
    if (type !== undefined) refuseType(type, rows, where);
    return encoded;
  };
  const tokens = (text: string): Uint32Array =>
    requireIds(
      guarded(place(text), () => tokenizer.tokens(text)),
      place(text),
    );
  return {
    padTokenId: tokenizer.padTokenId,
    eosTokenId: tokenizer.eosTokenId,
    bosTokenId: tokenizer.bosTokenId,
    modelMaxLength: tokenizer.modelMaxLength,
    vocabSize: tokenizer.vocabSize,
    largestId: tokenizer.largestId,
    warnings: strays(tokenizer, rows),
    leading: tokenizer.leading,
    tokens,
    decode: (ids) => tokenizer.decode(ids),
    token: (id) => tokenizer.token(id),
    encode,
  };
}
