// Text to token ids and back, as the model's own tokenizer files say: cut to a length, with special tokens round it. The engine that makes ids of a text, and
// how it comes out of a folder, are in tokenizer/. Invariant: same ids as Transformers' AutoTokenizer with truncation="longest_first".

import type { ModelFolder } from '../hub/folder.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { DataWarning } from '../protocol/messages.ts';
import { tokenizerFromFolder } from './tokenizer/from_folder.ts';
import { leadingOf, specialTokens } from './tokenizer/post_processors.ts';

export interface Encoded {
  /** [length], special tokens included. */
  readonly input_ids: Uint32Array;
  /** [length]; 0 for the first text, 1 for the second where the tokenizer says so. */
  readonly token_type_ids: Uint32Array;
  readonly length: number;
  /** What the length would be without truncation. */
  readonly fullLength: number;
  readonly truncated: boolean;
}

export interface Tokenizer {
  readonly padTokenId: number;
  /** What ends a text, and what begins one; left out where there is no such token. */
  readonly eosTokenId?: number | undefined;
  readonly bosTokenId?: number | undefined;
  /** The most tokens its author meant it for; Infinity where tokenizer_config.json does not say. */
  readonly modelMaxLength: number;
  /** Tokens in all, added ones included: `len(tokenizer)` in Python. */
  readonly vocabSize: number;
  /** No id is above this one. It may be above `vocabSize`, where ids have gaps. */
  readonly largestId: number;
  /** What to know of it before a run; left out: nothing. */
  readonly warnings?: readonly DataWarning[];
  /** At most `maxLength` tokens, special ones included. Error: `max-length-too-small`. */
  encode(text: string, textPair: string | undefined, maxLength: number): Encoded;
  /** Special tokens that stand before a text by itself. */
  readonly leading: readonly number[];
  /** The ids of a text, without special tokens. */
  tokens(text: string): Uint32Array;
  /** The text of ids, special tokens left out. */
  decode(ids: Iterable<number>): string;
  /** The token of an id, as a preview shows it. */
  token(id: number): string;
}

/** Lengths after truncation to `most` tokens in all: from the longer one first, then evenly (Transformers' `longest_first`). */
export function longestFirst(first: number, second: number, most: number): [number, number] {
  if (first + second <= most) return [first, second];
  const half = Math.floor(most / 2);
  const short = Math.min(first, second);
  const kept: [number, number] = short <= half ? [short, most - short] : [half, most - half];
  return first > second ? [kept[1], kept[0]] : kept;
}

/** Reads the tokenizer's files, as AutoTokenizer does. Errors: `missing-file`, `not-json`, `bad-tokenizer`. */
export async function loadTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const { engine, templates, padTokenId, eosTokenId, bosTokenId, decode, modelMaxLength, truncationSide, tokenTypes } =
    await tokenizerFromFolder(folder);
  const { vocabSize, largestId } = engine;
  return {
    ...{ padTokenId, eosTokenId, bosTokenId, modelMaxLength, vocabSize, largestId },
    leading: leadingOf(templates.single),
    token: (id) => engine.tokenOf(id) ?? '',
    tokens: (text) => Uint32Array.from(engine.tokenize(text)),
    decode: (ids) => decode(engine.tokensOf(ids)),
    encode(text, textPair, maxLength) {
      const template = textPair === undefined ? templates.single : templates.pair;
      const special = specialTokens(template);
      const room = maxLength - special;
      if (room < 1) {
        throw new RetraceError({
          code: 'max-length-too-small',
          message: `A maximum length of ${maxLength} leaves no room: the special tokens alone take ${special}.`,
          remedy: `Set the maximum length to at least ${special + 1}; 32 to 128 suits most data.`,
        });
      }
      const texts = textPair === undefined ? [engine.tokenize(text)] : [engine.tokenize(text), engine.tokenize(textPair)];
      const [first, second] = [texts[0]?.length ?? 0, texts[1]?.length ?? 0];
      const kept = longestFirst(first, second, room);
      const length = special + kept[0] + kept[1];
      const input_ids = new Uint32Array(length);
      const typed = tokenTypes && template.some((piece) => piece.type !== 0);
      const token_type_ids = typed ? new Uint32Array(length) : zeros(length);
      let at = 0;
      for (const piece of template) {
        const begin = at;
        if ('ids' in piece) for (const id of piece.ids) input_ids[at++] = id;
        else {
          const ids = texts[piece.text] as number[];
          const from = truncationSide === 'right' ? 0 : ids.length - kept[piece.text];
          for (let i = 0; i < kept[piece.text]; i++) input_ids[at++] = ids[from + i] as number;
        }
        if (typed) token_type_ids.fill(piece.type, begin, at);
      }
      return { input_ids, token_type_ids, length, fullLength: special + first + second, truncated: kept[0] + kept[1] < first + second };
    },
  };
}

const zeroTypes = new Map<number, Uint32Array>();

/** As many zeros, shared by all texts of a length: a million texts would hold a million of them. */
function zeros(length: number): Uint32Array {
  const known = zeroTypes.get(length);
  if (known !== undefined) return known;
  const made = new Uint32Array(length);
  if (length <= 4096) zeroTypes.set(length, made);
  return made;
}
