// Texts that are written token by token, from keys and values that are kept: the tokens and logits of reading the whole text anew for each of them, with every
// method; and those of Transformers' generate. Memory is what the plan says, and what was trained is not touched.

import { describe, expect, test } from 'vitest';
import { planGeneration, type Room } from '../src/generate/programs.ts';
import { Writer } from '../src/generate/writer.ts';
import type { Method } from '../src/methods/method.ts';
import { methods } from '../src/methods/registry.ts';
import type { MethodChoices } from '../src/protocol/config.ts';
import { randomKey, randomNormal, siteId } from '../src/random/counter.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { type ProgramSetup, streamLimitOf } from '../src/train/programs.ts';
import { smallChoices, smallShape } from './outcome.ts';
import { randomModel } from './random_model.ts';
import { modelAt, readVectorJson, readVectorTensors, type TestEngine, testEngine, vectors } from './testing.ts';

const writing = {
  ...({ pooling: 'last', num_labels: 1, batch_size: 1, lengths: [4] } as const),
  change: (setup: ProgramSetup): ProgramSetup => ({ ...setup, purposes: ['evaluation'] }),
};
const task = taskNamed('sequence_to_sequence');

const largest = (logits: Float32Array): number => logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
const difference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);

/** A writer beside an engine, with what it takes in memory. */
async function writerOf({ setup, executor, registry }: TestEngine, room: Room) {
  const planned = planGeneration(setup, { plan: executor.plan, registry }, room);
  const own = await executor.beside(planned.plan);
  return { writer: new Writer(own, planned, streamLimitOf(setup)), planned, account: () => own.allocator.account };
}

/** The likeliest tokens after each prompt, with the logits that each was chosen from. */
async function greedy(writer: Writer, prompts: readonly (readonly number[])[], count: number, start?: number) {
  const texts = prompts.map(() => ({ tokens: [] as number[], logits: [] as Float32Array[] }));
  let logits = await writer.begin(prompts, start);
  for (let i = 0; ; i++) {
    for (const [b, text] of texts.entries()) {
      const own = Float32Array.from(logits[b] as Float32Array);
      text.logits.push(own);
      text.tokens.push(largest(own));
    }
    if (i + 1 === count) return texts;
    logits = await writer.next(texts.map(({ tokens }) => tokens.at(-1)));
  }
}

/** The same, every token from the whole text before it. */
async function greedyAnew(writer: Writer, prompt: readonly number[], count: number) {
  const text = { tokens: [] as number[], logits: [] as Float32Array[] };
  for (let i = 0; i < count; i++) {
    const [logits] = await writer.begin([[...prompt, ...text.tokens]]);
    text.logits.push(Float32Array.from(logits as Float32Array));
    text.tokens.push(largest(logits as Float32Array));
  }
  return text;
}

/** Moves everything that trains away from its start, where a method often does nothing yet. */
async function disturb({ trainer }: TestEngine): Promise<void> {
  const moved = [...(await trainer.read('parameter'))].map(([name, values]) => {
    const key = randomKey(3, 0, siteId(name));
    return [name, Float32Array.from(values, (x, i) => x + 0.05 * randomNormal(key, i))] as const;
  });
  trainer.setParameters(new Map(moved));
}

const prompts = [
  [7, 3, 60, 12, 33],
  [5, 41],
  [9, 9, 17, 2, 50, 28, 6],
];

interface Row {
  readonly title: string;
  readonly type: string;
  readonly method: Method;
  readonly options: MethodChoices;
}

/** Every method, on the one architecture and the other by turns; on both with RETRACE_MATRIX=all. */
const types = ['gpt2', 'opt'] as const;
const everywhere = process.env['RETRACE_MATRIX'] === 'all';
const rows: Row[] = methods
  .flatMap((method) =>
    (method.uses.includes('streams') ? (['fixed', 'float'] as const) : [undefined]).map((streams) => ({ method, streams })),
  )
  .flatMap(({ method, streams }, i) =>
    types
      .filter((_, k) => everywhere || i % types.length === k)
      .map((type) => ({
        title: `${method.name}${streams ? ` over ${streams} streams` : ''} on ${type}`,
        ...{ type, method, options: { ...smallChoices, ...(streams ? { streams } : {}), frozen_layers: method.name === 'lst' ? 1 : 0 } },
      })),
  );

test.each(rows)(
  '$title: a text with kept keys and values is the text that is read anew for each token',
  async ({ type, method, options }) => {
    const model = await randomModel(smallShape, type);
    const engine = await testEngine({ ...writing, task, model, method: method.name, policy: 'store', options });
    await disturb(engine);
    const { writer, planned, account } = await writerOf(engine, { batch_size: 3, prompt: 8, capacity: 24 });
    const texts = await greedy(writer, prompts, 8);
    expect(account().live).toEqual(planned.plan.bytes);
    writer.close();
    const { writer: anew } = await writerOf(engine, { batch_size: 1, prompt: 16, capacity: 24 });
    for (const [b, prompt] of prompts.entries()) {
      const whole = await greedyAnew(anew, prompt, 8);
      expect(texts[b]?.tokens).toEqual(whole.tokens);
      for (const [i, logits] of whole.logits.entries()) expect(difference(logits, texts[b]?.logits[i] as Float32Array)).toBeLessThan(1e-5);
    }
    anew.close();
    expect(engine.executor.allocator.account.live).toEqual(engine.executor.plan.bytes);
    engine.executor.destroy();
  },
);

interface Recorded {
  readonly texts: Readonly<Record<string, readonly { prompt: number[]; tokens: number[] }[]>>;
}
const recorded = readVectorJson<Recorded>('generation/expected.json');

describe.each(Object.entries(recorded.texts))('%s', (folder, cases) => {
  test("writes the tokens of Transformers' generate, from its logits", async () => {
    const logits = await readVectorTensors('generation/logits.safetensors');
    const model = await modelAt(vectors + folder);
    const engine = await testEngine({ ...writing, task, model, method: 'linear-probe', policy: 'store' });
    const { writer } = await writerOf(engine, { batch_size: cases.length, prompt: 8, capacity: 19 });
    const texts = await greedy(
      writer,
      cases.map(({ prompt }) => prompt),
      cases[0]?.tokens.length as number,
      model.backbone().config.decoder_start_token_id,
    );
    for (const [b, { tokens }] of cases.entries()) {
      expect(texts[b]?.tokens).toEqual(tokens);
      const theirs = logits.get(`${folder}.${b}`) as Float32Array;
      const ours = Float32Array.from((texts[b]?.logits ?? []).flatMap((row) => [...row]));
      expect(ours.length).toBe(theirs.length);
      expect(difference(ours, theirs)).toBeLessThan(1e-5);
    }
    writer.close();
    engine.executor.destroy();
  });
});

test('what can only be read whole is refused with the reason', async () => {
  const planOn = async (type: string, method: string, options: MethodChoices) => {
    const engine = await testEngine({
      ...writing,
      pooling: 'mean',
      model: await randomModel(smallShape, type),
      method,
      policy: 'store',
      options,
    });
    engine.executor.destroy();
    return () =>
      planGeneration(engine.setup, { plan: engine.executor.plan, registry: engine.registry }, { batch_size: 1, prompt: 8, capacity: 16 });
  };
  expect(await planOn('gpt2', 'read', { ...smallChoices, joiner: true })).toThrow(/mixes states of its own over all tokens/);
  expect(await planOn('gpt2', 'sparse_meft', { ...smallChoices, activation_rule: 'union' })).toThrow(
    /chooses what a token activates by all tokens/,
  );
  expect(await planOn('bert', 'linear-probe', {})).toThrow(/has no causal mask/);
  expect(await planOn('bart', 'linear-probe', {})).toThrow(/learned a task that writes no words/);
});
