// Steps of several micro-batches on the GPU: what a step of many examples that do not fit at once must be.

import { expect, test } from 'vitest';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, testEngine, vectors } from '../../test/testing.ts';
import type { Batch } from '../data/batches.ts';

const { batch: recorded } = readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json');
const model = await modelAt(`${vectors}tiny_bert`);

/** Those of the recorded rows, then fillers up to four. */
function rows(...chosen: number[]): Batch {
  const T = recorded.input_ids[0]?.length ?? 0;
  const pick = <V>(values: readonly V[], filler: V) =>
    Array.from({ length: 4 }, (_, i) => (i < chosen.length ? (values[chosen[i] as number] as V) : filler));
  const blank = new Array<number>(T).fill(0);
  return batchOf({
    lengths: pick(recorded.lengths, 0),
    input_ids: pick(recorded.input_ids, blank),
    token_type_ids: pick(recorded.token_type_ids, blank),
    labels: pick(recorded.labels, -100),
  });
}

const engine = (dropout: number, gradient_accumulation_steps: number) =>
  testEngine({
    ...{ model, method: 'bitfit', policy: 'store', pooling: 'mean', num_labels: 3, batch_size: 4, lengths: [11] },
    training: { dropout, gradient_accumulation_steps, warmup_ratio: 0 },
  });

test('every example counts the same in a step of ragged micro-batches', async () => {
  const { trainer, executor } = await engine(0, 2);
  const ragged = await trainer.step(0, [rows(0, 1), rows(2)]);
  const found = await trainer.read('gradient');
  executor.destroy();
  const whole = await engine(0, 1);
  const { loss, grad_norm, tokens } = await whole.trainer.step(0, [rows(0, 1, 2)]);
  const expected = await whole.trainer.read('gradient');
  whole.executor.destroy();
  expect(ragged.loss).toBeCloseTo(loss, 5);
  expect(ragged.grad_norm / grad_norm).toBeCloseTo(1, 5);
  expect(ragged.tokens).toBe(tokens);
  for (const [name, values] of expected) {
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
    const own = found.get(name) as Float32Array;
    expect(values.reduce((most, x, i) => Math.max(most, Math.abs(x - (own[i] as number))), 0) / scale, name).toBeLessThan(1e-4);
  }
});

test('the loss is the mean over the examples that there are: fillers of a last batch count nothing', async () => {
  const { trainer, executor } = await testEngine({
    ...{ model, method: 'bitfit', policy: 'store', pooling: 'cls', num_labels: 3, batch_size: 4, lengths: [11] },
    // The first step of a warm-up has the rate 0, so the model stays as it is.
    training: { warmup_ratio: 1 },
  });
  const lossOf = async (...chosen: number[]) => (await trainer.step(0, [rows(...chosen)])).loss;
  const [all, three, last] = [await lossOf(0, 1, 2, 3), await lossOf(0, 1, 2), await lossOf(3)];
  executor.destroy();
  expect((3 * three + last) / 4).toBeCloseTo(all, 5);
});

test('micro-batches of a step, and steps, draw masks of their own; the same step again draws the same', async () => {
  const lossOf = async (step: number, micro: readonly Batch[]) => {
    const { trainer, executor } = await engine(0.5, 2);
    const { loss } = await trainer.step(step, micro);
    executor.destroy();
    return loss;
  };
  const batch = rows(0, 1, 2, 3);
  const [one, again, two, next] = [
    await lossOf(0, [batch]),
    await lossOf(0, [batch]),
    await lossOf(0, [batch, batch]),
    await lossOf(1, [batch]),
  ];
  expect(again).toBe(one);
  expect(Math.abs(two - one)).toBeGreaterThan(1e-4);
  expect(Math.abs(next - one)).toBeGreaterThan(1e-4);
  // The second micro-batch of step 0 is not the first of step 1.
  expect(Math.abs(2 * two - one - next)).toBeGreaterThan(1e-4);
});

test('a seed begins a run with numbers of its own', async () => {
  const started = async (seed: number) => {
    const { trainer, executor } = await testEngine({
      ...{ model, method: 'lora', policy: 'store', pooling: 'mean', num_labels: 3, batch_size: 4, lengths: [11] },
      training: { seed },
    });
    const values = (await trainer.read('parameter')).get('encoder.layer.0.attention.self.query.lora_A.weight');
    executor.destroy();
    return values;
  };
  const one = await started(1);
  expect(one?.length).toBeGreaterThan(0);
  expect(await started(1)).toEqual(one);
  expect(await started(2)).not.toEqual(one);
});
