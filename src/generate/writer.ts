// A batch of texts while they are written: which row of the cache each token has, and what goes into and comes out of the programs. Not here: which token comes
// next (sampling.ts), when a text is at its end (src/session/engine/generating.ts).
// Invariant: texts do not see each other, and a text has the same logits however many are written beside it.

import type { Executor } from '../gpu/executor.ts';
import { WatchedPlaces } from '../graph/ops/watch.ts';
import { readStatus } from '../train/status.ts';
import type { GenerationPlan } from './programs.ts';

/** Names no row: nothing is kept there. */
const noRow = 0xffffffff;

/** Logits [words] of the next token of each text. */
export type NextLogits = readonly Float32Array[];

/** Inputs of a program, or a part of them. */
type Inputs = Record<string, Uint32Array<ArrayBuffer>>;

/** Inputs of B texts of up to T tokens, of which each is the `counts`-th of its text; a row that no text has is one token long, so that nothing is divided by 0. */
function tokenInputs(prefix: string, B: number, T: number, texts: readonly ArrayLike<number>[], counts: readonly number[] = []): Inputs {
  const input_ids = new Uint32Array(B * T);
  const lengths = new Uint32Array(B).fill(1);
  for (const [b, text] of texts.entries()) {
    input_ids.set(text, b * T);
    lengths[b] = Math.max(1, text.length);
  }
  const position_ids = Uint32Array.from({ length: B * T }, (_, i) => (counts[Math.floor(i / T)] ?? 0) + (i % T));
  const named = { input_ids, position_ids, token_type_ids: new Uint32Array(B * T), lengths };
  return Object.fromEntries(Object.entries(named).map(([name, values]) => [prefix + name, values]));
}

export class Writer {
  readonly #executor: Executor;
  readonly #planned: GenerationPlan;
  readonly #streamLimit: number;
  /** Tokens of each text so far. */
  #counts: number[] = [];
  /** What `next` needs of the prompts, where another stack reads them. */
  #read: Inputs = {};

  constructor(executor: Executor, planned: GenerationPlan, streamLimit: number) {
    this.#executor = executor;
    this.#planned = planned;
    this.#streamLimit = streamLimit;
  }

  /** Begins texts, at most as many as there is room for, anew. `start`: where another stack reads the prompts, the token that each text begins with. */
  begin(prompts: readonly ArrayLike<number>[], start?: number): Promise<NextLogits> {
    const { room, input_prefix } = this.#planned;
    const { batch_size: B, prompt: L } = room;
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    if (prompts.length > B || longest > L) throw new Error(`${prompts.length} prompts of up to ${longest} tokens for ${B} of ${L}`);
    this.#counts = prompts.map(() => 0);
    const read = tokenInputs('', B, L, prompts);
    if (input_prefix === '') return this.#run('prefill', { ...read, ...this.#kept(L, prompts) });
    if (start === undefined) throw new Error('a text that a stack of its own writes begins with a token');
    const starts = prompts.map(() => [start]);
    this.#read = { lengths: read['lengths'] as Inputs[string] };
    return this.#run('prefill', { ...read, ...tokenInputs(input_prefix, B, 1, starts), ...this.#kept(1, starts) });
  }

  /** Adds a token to each text; nothing to one that is at its end, whose logits then mean nothing. */
  next(tokens: readonly (number | undefined)[]): Promise<NextLogits> {
    const { room, input_prefix } = this.#planned;
    const texts = tokens.map((token) => (token === undefined ? [] : [token]));
    const inputs = tokenInputs(input_prefix, room.batch_size, 1, texts, this.#counts);
    return this.#run('next', { ...inputs, ...this.#read, ...this.#kept(1, texts) });
  }

  /** Rows of the cache for T further tokens of each text at most, those of `texts`, and rows that are then in use. */
  #kept(T: number, texts: readonly ArrayLike<number>[]): Inputs {
    const { room, virtual_tokens: P } = this.#planned;
    const { batch_size: B } = room;
    const capacity = P + room.capacity;
    const before = this.#counts.map((count) => (count === 0 ? 0 : P + count));
    // Virtual tokens come with the first ones.
    const width = T + (before.some((rows) => rows > 0) ? 0 : P);
    const cache_rows = new Uint32Array(B * width).fill(noRow);
    const cache_lengths = new Uint32Array(B).fill(1);
    for (const [b, { length }] of texts.entries()) {
      if (length === 0) continue;
      const begin = before[b] as number;
      const end = begin + (begin === 0 ? P : 0) + length;
      if (end > capacity) throw new Error(`text ${b} takes ${end} rows, and there is room for ${capacity}`);
      for (let row = begin; row < end; row++) cache_rows[b * width + row - begin] = b * capacity + row;
      cache_lengths[b] = end;
      this.#counts[b] = (this.#counts[b] as number) + length;
    }
    return { cache_rows, cache_lengths };
  }

  async #run(program: string, inputs: Inputs): Promise<NextLogits> {
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
