// Policies against each other: over fixed streams, gradients and whole steps are equal bit for bit however the activations came back.

import { expect, test } from 'vitest';
import { methodNamed } from '../src/methods/registry.ts';
import {
  activationRules,
  granularityNames,
  type MethodChoices,
  type MethodName,
  type PolicyName,
  policyNames,
} from '../src/protocol/config.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import type { ProgramSetup } from '../src/train/programs.ts';
import { differences, type Outcome, outcomeOf, smallChoices, smallShape } from './outcome.ts';
import { randomBatch, randomModel } from './random_model.ts';
import { modelAt, type TestRequest } from './testing.ts';

const miniLM = new URL('../public/models/all-MiniLM-L6-v2', import.meta.url).pathname;
interface Trial {
  readonly model: BaseModel;
  readonly vocab: number;
  readonly B: number;
  readonly T: number;
  readonly method: MethodName;
  readonly options?: MethodChoices;
  readonly steps?: number;
  readonly dropout?: number;
}

const outcome = (
  { model, vocab, B, T, method, options = {}, steps = 1, dropout = 0.1 }: Trial,
  policy: PolicyName,
  change?: TestRequest['change'],
  memory: TestRequest['memory'] = {},
): Promise<Outcome> =>
  outcomeOf(
    {
      ...{ model, method, policy, options, pooling: 'mean', num_labels: 5, batch_size: B, lengths: [T] },
      ...{ memory, training: { dropout, warmup_ratio: 0, learning_rate: 1e-3 } },
      ...(change ? { change } : {}),
    },
    Array.from({ length: steps }, (_, step) => randomBatch(step, B, T, vocab, 5)),
  );

const reconstructionOf = ({ steps }: Outcome) => steps.at(-1)?.reconstruction;

function expectEqualBits(a: Outcome, b: Outcome): void {
  expect(differences(a, b)).toEqual([]);
  // The gradients are there, and not all zero.
  expect([...a.gradients.values()].some((values) => values.some((x) => x !== 0))).toBe(true);
}

test('reversible-exact gradients equal store gradients bit for bit on MiniLM with dropout', async () => {
  const trial: Trial = { model: await modelAt(miniLM), vocab: 30522, B: 2, T: 12, method: 'meft1' };
  expectEqualBits(await outcome(trial, 'store'), await outcome(trial, 'reversible'));
});

test('so they do at a thousand tokens', async () => {
  const model = await randomModel({ ...smallShape, hidden_size: 64, num_hidden_layers: 1, max_position_embeddings: 1024 });
  const trial: Trial = { model, vocab: 64, B: 1, T: 1024, method: 'meft1' };
  expectEqualBits(await outcome(trial, 'store'), await outcome(trial, 'reversible'));
});

test.each([24, 48])(
  'reversible-exact gradients and three steps equal store bit for bit at %i layers with dropout',
  async (num_hidden_layers) => {
    const model = await randomModel({ ...smallShape, num_hidden_layers });
    const trial: Trial = { model, vocab: 64, B: 3, T: 9, method: 'meft1', steps: 3 };
    const stored = await outcome(trial, 'store');
    expectEqualBits(stored, await outcome(trial, 'reversible'));
    expectEqualBits(stored, await outcome(trial, 'checkpoint'));
  },
);

test.each(['lora', 'full'] as const)(
  '%s gives the same bits under checkpoint, every layer or every second, as under store',
  async (method) => {
    const model = await randomModel({ ...smallShape, num_hidden_layers: 5 });
    const trial: Trial = { model, vocab: 64, B: 3, T: 9, method, steps: 2, options: { lora_dropout: 0.1 } };
    const stored = await outcome(trial, 'store');
    expectEqualBits(stored, await outcome(trial, 'checkpoint'));
    const everySecond = (setup: ProgramSetup): ProgramSetup => ({ ...setup, ranges: [{ from: 0, to: 5, policy: 'checkpoint', every: 2 }] });
    expectEqualBits(stored, await outcome(trial, 'checkpoint', everySecond));
  },
);

const inParts = (chunks: number, token_chunk?: number) => (setup: ProgramSetup) => ({ ...setup, chunks, token_chunk });

// Of 72 tokens a block of a sum over rows has 64, the next one 8.
test.each([8, 72])('any number of parts of a batch, and of tokens at a time, gives the same bits under every policy, T = %i', async (T) => {
  const model = await randomModel({ ...smallShape, max_position_embeddings: T, num_hidden_layers: 3 });
  const trial: Trial = { model, vocab: 64, B: 6, T, method: 'meft1', steps: 2 };
  const whole = await outcome(trial, 'store');
  for (const policy of ['checkpoint', 'reversible'] as const) {
    for (const [chunks, tokens] of [[3], [6], [1, 16], [2, 16]] as const) {
      expectEqualBits(whole, await outcome(trial, policy, inParts(chunks, tokens)));
    }
  }
});

test.each(['meft1', 'full', 'prefix-tuning', 'lst', 'sparse_meft'] as const)(
  '%s: a batch that goes through a few examples at a time gives the bits of the whole batch, under every policy',
  async (method) => {
    const model = await randomModel({ ...smallShape, max_position_embeddings: 80, num_hidden_layers: 2 });
    const trial: Trial = { model, vocab: 64, B: 5, T: 70, method, options: smallChoices, steps: 2 };
    const whole = await outcome(trial, 'store');
    for (const policy of policyNames.filter((name) => !methodNamed(method).refuses(name)))
      for (const micro_batch_size of [1, 4]) expectEqualBits(whole, await outcome(trial, policy, undefined, { micro_batch_size }));
  },
);

test('what chooses its rows from the whole batch refuses to take a few examples at a time', async () => {
  const trial: Trial = { model: await randomModel(smallShape), vocab: 64, B: 4, T: 8, method: 'sparse_meft', options: smallChoices };
  const some = (activation_rule: (typeof activationRules)[number]) =>
    outcome({ ...trial, options: { ...smallChoices, activation_rule } }, 'store', undefined, { micro_batch_size: 2 });
  await expect(some('union')).rejects.toThrow('chooses its rows from all 4 examples of a batch');
});

test('every granularity gives the same bits under every policy', async () => {
  const model = await randomModel({ ...smallShape, max_position_embeddings: 72, num_hidden_layers: 2 });
  const trial: Trial = { model, vocab: 64, B: 16, T: 72, method: 'meft1' };
  const stored = await outcome(trial, 'store');
  for (const granularity of granularityNames) {
    const change = (setup: ProgramSetup) => ({ ...setup, granularity });
    for (const policy of ['checkpoint', 'reversible'] as const) expectEqualBits(stored, await outcome(trial, policy, change));
  }
});

test.each([
  ['gpt2', 'meft1'],
  ['opt', 'meft2'],
] as const)(
  '%s, whose way back reads the input of its attention, gives the bits of store with %s undone in parts',
  async (type, method) => {
    const model = await randomModel({ ...smallShape, num_hidden_layers: 3 }, type);
    const trial: Trial = { model, vocab: 64, B: 6, T: 8, method, steps: 2 };
    expectEqualBits(await outcome(trial, 'store', inParts(1)), await outcome(trial, 'reversible', inParts(2, 16)));
  },
);

test.each(activationRules)(
  'sparse adapters under the rule of the %s have the same bits, however many parts are asked for',
  async (activation_rule) => {
    const model = await randomModel(smallShape);
    const trial: Trial = { model, vocab: 64, B: 5, T: 8, method: 'sparse_meft', options: { ...smallChoices, activation_rule }, steps: 2 };
    expectEqualBits(await outcome(trial, 'store', inParts(1)), await outcome(trial, 'checkpoint', inParts(3)));
  },
);

test.each(['lora', 'bitfit'] as const)('%s gives the bits of store under checkpoint, few tokens at a time', async (method) => {
  const model = await randomModel({ ...smallShape, num_hidden_layers: 3 });
  const trial: Trial = { model, vocab: 64, B: 6, T: 8, method, options: { target_modules: ['query', 'dense'] }, steps: 2 };
  const few = (setup: ProgramSetup) => ({ ...setup, chunks: 2, token_chunk: 16 });
  expectEqualBits(await outcome(trial, 'store'), await outcome(trial, 'checkpoint', few));
});

test('snapshots of float streams end what is lost below them', async () => {
  const model = await randomModel({ ...smallShape, num_hidden_layers: 6 });
  const trial: Trial = { model, vocab: 64, B: 3, T: 8, method: 'meft1', options: { streams: 'float' } };
  const snapshots = (setup: ProgramSetup): ProgramSetup => ({ ...setup, ranges: [{ from: 0, to: 6, policy: 'reversible', every: 2 }] });
  const [without, kept] = [await outcome(trial, 'reversible'), await outcome(trial, 'reversible', snapshots)];
  const worst = (outcome: Outcome) => Math.max(...(reconstructionOf(outcome) ?? []).map(({ error }) => error));
  expect(worst(kept)).toBeGreaterThan(0);
  expect(worst(kept)).toBeLessThan(worst(without) / 10);
});

test('bottom layers that stay frozen have no backward pass, and what is above them gives the bits of store', async () => {
  const model = await randomModel({ ...smallShape, num_hidden_layers: 4 });
  const trial: Trial = { model, vocab: 64, B: 3, T: 8, method: 'meft1', options: { frozen_layers: 2 }, steps: 2 };
  const stored = await outcome(trial, 'store');
  expect([...stored.parameters.keys()].some((name) => /layer\.[01]\./.test(name))).toBe(false);
  expectEqualBits(stored, await outcome(trial, 'reversible'));
});

test('any mixture of policies over ranges of layers gives the bits of store', async () => {
  const model = await randomModel({ ...smallShape, num_hidden_layers: 7 });
  const trial: Trial = { model, vocab: 64, B: 3, T: 9, method: 'meft1', steps: 2 };
  const mixed = (setup: ProgramSetup): ProgramSetup => ({
    ...setup,
    ranges: [
      { from: 0, to: 2, policy: 'reversible' },
      { from: 2, to: 3, policy: 'store' },
      { from: 3, to: 5, policy: 'checkpoint', every: 2 },
      { from: 5, to: 7, policy: 'reversible' },
    ],
  });
  expectEqualBits(await outcome(trial, 'store'), await outcome(trial, 'reversible', mixed));
});

test('float reversible reports a reconstruction error that grows with depth, and at two layers its gradients are those of store to rounding', async () => {
  const errors: number[] = [];
  for (const num_hidden_layers of [2, 6]) {
    const model = await randomModel({ ...smallShape, num_hidden_layers });
    const trial: Trial = { model, vocab: 64, B: 3, T: 9, method: 'meft1', options: { streams: 'float' } };
    const [stored, reversed] = [await outcome(trial, 'store'), await outcome(trial, 'reversible')];
    expect(reconstructionOf(stored)).toBeUndefined();
    expect(reconstructionOf(reversed)?.map(({ layer }) => layer)).toEqual(
      Array.from({ length: num_hidden_layers }, (_, i) => `encoder.layer.${i}`),
    );
    errors.push(reconstructionOf(reversed)?.[0]?.error as number);
    if (num_hidden_layers > 2) continue;
    for (const [name, values] of stored.gradients) {
      const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
      const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - (reversed.gradients.get(name)?.[i] as number))), 0);
      expect(worst / scale, name).toBeLessThan(1e-4);
    }
  }
  expect(errors[0]).toBeGreaterThan(0);
  expect(errors[1]).toBeGreaterThan(10 * (errors[0] as number));
});
