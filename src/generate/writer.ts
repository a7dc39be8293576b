// A batch of texts while they are written: which row of the cache each token has, and what goes into and comes out of the programs. Not here: which token comes
// next (sampling.ts), when a text is at its end (src/session/generate.ts).
// Invariant: texts do not see each other, and a text has the same logits however many are written beside it.

import type { Executor } from '../gpu/executor.ts';
import { WatchedPlaces } from '../graph/ops/watch.ts';
import { readStatus } from '../train/status.ts';
import type { GenerationPlan } from './programs.ts';

/** Names no row: nothing is kept there. */
const noRow = 0xffffffff;

/** Logits [words] of the next token of each text. */
export type NextLogits = readonly Float32Array[];

export class Writer {
  readonly #executor: Executor;
  readonly #planned: GenerationPlan;
  readonly #streamLimit: number;
  /** Tokens of each text so far. */
  #counts: number[] = [];

  constructor(executor: Executor, planned: GenerationPlan, streamLimit: number) {
    this.#executor = executor;
    this.#planned = planned;
    this.#streamLimit = streamLimit;
  }

  /** Begins texts, at most as many as there is room for, anew. */
  begin(prompts: readonly ArrayLike<number>[]): Promise<NextLogits> {
    const { room, virtual_tokens: P } = this.#planned;
    const { batch_size: B, prompt: L, capacity } = room;
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    if (prompts.length > B || longest > L || P + longest > capacity)
      throw new Error(`${prompts.length} prompts of up to ${longest} tokens for ${B} of ${L}, ${capacity} with all that follows`);
    const input_ids = new Uint32Array(B * L);
    const cache_rows = new Uint32Array(B * (P + L)).fill(noRow);
    // A row that no text has is one token long, so that nothing is divided by 0.
    const lengths = new Uint32Array(B).fill(1);
    for (const [b, prompt] of prompts.entries()) {
      input_ids.set(prompt, b * L);
      lengths[b] = prompt.length;
      for (let i = 0; i < P + prompt.length; i++) cache_rows[b * (P + L) + i] = b * capacity + i;
    }
    this.#counts = prompts.map(({ length }) => length);
    const position_ids = Uint32Array.from({ length: B * L }, (_, i) => i % L);
    return this.#run('prefill', { input_ids, position_ids, token_type_ids: new Uint32Array(B * L), lengths, cache_rows });
  }

  /** Adds a token to each text; nothing to one that is at its end, whose logits then mean nothing. */
  next(tokens: readonly (number | undefined)[]): Promise<NextLogits> {
    const { room, virtual_tokens: P } = this.#planned;
    const { batch_size: B, capacity } = room;
    const input_ids = new Uint32Array(B);
    const position_ids = new Uint32Array(B);
    const cache_rows = new Uint32Array(B).fill(noRow);
    const cache_lengths = new Uint32Array(B).fill(1);
    for (const [b, token] of tokens.entries()) {
      if (token === undefined) continue;
      const at = this.#counts[b] as number;
      if (P + at >= capacity) throw new Error(`text ${b} has ${at} tokens, and there is room for ${capacity - P}`);
      input_ids[b] = token;
      position_ids[b] = at;
      cache_rows[b] = b * capacity + P + at;
      cache_lengths[b] = P + at + 1;
      this.#counts[b] = at + 1;
    }
    const lengths = new Uint32Array(B).fill(1);
    return this.#run('next', { input_ids, position_ids, token_type_ids: new Uint32Array(B), lengths, cache_rows, cache_lengths });
  }

  async #run(program: string, inputs: Readonly<Record<string, Uint32Array<ArrayBuffer>>>): Promise<NextLogits> {
    for (const [name, values] of Object.entries(inputs)) this.#executor.writeInput(program, name, values);
    if (this.#executor.host) await this.#executor.runHosted(['watch', program]);
    else this.#executor.run(['watch', program]);
    const read = await this.#executor.readResults();
    readStatus(read('status'), this.#planned.registry.shared(WatchedPlaces).names, this.#streamLimit, 0);
    const logits = new Float32Array(read('logits'));
    const width = logits.length / this.#planned.room.batch_size;
    return this.#counts.map((_, b) => logits.subarray(b * width, b * width + this.#planned.words));
  }

  /** Frees what the texts needed; the run beside which they were written stays. */
  close(): void {
    this.#executor.destroy();
  }
}
