// Texts that a model is to write, as rows of tokens: behind a text that is read, or alone. Where the model reads with one stack and writes with another, what is
// read and what is written are tokens of each. Invariant: which tokens are the continuation's is told as lm-evaluation-harness tells it (`_encode_pair` of
// lm_eval/api/model.py): those of the whole text behind as many as its beginning has by itself.

import type { TokenRow } from './dataset.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface WritingOptions {
  /** Tokens of a row at most; of a beginning that is too long the first ones are cut. */
  readonly max_length: number;
  /** Tokens that another stack writes at most; left out: as many as a row has. */
  readonly max_target_length?: number | undefined;
  /** Whether another stack than that which reads writes. */
  readonly decoder: boolean;
  /** Whether the end of the text is to be written too. */
  readonly end: boolean;
}

const range = (from: number, to: number): Uint32Array => Uint32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** A row of which all words from `first` on are to be given, each by what stands before it. The last is not read. */
function rowOf(ids: readonly number[], first: number, cut: number): TokenRow {
  const input_ids = Uint32Array.from(ids.slice(0, -1));
  const from = Math.max(1, first);
  return {
    ...{ input_ids, token_type_ids: new Uint32Array(input_ids.length), length: input_ids.length },
    ...{ fullLength: input_ids.length + cut, truncated: cut > 0 },
    words: { at: range(from - 1, ids.length - 1), ids: Uint32Array.from(ids.slice(from)) },
  };
}

/** Reads `context` and is to write `continuation`. */
export function continuedText(context: string, continuation: string, tokenizer: Tokenizer, options: WritingOptions): TokenRow {
  const { max_length, max_target_length = max_length, decoder, end } = options;
  if (decoder) {
    const source = tokenizer.encode(context, undefined, max_length);
    const target = tokenizer.encode(continuation.trimStart(), undefined, max_target_length);
    const target_ids = target.input_ids;
    const words = { at: range(0, target_ids.length), ids: target_ids };
    return { ...source, target_ids, words, truncated: source.truncated || target.truncated };
  }
  const trimmed = context.trimEnd();
  const whole = tokenizer.tokens(context + continuation);
  const before = tokenizer.tokens(trimmed).length;
  const ending = end && tokenizer.eosTokenId !== undefined ? [tokenizer.eosTokenId] : [];
  const beginning =
    tokenizer.leading.length > 0 || before > 0 ? tokenizer.leading : [tokenizer.eosTokenId ?? tokenizer.bosTokenId ?? tokenizer.padTokenId];
  const ids = [...beginning, ...whole, ...ending];
  const cut = Math.max(0, ids.length - 1 - max_length);
  return rowOf([...beginning, ...ids.slice(beginning.length + cut)], Math.max(beginning.length, beginning.length + before - cut), cut);
}

/** A text that is to be written from its beginning on; in a model that reads with another stack, of itself. */
export function writtenText(text: string, tokenizer: Tokenizer, options: WritingOptions): TokenRow {
  return options.decoder ? continuedText(text, text, tokenizer, options) : continuedText('', text, tokenizer, options);
}

/** Token ids as a row each of whose words but the first is to be given. All of them are read. */
export function modelledRow(ids: readonly number[]): TokenRow {
  const input_ids = Uint32Array.from(ids);
  const { length } = input_ids;
  return {
    ...{ input_ids, token_type_ids: new Uint32Array(length), length, fullLength: length, truncated: false },
    words: { at: range(0, length - 1), ids: input_ids.slice(1) },
  };
}
