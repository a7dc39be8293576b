// Texts written to their ends: token after token until the model, a stop string, the length or whoever reads them ends them. Not here: the programs' numbers
// (writer.ts), how a token is chosen (sampling.ts), what ids are in words (the tokenizer's).
// Invariant: what is shown of a text is only ever added to, but for the end of a character that is not whole yet, which is held back.

import type { GenerationOptions } from '../protocol/config.ts';
import type { WrittenText } from '../protocol/generation.ts';
import { nextToken } from './sampling.ts';
import type { Writer } from './writer.ts';

/** What a model begins and ends its texts with. */
export interface TextEnds {
  readonly eos_token_ids: readonly number[];
  /** Where another stack reads the prompt: the token before the first. */
  readonly decoder_start_token_id?: number | undefined;
  /** What the first token always is, and the last where the length ends the text. */
  readonly forced_bos_token_id?: number | undefined;
  readonly forced_eos_token_id?: number | undefined;
}

export interface Writing {
  readonly options: GenerationOptions;
  readonly ends: TextEnds;
  /** Tokens that a text may have, its prompt included where it goes on from there. */
  readonly positions: number;
  /** Number of the first text, of all that are written with this seed. */
  readonly first: number;
  /** The ids that follow a prompt, in words. */
  decode(prompt: readonly number[], tokens: readonly number[]): string;
  onText(text: number, written: string): void;
  readonly signal: AbortSignal;
}

interface Text {
  readonly prompt: readonly number[];
  /** New ones. */
  readonly tokens: number[];
  shown: string;
  finish?: WrittenText['finish'];
}

/** What ends a text whose newest token has been put to it. */
function endsBy(text: Text, whole: string, most: number, { options: { stop_strings } }: Writing): WrittenText['finish'] | undefined {
  const stops = stop_strings.flatMap((stop) => {
    const at = whole.indexOf(stop);
    return at < 0 ? [] : [at + stop.length];
  });
  if (stops.length > 0) {
    text.shown = whole.slice(0, Math.min(...stops));
    return 'stop string';
  }
  return text.tokens.length >= most ? 'length' : undefined;
}

/** Adds a token to a text and shows what is new. */
function put(text: Text, i: number, token: number, most: number, writing: Writing): void {
  const { ends, decode, onText, first } = writing;
  if (ends.eos_token_ids.includes(token)) {
    text.finish = 'end';
    return;
  }
  text.tokens.push(token);
  const whole = decode(text.prompt, text.tokens);
  const before = text.shown;
  // Bytes that are no whole character yet decode to U+FFFD.
  text.shown = whole.replace(/\ufffd+$/, '');
  const finish = endsBy(text, whole, most, writing);
  if (finish === 'length') text.shown = whole;
  if (finish) text.finish = finish;
  if (text.shown !== before) onText(first + i, text.shown);
}

/** Writes a text behind each prompt, or of each where another stack reads them. */
export async function writeTexts(writer: Writer, prompts: readonly (readonly number[])[], writing: Writing): Promise<WrittenText[]> {
  const { options, ends, positions, first, signal } = writing;
  const { decoder_start_token_id: start, forced_bos_token_id, forced_eos_token_id } = ends;
  const texts = prompts.map((prompt): Text => ({ prompt: start === undefined ? prompt : [], tokens: [], shown: '' }));
  const before = ({ prompt, tokens }: Text): number[] => [...(start === undefined ? prompt : [start]), ...tokens];
  const mostOf = ({ prompt }: Text) => Math.min(options.max_new_tokens, positions - (start === undefined ? prompt.length : 1));
  const isWriting = ({ finish }: Text) => finish === undefined;

  let logits = await writer.begin(prompts, start);
  while (texts.some(isWriting) && !signal.aborted) {
    for (const [i, text] of texts.entries()) {
      if (!isWriting(text)) continue;
      const most = mostOf(text);
      const token = text.tokens.length;
      const forced = token === 0 ? forced_bos_token_id : token === most - 1 ? forced_eos_token_id : undefined;
      const draw = { seed: options.seed, text: first + i, token };
      put(text, i, forced ?? nextToken(logits[i] as Float32Array, before(text), options, draw), most, writing);
    }
    if (texts.some(isWriting) && !signal.aborted)
      logits = await writer.next(texts.map((text) => (isWriting(text) ? text.tokens.at(-1) : undefined)));
  }
  const goes_on = start === undefined;
  return texts.map(({ shown, tokens, finish }) => ({ text: shown, goes_on, tokens: tokens.length, finish: finish ?? 'stopped' }));
}
