// Text to token ids, as the model's own tokenizer.json says. Wraps @huggingface/tokenizers, which neither truncates nor knows ids of its
// post-processor's result; both are done here. Invariant: same ids as Transformers' fast tokenizer with truncation="longest_first".

import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isRecord } from '../formats/text.ts';
import { type ModelFolder, readJson } from '../hub/folder.ts';
import { RetraceError } from '../protocol/errors.ts';

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
  /** The most tokens its author meant it for; Infinity where tokenizer_config.json does not say. */
  readonly modelMaxLength: number;
  /** Ids are below this. */
  readonly vocabSize: number;
  /** At most `maxLength` tokens, special ones included. Error: `max-length-too-small`. */
  encode(text: string, textPair: string | undefined, maxLength: number): Encoded;
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

/**
 * Ideographs above U+FFFF, each a word of its own in BERT's normalizer. @huggingface/tokenizers 0.2.0 tests UTF-16 units one by one and so
 * misses them (one [UNK] where Transformers gives two for two of them); this can go when it walks code points. Ranges as in BERT's
 * `_is_chinese_char`.
 */
const RARE_IDEOGRAPHS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

function padTokenOf(definition: Record<string, unknown>, config: Record<string, unknown>): string {
  const declared = isRecord(config.pad_token) ? config.pad_token.content : config.pad_token;
  if (typeof declared === 'string') return declared;
  const padding = isRecord(definition.padding) ? definition.padding.pad_token : undefined;
  return typeof padding === 'string' ? padding : '[PAD]';
}

/** Reads tokenizer.json and, where present, tokenizer_config.json. Errors: `missing-file`, `not-json`, `bad-tokenizer`. */
export async function loadTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  const definition = await readJson(folder, 'tokenizer.json');
  const hasConfig = (await folder.open('tokenizer_config.json')) !== undefined;
  const config = hasConfig ? await readJson(folder, 'tokenizer_config.json') : {};
  if (!isRecord(definition) || !isRecord(definition.model) || !isRecord(config)) {
    throw badTokenizer(folder.name, 'it has no "model" object');
  }
  let inner: HuggingFaceTokenizer;
  try {
    inner = new HuggingFaceTokenizer({ added_tokens: [], ...definition }, config);
  } catch (thrown) {
    throw badTokenizer(folder.name, thrown instanceof Error ? thrown.message : String(thrown));
  }
  const { normalizer } = definition;
  const spaceIdeographs = isRecord(normalizer) && normalizer.type === 'BertNormalizer' && normalizer.handle_chinese_chars !== false;
  return tokenizerOf(inner, {
    padToken: padTokenOf(definition, config),
    modelMaxLength: Number(config.model_max_length ?? Number.POSITIVE_INFINITY),
    prepare: spaceIdeographs ? (text) => text.replace(RARE_IDEOGRAPHS, ' $& ') : (text) => text,
  });
}

function badTokenizer(folder: string, why: string): RetraceError {
  return new RetraceError({
    code: 'bad-tokenizer',
    message: `The tokenizer of ${folder} cannot be used: ${why}.`,
    where: `${folder}/tokenizer.json`,
    remedy: 'Download tokenizer.json again, from a BERT, RoBERTa, BART, OPT or similar model.',
  });
}

interface Particulars {
  readonly padToken: string;
  readonly modelMaxLength: number;
  prepare(text: string): string;
}

function tokenizerOf(inner: HuggingFaceTokenizer, { padToken, modelMaxLength, prepare }: Particulars): Tokenizer {
  const unknownId = inner.model?.unk_token_id ?? 0;
  const idOf = (token: string): number => inner.token_to_id(token) ?? unknownId;

  /** Special tokens put round one or two lists of tokens, by the tokenizer's own post-processor. */
  function dress(first: string[], second: string[] | null): { readonly tokens: string[]; readonly types: number[] } {
    const dressed = inner.post_processor?.(first, second, true) ?? { tokens: first, tokens_pair: second ?? [] };
    const tokens = [...dressed.tokens, ...(dressed.tokens_pair ?? [])];
    return { tokens, types: dressed.token_type_ids ?? new Array<number>(tokens.length).fill(0) };
  }

  const added = { single: dress([], null).tokens.length, pair: dress([], []).tokens.length };

  return {
    padTokenId: idOf(padToken),
    modelMaxLength,
    vocabSize: inner.model?.vocab.length ?? 0,
    token: (id) => inner.id_to_token(id) ?? '',
    encode(text, textPair, maxLength) {
      const room = maxLength - (textPair === undefined ? added.single : added.pair);
      if (room < 1) {
        throw new RetraceError({
          code: 'max-length-too-small',
          message: `A maximum length of ${maxLength} leaves no room: the special tokens alone take ${maxLength - room}.`,
          remedy: `Set the maximum length to at least ${maxLength - room + 1}; 32 to 128 suits most data.`,
        });
      }
      const first = inner.tokenize(prepare(text));
      const second = textPair === undefined ? null : inner.tokenize(prepare(textPair));
      const [a, b] = longestFirst(first.length, second?.length ?? 0, room);
      const { tokens, types } = dress(first.slice(0, a), second?.slice(0, b) ?? null);
      return {
        input_ids: Uint32Array.from(tokens, idOf),
        token_type_ids: Uint32Array.from(types),
        length: tokens.length,
        fullLength: maxLength - room + first.length + (second?.length ?? 0),
        truncated: a + b < first.length + (second?.length ?? 0),
      };
    },
  };
}
