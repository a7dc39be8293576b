// Models and methods against PyTorch: logits, loss and the gradient of every parameter of a small random BERT.

import { expect, test } from 'vitest';
import type { MethodName, Pooling, StreamKind } from '../protocol/config.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, readVectorTensors, testEngine, vectors } from './testing.ts';

interface Result {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
}

const tiny = readVectorJson<{ batch: RecordedBatch; cls: Result; mean: Result }>('tiny_bert/expected.json');
const batch = batchOf(tiny.batch);

/** Largest difference relative to the largest element of the tensor, but not below what f32 can tell from zero. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 1e-4;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i] as number));
    worst = Math.max(worst, Math.abs((found[i] as number) - (expected[i] as number)));
  }
  return worst / scale;
}

async function compare(
  method: MethodName,
  pooling: Pooling,
  expected: Result,
  gradients: string,
  options: object,
  adapter?: string,
  rename = (name: string) => name,
) {
  const model = await modelAt(`${vectors}tiny_bert`);
  const { trainer, executor } = await testEngine({
    model,
    method,
    policy: 'store',
    pooling,
    num_labels: 3,
    batch_size: 4,
    lengths: [11],
    options,
  });
  if (adapter) {
    const values = await readVectorTensors(adapter);
    trainer.setParameters(new Map([...values].map(([name, data]) => [rename(name), data])));
  }
  const logits = await trainer.logits(batch);
  const result = await trainer.step(0, [batch]);
  const found = await trainer.read('gradient');
  executor.destroy();
  expect(Math.max(...expected.logits.flat().map((x, i) => Math.abs(x - (logits[i] as number))))).toBeLessThan(1e-5);
  expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-5);
  const recorded = new Map([...(await readVectorTensors(gradients))].map(([name, data]) => [rename(name), data]));
  expect([...found.keys()].sort()).toEqual([...recorded.keys()].sort());
  for (const [name, data] of recorded) expect(relativeError(found.get(name) as Float32Array, data), name).toBeLessThan(1e-3);
}

const unprefixed = (name: string) => name.replace(/^base_model\.model\./, '').replace(/^bert\./, '');

test.each(['cls', 'mean'] as const)(
  'full fine-tuning with %s pooling gives the logits, loss and gradients of every parameter that PyTorch gives',
  async (pooling) => {
    await compare('full', pooling, tiny[pooling], `tiny_bert/grads_${pooling}.safetensors`, {}, undefined, unprefixed);
  },
);

interface MeftCase extends Result {
  readonly pooling: Pooling;
  readonly hyper_parameters: {
    readonly adapter_size: number;
    readonly streams: StreamKind;
    readonly lambda: number;
    readonly beta: number;
    readonly fraction_bits?: number;
  };
  readonly adapter: string;
  readonly gradients: string;
}
const meft = readVectorJson<{ cases: Record<string, MeftCase> }>('meft1/expected.json');

test.each(Object.entries(meft.cases))(
  'MEFT1 %s gives the logits, loss and gradients of independent autograd code',
  async (_, { pooling, hyper_parameters, adapter, gradients, ...expected }) => {
    await compare('meft1', pooling, expected, `meft1/${gradients}`, hyper_parameters, `meft1/${adapter}`);
  },
);

const lora = readVectorJson<{ adapter: string; cases: Record<Pooling, MeftCase> }>('lora/expected.json');

test.each(['cls', 'mean'] as const)('LoRA with %s pooling gives the logits, loss and gradients that PEFT gives', async (pooling) => {
  const { gradients, ...expected } = lora.cases[pooling];
  await compare('lora', pooling, expected, `lora/${gradients}`, { adapter_size: 4, lora_alpha: 8 }, `lora/${lora.adapter}`, unprefixed);
});
