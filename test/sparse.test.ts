// Sparse adapters in a whole model on the GPU: policies and places of the rows against each other bit for bit, resuming, the norm that host and GPU
// make together, and what moves. Their gradients are judged in interpreter.test.ts and models.test.ts.

import { expect, test } from 'vitest';
import { temporaryRowFile } from '../cli/row_file.ts';
import { routingShape } from '../src/methods/sparse_meft.ts';
import { usualDefaults } from '../src/models/registry.ts';
import { localParameters, Offload } from '../src/offload/offload.ts';
import type { MethodChoices, PolicyName } from '../src/protocol/config.ts';
import { resolveMethod } from '../src/session/engine/setup.ts';
import type { TrainerState } from '../src/train/trainer.ts';
import { randomBatch, randomModel } from './random_model.ts';
import { testEngine } from './testing.ts';

const rules = ['token', 'union'] as const;
const small: MethodChoices = { adapter_size: 16, num_experts: 8, num_probed_experts: 3, num_activated: 4 };

const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 32 };

async function trained(options: MethodChoices, policy: PolicyName, place: 'memory' | 'disk', steps = 3, from?: TrainerState) {
  const request = { pooling: 'mean', num_labels: 5, batch_size: 3, lengths: [9] } as const;
  const { trainer, executor } = await testEngine({
    ...request,
    ...{ model: await randomModel({ ...shape, num_hidden_layers: 3 }), method: 'sparse_meft', policy, options: { ...small, ...options } },
    training: { dropout: 0.1, warmup_ratio: 0, learning_rate: 1e-2 },
    offload: async (modules) =>
      localParameters(new Offload(modules, place === 'disk' ? new Map(modules.map(({ path }) => [path, temporaryRowFile()])) : new Map())),
  });
  if (from) trainer.restore(from);
  const results = [];
  for (let step = from?.step ?? 0; step < steps; step++) results.push(await trainer.step(step, [randomBatch(step, 3, 9, 64, 5)]));
  const state = await trainer.save(steps);
  const gradients = await trainer.read('gradient');
  const logits = await trainer.outputs(randomBatch(7, 3, 9, 64, 5));
  expect(executor.allocator.account.live).toEqual(executor.plan.bytes);
  executor.destroy();
  return { results, state, gradients, logits };
}

test.each(rules)(
  'under the rule of the %s, three steps under checkpoint, and on rows in files, leave the bits of store in memory',
  async (activation_rule) => {
    const stored = await trained({ activation_rule }, 'store', 'memory');
    const again = await trained({ activation_rule }, 'checkpoint', 'memory');
    const onDisk = await trained({ activation_rule }, 'store', 'disk');
    for (const other of [again, onDisk]) {
      expect(other.state).toEqual(stored.state);
      expect(other.gradients).toEqual(stored.gradients);
      expect(other.logits).toEqual(stored.logits);
    }
    const moments = stored.state.states.get('exp_avg')?.get('encoder.layer.0.sparse_adapter.keys');
    expect(moments?.some((x) => x !== 0)).toBe(true);
    expect(stored.results.every(({ host }) => host && host.rows > 0 && host.rows <= host.of)).toBe(true);
    // Where a layer runs again its rows are sent again, its hidden states are not.
    const [first, second] = [stored.results[0]?.host, again.results[0]?.host];
    expect(second?.to_gpu).toBeGreaterThan(first?.to_gpu ?? 0);
    expect(second?.from_gpu).toBe(first?.from_gpu);
  },
);

test.each(rules)(
  'under the rule of the %s the norm that clips is that of all gradients, off the GPU and on it',
  async (activation_rule) => {
    const { results, gradients } = await trained({ activation_rule }, 'store', 'memory', 1);
    const squares = [...gradients.values()].reduce((sum, values) => values.reduce((own, x) => own + x * x, sum), 0);
    expect((results[0]?.grad_norm as number) / Math.sqrt(squares)).toBeCloseTo(1, 5);
    expect([...gradients.keys()].filter((name) => name.endsWith('.values')).length).toBe(3);
  },
);

test('a run that is saved and restored makes the same steps, bit for bit', async () => {
  const whole = await trained({}, 'store', 'memory', 4);
  const half = await trained({}, 'store', 'memory', 2);
  const resumed = await trained({}, 'store', 'memory', 4, half.state);
  expect(resumed.state).toEqual(whole.state);
  expect(resumed.logits).toEqual(whole.logits);
});

test('training begins at the pretrained behaviour: values start at zero, the router at its experts’ keys', async () => {
  const { state } = await trained({}, 'store', 'memory', 0);
  const part = (name: string) => state.parameters.get(`encoder.layer.1.sparse_adapter.${name}`) as Float32Array;
  expect(part('values').every((x) => x === 0)).toBe(true);
  for (let c = 0; c < 32; c++)
    expect(part('router')[32 + c]).toBeCloseTo(25 * ((part('keys')[64 + c] as number) + (part('keys')[96 + c] as number)), 5);
});

test('by default there are 4·√r experts, or the nearest number that divides r', () => {
  const experts = (adapter_size: number) => {
    const { options } = resolveMethod('sparse_meft', 'store', { adapter_size }, usualDefaults);
    return routingShape(8, options).experts;
  };
  expect([256, 1024, 1600, 4096, 8464, 2048].map(experts)).toEqual([64, 128, 160, 256, 368, 128]);
  const { options } = resolveMethod('sparse_meft', 'store', { adapter_size: 64, num_experts: 7 }, usualDefaults);
  expect(() => routingShape(8, options)).toThrow('64 neurons');
});
