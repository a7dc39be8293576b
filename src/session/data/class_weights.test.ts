import { expect, test } from 'vitest';
import { randomBatch } from '../../../test/random_model.ts';
import { modelAt, testEngine, vectors } from '../../../test/testing.ts';
import { classWeights } from './class_weights.ts';

const data = { labels: ['a', 'b', 'c'], classCounts: [6, 3, 1], examples: { length: 10 } as never };

test('balanced weighs classes as scikit-learn does; numbers are taken in the order of the classes, or refused with what there is', () => {
  expect([classWeights([], data), classWeights(['none'], data)]).toEqual([undefined, undefined]);
  expect(Array.from(classWeights(['balanced'], data) ?? [])).toEqual([10 / 18, 10 / 9, 10 / 3].map(Math.fround));
  expect(Array.from(classWeights(['1', '2.5', '0.5'], data) ?? [])).toEqual([1, 2.5, 0.5]);
  for (const bad of [
    ['1', '2'],
    ['balanced', 'balanced', 'balanced'],
  ]) {
    expect(() => classWeights(bad, data)).toThrow(
      expect.objectContaining({ code: 'class-weights', message: expect.stringContaining('a, b, c') }),
    );
  }
});

test('the loss of a step is that of torch.nn.CrossEntropyLoss with weights and label smoothing, over accumulated batches', async () => {
  const [smoothing, weights] = [0.2, Float32Array.of(0.5, 2, 1.25)];
  const model = await modelAt(`${vectors}tiny_bert`);
  const { trainer, executor } = await testEngine({
    ...{ model, method: 'linear-probe', policy: 'store', pooling: 'mean', num_labels: 3, batch_size: 5, lengths: [8] },
    training: { label_smoothing_factor: smoothing, class_weights: ['0.5', '2', '1.25'] },
    class_weights: weights,
  });
  const batches = [randomBatch(1, 5, 8, 50, 3), randomBatch(2, 5, 8, 50, 3)];
  let [losses, counted] = [0, 0];
  for (const batch of batches) {
    const logits = await trainer.outputs(batch);
    for (const [b, label] of batch.inputs.labels.entries()) {
      const row = [...logits.subarray(3 * b, 3 * b + 3)];
      const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
      const nll = row.map((x, i) => (weights[i] as number) * (total - x));
      losses += (1 - smoothing) * (nll[label] as number) + (smoothing / 3) * nll.reduce((a, b) => a + b, 0);
      counted += weights[label] as number;
    }
  }
  const { loss } = await trainer.step(0, batches);
  expect(loss).toBeCloseTo(losses / counted, 5);
  expect(new Set(batches.flatMap(({ inputs }) => [...inputs.labels])).size).toBe(3);
  executor.destroy();
});
