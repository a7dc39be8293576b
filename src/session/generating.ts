// Texts that the model of an engine writes: prompts to ids, as much room as they need beside the engine's own programs, what the model's folder says of
// where texts begin and end. Not here: the writing itself (src/generate). Invariant: what it takes on the device is freed before it answers.

import { paddedTo } from '../data/batches.ts';
import { isRecord } from '../formats/text.ts';
import { planGeneration, type Room } from '../generate/programs.ts';
import { type TextEnds, writeTexts } from '../generate/texts.ts';
import { Writer } from '../generate/writer.ts';
import { readJson } from '../hub/folder.ts';
import { type GenerationOptions, parseGeneration } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { WritingEvent, WrittenText } from '../protocol/generation.ts';
import { textPositions } from '../protocol/lengths.ts';
import type { Calls } from '../protocol/messages.ts';
import type { BaseModel } from './base_model.ts';
import { type Engine, streamLimitOf } from './engine.ts';
import { withRemedies } from './remedies.ts';
import { hasDecoder } from './task_fit.ts';

/** Texts that are written together. */
const mostTogether = 8;

const idsOf = (value: unknown): number[] =>
  (Array.isArray(value) ? value : [value]).filter((id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0);

/** generation_config.json, where the folder has one, says more than config.json, and that more than the tokenizer. */
async function endsOf({ folder, config, backbone }: BaseModel, eosTokenId: number | undefined): Promise<TextEnds> {
  const file = await folder.open('generation_config.json');
  const own: unknown = file ? await readJson(folder, 'generation_config.json') : {};
  const said = (key: string): number[] => {
    const first = isRecord(own) ? idsOf(own[key]) : [];
    return first.length > 0 ? first : idsOf(config[key]);
  };
  const eos = said('eos_token_id');
  const { decoder_start_token_id } = backbone().config;
  return {
    eos_token_ids: eos.length > 0 ? eos : idsOf(eosTokenId),
    ...(decoder_start_token_id === undefined
      ? {}
      : {
          decoder_start_token_id: said('decoder_start_token_id')[0] ?? decoder_start_token_id,
          forced_bos_token_id: said('forced_bos_token_id')[0],
          forced_eos_token_id: said('forced_eos_token_id')[0],
        }),
  };
}

/** The ids of a prompt. Errors: `prompt-empty`, `prompt-too-long`. */
function promptIds({ setup, tokenizer }: Engine, prompt: string, most: number): number[] {
  // A text that is read is whole; one that goes on has nothing behind it.
  const encoded = hasDecoder(setup.backbone)
    ? [...tokenizer.encode(prompt, undefined, Number.MAX_SAFE_INTEGER).input_ids]
    : [...tokenizer.leading, ...tokenizer.tokens(prompt)];
  const ids = encoded.length > 0 ? encoded : idsOf(tokenizer.bosTokenId ?? tokenizer.eosTokenId);
  if (ids.length === 0) {
    throw new RetraceError({
      code: 'prompt-empty',
      message: 'The prompt is empty, and the tokenizer has no token that begins a text.',
      where: 'prompt',
      remedy: 'Write a word for the model to go on from.',
    });
  }
  if (ids.length <= most) return ids;
  throw new RetraceError({
    code: 'prompt-too-long',
    message: `The prompt has ${ids.length} tokens; the model takes ${most}.`,
    where: 'prompt',
    remedy: 'Shorten the prompt.',
  });
}

/** As little is compiled anew for prompts of other lengths. */
const roundedUp = (count: number, most: number): number => paddedTo(count, 16, most);

export class Texts {
  readonly #emit: (event: WritingEvent) => void;
  /** Ends those that are being written. */
  #writing: AbortController | undefined;

  constructor(emit: (event: WritingEvent) => void) {
    this.#emit = emit;
  }

  /** Ends at the next token what is being written. */
  stop(): void {
    this.#writing?.abort();
  }

  /** Writes a text for each prompt. Errors: `busy`, `run-config`, `prompt-empty`, `prompt-too-long`, and as of `planGeneration`. */
  async write(engine: Engine, { prompts, options }: Calls['generate']['argument']): Promise<WrittenText[]> {
    const checked = parseGeneration(options ?? {});
    if (this.#writing)
      throw new RetraceError({ code: 'busy', message: 'A text is being written.', remedy: 'Stop it, or wait for its end.' });
    const writing = new AbortController();
    this.#writing = writing;
    try {
      return await this.#all(engine, prompts, checked, writing.signal);
    } finally {
      this.#writing = undefined;
    }
  }

  async #all(engine: Engine, prompts: readonly string[], options: GenerationOptions, signal: AbortSignal): Promise<WrittenText[]> {
    const { setup, model, tokenizer } = engine;
    const ends = await endsOf(model, tokenizer.eosTokenId);
    const positions = textPositions(setup.backbone.config.max_position_embeddings, setup.method, setup.options);
    const goesOn = ends.decoder_start_token_id === undefined;
    const all = prompts.map((prompt) => promptIds(engine, prompt, goesOn ? positions - 1 : positions));
    const onText = (prompt: number, text: string) => this.#emit({ type: 'writing', prompt, text, goes_on: goesOn });
    const decode = (prompt: readonly number[], tokens: readonly number[]): string => {
      if (!goesOn) return tokenizer.decode(tokens);
      // Decoded with its prompt a text keeps the space that it begins with.
      const [before, whole] = [tokenizer.decode(prompt), tokenizer.decode([...prompt, ...tokens])];
      return whole.startsWith(before) ? whole.slice(before.length) : tokenizer.decode(tokens);
    };
    const written: WrittenText[] = [];
    for (let first = 0; first < all.length; first += mostTogether) {
      const ids = all.slice(first, first + mostTogether);
      const longest = ids.reduce((most, { length }) => Math.max(most, length), 0);
      const writer = await writerFor(engine, {
        batch_size: ids.length,
        prompt: roundedUp(longest, positions),
        capacity: roundedUp((goesOn ? longest : 1) + options.max_new_tokens, positions),
      });
      try {
        written.push(...(await writeTexts(writer, ids, { options, ends, positions, first, decode, onText, signal })));
      } finally {
        writer.close();
      }
    }
    return written;
  }
}

/** Plans and allocates what the texts need. */
async function writerFor({ setup, executor, registry }: Engine, room: Room): Promise<Writer> {
  const planned = planGeneration(setup, { plan: executor.plan, registry }, room);
  const own = await executor.beside(planned.plan).catch((error) => {
    throw withRemedies(error, setup, executor.plan.total + planned.plan.total);
  });
  return new Writer(own, planned, streamLimitOf(setup));
}
