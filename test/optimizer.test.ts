// Five steps of every optimizer with warm-up, decay and a clip that bites, against PyTorch and Transformers: losses, norms, rates, parameters, and what
// the optimizer keeps.

import { expect, test } from 'vitest';
import type { MethodName, Pooling, TrainingArguments } from '../src/protocol/config.ts';
import { type OptimizerName, optimizerNames } from '../src/protocol/optimizers.ts';
import { readState, writeState } from '../src/session/run/checkpoint.ts';
import type { TrainerState } from '../src/train/trainer.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, readVectorTensors, testEngine, vectors } from './testing.ts';

type Training = Partial<TrainingArguments> & { readonly warmup_steps: number; readonly max_steps: number };

interface Case {
  readonly method: MethodName;
  readonly pooling: Pooling;
  readonly hyper_parameters?: Readonly<Record<string, never>>;
  readonly adapter?: string;
  readonly steps: readonly {
    readonly step: number;
    readonly batch: number;
    readonly loss: number;
    readonly grad_norm: number;
    readonly learning_rate: number;
  }[];
}

const adamw = readVectorJson<{
  readonly training: Training;
  readonly batches: readonly RecordedBatch[];
  readonly cases: Record<string, Case & { readonly parameters: string; readonly steps_in_file: readonly number[] }>;
}>('optimizer/expected.json');
const others = readVectorJson<{
  readonly batches: readonly RecordedBatch[];
  readonly cases: Record<string, Case & { readonly training: Training; readonly tensors: string }>;
}>('optimizers/expected.json');

const unprefixed = (name: string) => name.replace(/^base_model\.model\./, '').replace(/^bert\./, '');

const worst = (found: Float32Array, expected: Float32Array): number => {
  expect(found.length).toBe(expected.length);
  return found.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] as number))), 0);
};

/** Takes a case's steps and compares what each says; `after` looks at the state that a step leaves. */
async function takeSteps(
  folder: string,
  { method, pooling, hyper_parameters, adapter, steps }: Case,
  { warmup_steps, max_steps, ...training }: Training,
  batches: readonly RecordedBatch[],
  after: (step: number, state: TrainerState) => void,
): Promise<void> {
  const { trainer, executor } = await testEngine({
    model: await modelAt(`${vectors}tiny_bert`),
    method,
    policy: method === 'meft1' ? 'reversible' : 'store',
    options: hyper_parameters ?? {},
    pooling,
    num_labels: 3,
    batch_size: 4,
    lengths: [batches[0]?.input_ids[0]?.length ?? 0],
    training: { ...training, warmup_ratio: warmup_steps / max_steps },
    max_steps,
  });
  if (adapter) {
    const values = await readVectorTensors(`${folder}/${adapter}`);
    trainer.setParameters(new Map([...values].map(([name, own]) => [unprefixed(name), own])));
  }
  for (const [i, { step, batch, loss, grad_norm, learning_rate }] of steps.entries()) {
    const result = await trainer.step(i, [batchOf(batches[batch] as RecordedBatch)]);
    expect(Math.abs(result.loss - loss), `loss of step ${step}`).toBeLessThan(1e-5);
    expect(Math.abs(result.grad_norm - grad_norm) / grad_norm, `norm of step ${step}`).toBeLessThan(1e-4);
    expect(result.learning_rate).toBeCloseTo(learning_rate, 9);
    after(step, await trainer.save(step));
  }
  executor.destroy();
}

test.each(Object.entries(adamw.cases))('AdamW on %s: losses, norms, rates and parameters are those of PyTorch', async (_, recorded) => {
  const expected = await readVectorTensors(`optimizer/${recorded.parameters}`);
  await takeSteps('optimizer', recorded, adamw.training, adamw.batches, (step, { parameters }) => {
    if (!recorded.steps_in_file.includes(step)) return;
    const own = [...expected].filter(([key]) => key.startsWith(`step${step}.`));
    expect(own.length).toBe(parameters.size);
    for (const [key, values] of own) {
      const name = unprefixed(key.replace(`step${step}.`, ''));
      expect(worst(parameters.get(name) as Float32Array, values), `${name} after step ${step}`).toBeLessThan(1e-5);
    }
  });
});

test.each(Object.entries(others.cases))('%s: losses, norms, rates, parameters and states are those of PyTorch', async (_, recorded) => {
  const expected = await readVectorTensors(`optimizers/${recorded.tensors}`);
  await takeSteps('optimizers', recorded, recorded.training, others.batches, (step, { parameters, states }) => {
    if (step < recorded.steps.length) return;
    const found = new Map([['parameter', parameters] as const, ...states]);
    const count = [...found.values()].reduce((sum, values) => sum + values.size, 0);
    expect(count, 'tensors of parameters and states').toBe(expected.size);
    for (const [key, values] of expected) {
      const slash = key.indexOf('/');
      const own = found.get(key.slice(0, slash))?.get(unprefixed(key.slice(slash + 1)));
      if (!own) expect.fail(`there is no ${key}`);
      // Second moments are the squares of small gradients: beside the largest of them.
      const scale = key.startsWith('parameter/') ? 1 : values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(worst(own, values) / scale, key).toBeLessThan(key.startsWith('parameter/') ? 1e-5 : 1e-4);
    }
  });
});

const resumed: [string, Partial<TrainingArguments> & { optim: OptimizerName }][] = [
  ...optimizerNames.map((optim): [string, { optim: OptimizerName }] => [optim, { optim }]),
  ['sgd without momentum, the head at a rate of its own', { optim: 'sgd', momentum: 0, head_learning_rate: 1e-3 }],
];

test.each(resumed)('%s: six steps equal three, a checkpoint read into a new engine, three: bit for bit', async (_, training) => {
  const model = await modelAt(`${vectors}tiny_bert`);
  const request = {
    model,
    method: 'meft1',
    policy: 'reversible',
    pooling: 'mean',
    num_labels: 3,
    batch_size: 4,
    lengths: [11],
    training: { dropout: 0.1, learning_rate: 1e-2, ...training },
  } as const;
  const batch = (step: number) => [batchOf(adamw.batches[step % 2] as RecordedBatch)];
  const whole = await testEngine(request);
  for (let step = 0; step < 6; step++) await whole.trainer.step(step, batch(step));
  const first = await testEngine(request);
  for (let step = 0; step < 3; step++) await first.trainer.step(step, batch(step));
  const bytes = writeState(await first.trainer.save(3));
  first.executor.destroy();
  const second = await testEngine(request);
  const state = await readState(bytes);
  expect(state.step).toBe(3);
  second.trainer.restore(state);
  for (let step = 3; step < 6; step++) await second.trainer.step(step, batch(step));
  const [expected, found] = [await whole.trainer.save(6), await second.trainer.save(6)];
  whole.executor.destroy();
  second.executor.destroy();
  expect(found).toEqual(expected);
});

test('a checkpoint that lacks what an optimizer keeps is refused by name', async () => {
  const request = {
    model: await modelAt(`${vectors}tiny_bert`),
    method: 'linear-probe',
    policy: 'store',
    pooling: 'mean',
    num_labels: 3,
    batch_size: 4,
    lengths: [11],
  } as const;
  const { trainer, executor } = await testEngine({ ...request, training: { optim: 'lion' } });
  const { exp_avg, ...others } = Object.fromEntries((await trainer.save(0)).states);
  expect([exp_avg?.size, others]).toEqual([2, {}]);
  expect(() => trainer.restore({ step: 0, parameters: new Map(), states: new Map() })).toThrow("no 'parameter' of 'classifier.weight'");
  const { parameters } = await trainer.save(0);
  expect(() => trainer.restore({ step: 0, parameters, states: new Map() })).toThrow("no 'exp_avg' of 'classifier.weight'");
  executor.destroy();
});
