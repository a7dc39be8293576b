// The plan against the allocator: byte for byte, for every method and policy; and a step allocates nothing.

import { expect, test } from 'vitest';
import { nodeHost } from '../../cli/host.ts';
import { openDevice } from '../gpu/device.ts';
import { sizeOf } from '../graph/ir.ts';
import { aligned } from '../graph/plan/arena.ts';
import { methods } from '../methods/registry.ts';
import { type MethodName, type PolicyName, policyNames, type StreamKind, type TrainingArguments } from '../protocol/config.ts';
import { modelAt, randomBatch, randomBert, testEngine } from './testing.ts';

const shape = {
  hidden_size: 32,
  num_attention_heads: 4,
  intermediate_size: 64,
  vocab_size: 64,
  max_position_embeddings: 32,
  num_hidden_layers: 3,
};

const cells: [MethodName, PolicyName, StreamKind][] = methods.flatMap((method) =>
  policyNames
    .filter((policy) => !method.refuses(policy))
    .flatMap((policy) =>
      (method.uses.includes('streams') ? (['fixed', 'float'] as const) : (['fixed'] as const)).map(
        (streams): [MethodName, PolicyName, StreamKind] => [method.name, policy, streams],
      ),
    ),
);

test.each(cells)(
  '%s under %s with %s streams: the account equals the plan, category by category, and steps allocate nothing',
  async (method, policy, streams) => {
    const model = await randomBert(shape);
    const { trainer, executor } = await testEngine({
      model,
      method,
      policy,
      // The default would leave heads of one number.
      options: { streams, reduction_factor: 2 },
      pooling: 'mean',
      num_labels: 3,
      batch_size: 2,
      lengths: [6, 9],
    });
    const before = executor.allocator.account;
    expect(before.live).toEqual(executor.plan.bytes);
    expect(before.total).toBe(executor.plan.total);
    for (let step = 0; step < 3; step++) await trainer.step(step, [randomBatch(step, 2, step === 1 ? 6 : 9, 64, 3)]);
    await trainer.logits(randomBatch(9, 2, 9, 64, 3));
    expect(executor.allocator.account).toEqual(before);
    executor.destroy();
    expect(executor.allocator.account.total).toBe(0);
  },
);

const request = {
  method: 'meft1',
  policy: 'reversible',
  options: { adapter_size: 4 },
  pooling: 'mean',
  num_labels: 3,
  batch_size: 2,
  lengths: [9],
} as const;

/** Numbers that each keeps beside trainables of these shapes. */
const kept: [string, Partial<TrainingArguments>, (shape: readonly number[]) => number[]][] = [
  ['adamw', { optim: 'adamw' }, (shape) => [sizeOf(shape), sizeOf(shape)]],
  ['sgd', { optim: 'sgd' }, (shape) => [sizeOf(shape)]],
  ['sgd without momentum', { optim: 'sgd', momentum: 0 }, () => []],
  ['adafactor', { optim: 'adafactor' }, (shape) => [...shape]],
  ['lion', { optim: 'lion' }, (shape) => [sizeOf(shape)]],
];

test.each(kept)('%s: the account equals the plan, with what it keeps, and steps allocate nothing', async (_, training, numbers) => {
  const { trainer, executor } = await testEngine({ ...request, model: await randomBert(shape), training });
  const before = executor.allocator.account;
  expect(before.live).toEqual(executor.plan.bytes);
  const states = trainer.trainables.flatMap(({ shape: own }) => numbers(own));
  // Each begins at an aligned offset.
  expect(before.live.optimizer).toBe(states.reduce((sum, count) => sum + aligned(4 * count), 0));
  for (let step = 0; step < 2; step++) await trainer.step(step, [randomBatch(step, 2, 9, 64, 3)]);
  expect(executor.allocator.account).toEqual(before);
  executor.destroy();
});

test('an engine that only evaluates has neither gradients nor optimizer states, and gives the same logits', async () => {
  const model = await randomBert(shape);
  const batch = randomBatch(9, 2, 9, 64, 3);
  const both = await testEngine({ ...request, model });
  const only = await testEngine({ ...request, model, change: (setup) => ({ ...setup, purposes: ['evaluation'] }) });
  const { gradient, optimizer, adapter, weights } = only.executor.allocator.account.live;
  expect([gradient, optimizer]).toEqual([0, 0]);
  const trained = both.executor.allocator.account.live;
  expect([adapter, weights]).toEqual([trained.adapter, trained.weights]);
  expect(trained.gradient).toBe(trained.adapter);
  expect(await only.trainer.logits(batch)).toEqual(await both.trainer.logits(batch));
  both.executor.destroy();
  only.executor.destroy();
});

test('a training step of the bundled model runs on a device with the limits that every device has', async () => {
  const gpu = (await nodeHost().gpu()) as GPU;
  const device = await openDevice(gpu, { limits: 'default' });
  expect(device.device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  expect(device.device.limits.maxStorageBuffersPerShaderStage).toBe(8);
  const model = await modelAt(new URL('../../public/models/all-MiniLM-L6-v2', import.meta.url).pathname);
  const request = { model, method: 'full', policy: 'checkpoint', pooling: 'mean', num_labels: 3, batch_size: 1, lengths: [8] } as const;
  const { trainer, executor } = await testEngine({ ...request, device });
  const { loss, grad_norm } = await trainer.step(0, [randomBatch(1, 1, 8, 30522, 3)]);
  expect(loss).toBeGreaterThan(0);
  expect(grad_norm).toBeGreaterThan(0);
  const profile = await executor.profile('training 8');
  expect([...profile.values()].reduce((sum, { calls }) => sum + calls, 0)).toBeGreaterThan(200);
  expect(profile.get('gemm_nt')?.multiplyAdds).toBeGreaterThan(0);
  expect(profile.get('gemm_nt')?.ms).toBeGreaterThan(0);
  executor.destroy();
  device.device.destroy();
});
