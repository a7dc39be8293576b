// Five AdamW steps with warm-up, decay and a clip that bites, against torch.optim.AdamW and Transformers' schedule.

import { expect, test } from 'vitest';
import type { MethodName, Pooling, StreamKind } from '../protocol/config.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, readVectorTensors, testEngine, vectors } from './testing.ts';

interface Recorded {
  readonly training: {
    readonly learning_rate: number;
    readonly adam_beta1: number;
    readonly adam_beta2: number;
    readonly adam_epsilon: number;
    readonly weight_decay: number;
    readonly max_grad_norm: number;
    readonly warmup_steps: number;
    readonly max_steps: number;
  };
  readonly batches: readonly RecordedBatch[];
  readonly cases: Record<
    'meft1' | 'full',
    {
      readonly method: MethodName;
      readonly pooling: Pooling;
      readonly hyper_parameters?: {
        readonly adapter_size: number;
        readonly streams: StreamKind;
        readonly lambda: number;
        readonly beta: number;
        readonly fraction_bits: number;
      };
      readonly adapter?: string;
      readonly parameters: string;
      readonly steps_in_file: readonly number[];
      readonly steps: readonly {
        readonly step: number;
        readonly batch: number;
        readonly loss: number;
        readonly grad_norm: number;
        readonly learning_rate: number;
      }[];
    }
  >;
}

const recorded = readVectorJson<Recorded>('optimizer/expected.json');
const unprefixed = (name: string) => name.replace(/^bert\./, '');

test.each(['meft1', 'full'] as const)('%s: losses, norms, rates and parameters of five steps are those of PyTorch', async (name) => {
  const { method, pooling, hyper_parameters, adapter, parameters, steps_in_file, steps } = recorded.cases[name];
  const { warmup_steps, max_steps, ...training } = recorded.training;
  const { trainer, executor } = await testEngine({
    model: await modelAt(`${vectors}tiny_bert`),
    method,
    policy: method === 'meft1' ? 'reversible' : 'store',
    options: hyper_parameters ?? {},
    pooling,
    num_labels: 3,
    batch_size: 4,
    lengths: [recorded.batches[0]?.input_ids[0]?.length ?? 0],
    training: { ...training, warmup_ratio: warmup_steps / max_steps },
    max_steps,
  });
  if (adapter) trainer.setParameters(await readVectorTensors(`optimizer/${adapter}`));
  const expected = await readVectorTensors(`optimizer/${parameters}`);
  for (const [i, { step, batch, loss, grad_norm, learning_rate }] of steps.entries()) {
    const result = await trainer.step(i, [batchOf(recorded.batches[batch] as RecordedBatch)]);
    expect(Math.abs(result.loss - loss), `loss of step ${step}`).toBeLessThan(1e-5);
    expect(Math.abs(result.grad_norm - grad_norm) / grad_norm, `norm of step ${step}`).toBeLessThan(1e-4);
    expect(result.learning_rate).toBeCloseTo(learning_rate, 9);
    if (!steps_in_file.includes(step)) continue;
    for (const [parameter, values] of await trainer.read('parameter')) {
      const judge = [...expected].find(
        ([key]) => unprefixed(key.replace(`step${step}.`, '')) === parameter && key.startsWith(`step${step}.`),
      )?.[1] as Float32Array;
      const worst = values.reduce((most, x, j) => Math.max(most, Math.abs(x - (judge[j] as number))), 0);
      expect(worst, `${parameter} after step ${step}`).toBeLessThan(1e-5);
    }
  }
  executor.destroy();
});

test('six steps equal three, save, restore into a new engine, three: bit for bit', async () => {
  const model = await modelAt(`${vectors}tiny_bert`);
  const request = {
    model,
    method: 'meft1',
    policy: 'reversible',
    pooling: 'mean',
    num_labels: 3,
    batch_size: 4,
    lengths: [11],
    training: { dropout: 0.1, learning_rate: 1e-2 },
  } as const;
  const batch = (step: number) => [batchOf(recorded.batches[step % 2] as RecordedBatch)];
  const whole = await testEngine(request);
  for (let step = 0; step < 6; step++) await whole.trainer.step(step, batch(step));
  const first = await testEngine(request);
  for (let step = 0; step < 3; step++) await first.trainer.step(step, batch(step));
  const state = await first.trainer.save(3);
  first.executor.destroy();
  const second = await testEngine(request);
  second.trainer.restore(state);
  for (let step = 3; step < 6; step++) await second.trainer.step(step, batch(step));
  const [expected, found] = [await whole.trainer.save(6), await second.trainer.save(6)];
  whole.executor.destroy();
  second.executor.destroy();
  expect(found).toEqual(expected);
});
