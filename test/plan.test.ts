// The plan against the allocator, byte for byte: with every optimizer, without training, within the limits that every device has. Every method and policy:
// matrix.test.ts.

import { expect, test } from 'vitest';
import { nodeHost } from '../cli/host.ts';
import { openDevice } from '../src/gpu/device.ts';
import { sizeOf } from '../src/graph/tensor.ts';
import { aligned } from '../src/plan/arena.ts';
import type { TrainingArguments } from '../src/protocol/config.ts';
import { outcomeOf, smallShape } from './outcome.ts';
import { randomBatch, randomModel } from './random_model.ts';
import { modelAt, testEngine } from './testing.ts';

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
  const batches = [0, 1].map((step) => randomBatch(step, 2, 9, smallShape.vocab_size, 3));
  const { trainables, memory } = await outcomeOf({ ...request, model: await randomModel(smallShape), training }, batches);
  expect(memory.before).toEqual(memory.planned);
  expect(memory.after).toEqual(memory.planned);
  const states = trainables.flatMap(({ shape }) => numbers(shape));
  // Each begins at an aligned offset.
  expect(memory.before.optimizer).toBe(states.reduce((sum, count) => sum + aligned(4 * count), 0));
});

test('an engine that only evaluates has neither gradients nor optimizer states, and gives the same logits', async () => {
  const model = await randomModel(smallShape);
  const batch = randomBatch(9, 2, 9, 64, 3);
  const both = await testEngine({ ...request, model });
  const only = await testEngine({ ...request, model, change: (setup) => ({ ...setup, purposes: ['evaluation'] }) });
  const { gradient, optimizer, adapter, weights } = only.executor.allocator.account.live;
  expect([gradient, optimizer]).toEqual([0, 0]);
  const trained = both.executor.allocator.account.live;
  expect([adapter, weights]).toEqual([trained.adapter, trained.weights]);
  expect(trained.gradient).toBe(trained.adapter);
  expect(await only.trainer.outputs(batch)).toEqual(await both.trainer.outputs(batch));
  both.executor.destroy();
  only.executor.destroy();
});

test('a training step of the bundled model runs on a device with the limits that every device has', async () => {
  const gpu = (await nodeHost().gpu()) as GPU;
  const device = await openDevice(gpu, { limits: 'default' });
  expect(device.device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  expect(device.device.limits.maxStorageBuffersPerShaderStage).toBe(8);
  const model = await modelAt(new URL('../public/models/all-MiniLM-L6-v2', import.meta.url).pathname);
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
