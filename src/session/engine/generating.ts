// Texts that the model of an engine writes behind people's prompts, with as much room as they need beside the engine's own programs. Not here: the writing itself
// (src/generate), what it takes of an engine (writing.ts). Invariant: what it takes on the device is freed before it answers.

import { writeTexts } from '../../generate/texts.ts';
import { type GenerationOptions, parseGeneration } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { WritingEvent, WrittenText } from '../../protocol/generation.ts';
import type { Calls } from '../../protocol/messages.ts';
import { hasDecoder } from '../models/task_fit.ts';
import type { Engine } from './engine.ts';
import { idsOf, mostTogether, planWriter, roundedUp, writerOf, writingWays } from './writing.ts';

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
    const { ends, positions, goes_on, decode } = await writingWays(engine);
    const all = prompts.map((prompt) => promptIds(engine, prompt, goes_on ? positions - 1 : positions));
    const onText = (prompt: number, text: string) => this.#emit({ type: 'writing', prompt, text, goes_on });
    const written: WrittenText[] = [];
    for (let first = 0; first < all.length; first += mostTogether) {
      const ids = all.slice(first, first + mostTogether);
      const longest = ids.reduce((most, { length }) => Math.max(most, length), 0);
      const room = {
        batch_size: ids.length,
        prompt: roundedUp(longest, positions),
        capacity: roundedUp((goes_on ? longest : 1) + options.max_new_tokens, positions),
      };
      const writer = await writerOf(engine, planWriter(engine, room));
      try {
        written.push(...(await writeTexts(writer, ids, { options, ends, positions, first, decode, onText, signal })));
      } finally {
        writer.close();
      }
    }
    return written;
  }
}
