// Updates of a whole step where a part of the model lives off the GPU: one clip for all, and moments of rows that are touched now and then.

import { expect, test } from 'vitest';
import { randomBatch, randomModel } from '../../test/random_model.ts';
import { testEngine } from '../../test/testing.ts';

const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 32 };
const [beta1, beta2, max_grad_norm] = [0.9, 0.98, 0.01];

test('a norm above the bound clips what lives off the GPU as what lives on it, and rows that were skipped have dense Adam’s moments when touched', async () => {
  const { trainer, executor } = await testEngine({
    ...{ model: await randomModel({ ...shape, num_hidden_layers: 2 }), method: 'sparse_meft', policy: 'store', pooling: 'mean' },
    // Few tokens and one expert each, so that steps skip rows.
    options: { adapter_size: 32, num_experts: 16, num_probed_experts: 1, num_activated: 2 },
    ...{ num_labels: 5, batch_size: 1, lengths: [4] },
    training: { dropout: 0, warmup_ratio: 0, learning_rate: 1e-2, adam_beta1: beta1, adam_beta2: beta2, max_grad_norm },
    max_steps: 8,
  });
  const dense = new Map<string, { m: Float64Array; v: Float64Array }>();
  /** Of what rows were touched again after steps without them. */
  const skipped = new Set<string>();
  for (let step = 0; step < 6; step++) {
    const before = await trainer.read('last_step');
    const { grad_norm } = await trainer.step(step, [randomBatch(step, 1, 4, 64, 5)]);
    const clip = Math.min(1, max_grad_norm / (grad_norm + 1e-6));
    expect(clip).toBeLessThan(1);
    const [gradients, m, v, last] = [
      await trainer.read('gradient'),
      await trainer.read('exp_avg'),
      await trainer.read('exp_avg_sq'),
      await trainer.read('last_step'),
    ];
    for (const [name, gradient] of gradients) {
      const own = dense.get(name) ?? { m: new Float64Array(gradient.length), v: new Float64Array(gradient.length) };
      dense.set(name, own);
      for (const [i, g] of gradient.entries()) {
        own.m[i] = beta1 * (own.m[i] as number) + (1 - beta1) * clip * g;
        own.v[i] = beta2 * (own.v[i] as number) + (1 - beta2) * (clip * g) ** 2;
      }
      const scale = (values: Float64Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-12);
      const [mScale, vScale] = [scale(own.m), scale(own.v)];
      const lastSteps = last.get(name);
      for (const i of gradient.keys()) {
        const row = Math.floor(i / shape.hidden_size);
        if (lastSteps) {
          if (gradient[i] === 0) continue;
          expect(lastSteps[row], `last step of ${name}, row ${row}`).toBe(step + 1);
          const touched = before.get(name)?.[row] as number;
          if (touched > 0 && touched < step) skipped.add(name);
        }
        const place = `${name}[${i}], step ${step + 1}`;
        expect(Math.abs((m.get(name)?.[i] as number) - (own.m[i] as number)) / mScale, place).toBeLessThan(1e-5);
        expect(Math.abs((v.get(name)?.[i] as number) - (own.v[i] as number)) / vScale, place).toBeLessThan(1e-5);
      }
    }
  }
  executor.destroy();
  const of = (part: string) => [...dense.keys()].filter((name) => name.endsWith(part)).length;
  expect([of('.keys'), of('.values'), of('.router'), of('classifier.weight')]).toEqual([2, 2, 2, 1]);
  expect([...skipped].map((name) => name.slice(name.lastIndexOf('.') + 1)).toSorted()).toEqual([
    'keys',
    'keys',
    'router',
    'router',
    'values',
    'values',
  ]);
});
