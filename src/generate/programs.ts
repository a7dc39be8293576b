// The programs that write texts: `prefill` reads a prompt and leaves keys and values of its tokens in the cache, `next` adds one token to each text. Both are
// traced by the code that traces evaluations, so whatever a method does to a model it does here. They are planned beside a run, whose parameters they read
// where those lie, when a text is asked for: training pays nothing for it. Not here: which token comes next (sampling.ts), the numbers of a text (writer.ts).

import { Graph } from '../graph/graph.ts';
import { copyInto } from '../graph/ops/elementwise.ts';
import { pool } from '../graph/ops/pool.ts';
import type { Registry } from '../graph/registry.ts';
import type { Wiring } from '../methods/method.ts';
import type { KeyValueCache } from '../models/key_value_cache.ts';
import { type Stack, topStack } from '../models/model.ts';
import { type Plan, type ProgramSource, planRun } from '../plan/plan.ts';
import { RetraceError } from '../protocol/errors.ts';
import { tokensAtATime } from '../train/granularity.ts';
import { wordLogits } from '../train/outputs.ts';
import type { ProgramSetup } from '../train/programs.ts';
import { evaluateStack, numberedStacks, type Scene, type StackResult } from '../train/stacks.ts';
import { stepPrograms } from '../train/update.ts';

/** How many texts are written together, and how long they may be. */
export interface Room {
  readonly batch_size: number;
  /** Tokens of a prompt, padded. */
  readonly prompt: number;
  /** Tokens of a text, its prompt included (not where another stack reads that). */
  readonly capacity: number;
}

export interface GenerationPlan {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly room: Room;
  /** Before the names of the written tokens' inputs: `decoder_` where a stack of its own reads the prompt. */
  readonly input_prefix: Stack['input_prefix'];
  /** Learned rows before a prompt. */
  readonly virtual_tokens: number;
  /** Words that a row of logits begins with; more are 0. */
  readonly words: number;
}

/** Error `method-cant-write`, where tokens see each other in more ways than by attention, which the cache is for. */
function requireCausal({ adaptation, wholeBatch }: Wiring, title: string): void {
  const why = adaptation.attended
    ? 'mixes states of its own over all tokens of a text, and those of earlier tokens are not kept'
    : wholeBatch === 'always'
      ? 'chooses what a token activates by all tokens of a batch, so a text that grows would change what was read before'
      : undefined;
  if (why === undefined) return;
  throw new RetraceError({
    code: 'method-cant-write',
    message: `${title} with these options can't write texts: it ${why}.`,
    where: 'method',
    remedy: 'Train it without the joiner, or with the activation rule token.',
  });
}

/** Logits of the last token of each text, into the result `logits`. */
function headOnLast({ g, setup: { backbone } }: Scene, { hidden, lengths }: StackResult): void {
  const rows = g.section('vocabulary', () => pool(g, hidden, lengths, 'last')); // [B, C]
  const logits = wordLogits(g, backbone, rows); // [B, V up to a multiple of 4]
  copyInto(g, logits, g.registry.result('logits', logits.shape, 'f32'));
}

/** Error `task-writes-nothing`, where the run lacks what gives words. */
function requireWords({ parameters }: Registry, run: Registry): void {
  const lacking = [...parameters.keys()].filter((name) => !run.parameters.has(name));
  if (lacking.length === 0) return;
  throw new RetraceError({
    code: 'task-writes-nothing',
    message: `What is ready here learned a task that writes no words: it lacks ${lacking.join(', ')}.`,
    where: 'task',
    remedy: 'Train a task that writes, such as language_modelling, or open a pretrained model as it is.',
  });
}

/** Plans `prefill` and `next` beside a run's programs. Errors: `method-cant-write`, `sees-what-follows`, `no-vocabulary`, `task-writes-nothing`. */
export function planGeneration(run: ProgramSetup, among: { readonly plan: Plan; readonly registry: Registry }, room: Room): GenerationPlan {
  const registry = among.registry.beside();
  const setup: ProgramSetup = { ...run, batch_size: room.batch_size, chunks: 1 };
  const options = { trains: () => false, storedType: setup.storedType, training: false };
  const { input_prefix } = topStack(setup.backbone);
  let virtual_tokens = 0;

  const trace = (name: string, tokens: KeyValueCache['tokens'], length: number): ProgramSource => {
    const bucket = { length, target_length: 1 };
    const wiring = setup.method.wire(setup.backbone, setup.options);
    requireCausal(wiring, setup.method.title);
    const g = new Graph(registry, { ...options, tokensAtATime: tokensAtATime(setup, wiring, bucket) });
    virtual_tokens = wiring.adaptation.tokensBefore?.(g).prompt?.shape[0] ?? 0;
    const scene: Scene = { g, setup, wiring, bucket, cache: { tokens, capacity: virtual_tokens + room.capacity } };
    const results: StackResult[] = [];
    // What stands below the topmost stack was read with the prompt.
    const stacks = numberedStacks(setup.backbone).slice(tokens === 'first' ? 0 : -1);
    for (const stack of stacks) results.push(evaluateStack(scene, stack, results));
    headOnLast(scene, results.at(-1) as StackResult);
    return { name, graph: g };
  };
  const sources = [trace('prefill', 'first', room.prompt), trace('next', 'next', 1)];
  requireWords(registry, among.registry);
  const own = stepPrograms(registry, options, { optimizer: run.optimizer, purposes: [] });
  return {
    plan: planRun(registry, sources, own, { beside: among.plan }),
    registry,
    room,
    input_prefix,
    virtual_tokens,
    words: setup.backbone.config.vocab_size,
  };
}
