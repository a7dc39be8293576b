// A whole model with sparse adapters: gradients in f64 against finite differences, policies and places of the rows against each other bit for bit,
// resuming, and what moves.

import { expect, test } from 'vitest';
import { temporaryRowFile } from '../../cli/row_file.ts';
import { Registry, sizeOf } from '../graph/ir.ts';
import { routingShape } from '../methods/sparse_meft.ts';
import { bert, readBertConfig } from '../models/bert.ts';
import { localParameters, Offload, type OffloadedModule } from '../offload/offload.ts';
import { plainProducts } from '../offload/products.ts';
import { memoryRows } from '../offload/rows.ts';
import { recordWidth, SparseAdapter } from '../offload/sparse_adapter.ts';
import { defaultTraining, type MethodChoices, type PolicyName } from '../protocol/config.ts';
import { randomKey, randomNormal, siteId } from '../random/counter.ts';
import { Interpreter } from '../reference/interpreter.ts';
import { type ProgramSetup, traceTraining } from '../train/programs.ts';
import type { TrainerState } from '../train/trainer.ts';
import { metricSlots } from '../train/update.ts';
import { resolveMethod } from './setup.ts';
import { randomBatch, randomBert, testEngine } from './testing.ts';

const rules = ['token', 'union'] as const;
const small: MethodChoices = { adapter_size: 16, num_experts: 8, num_probed_experts: 3, num_activated: 4 };

const referenceOffload = (modules: Iterable<OffloadedModule>): Offload =>
  Offload.of(
    new Map(
      [...modules].map(({ path, shape }) => {
        const width = recordWidth(shape.hidden_size);
        const store = memoryRows(shape.neurons, width, new Float64Array(shape.neurons * width));
        return [path, new SparseAdapter(shape, store, plainProducts(Float64Array), Float64Array)];
      }),
    ),
  );

test.each(rules.flatMap((rule) => (['store', 'checkpoint'] as const).map((policy) => [rule, policy] as const)))(
  'gradients under the rule of the %s and %s, dropout on, are the finite differences of the loss',
  (activation_rule, policy) => {
    const [B, T] = [2, 5];
    const config = { hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 12, vocab_size: 11 };
    const { method, options } = resolveMethod('sparse_meft', policy, { ...small, activation_rule });
    const setup: ProgramSetup = {
      ...{ backbone: bert(readBertConfig({ ...config, max_position_embeddings: 8 }, 'test', 0.2)), method, options },
      ranges: [{ from: 0, to: 2, policy }],
      ...{ pooling: 'mean', num_labels: 3, storedType: () => 'f32', batch_size: B, lengths: [T], optimizer: defaultTraining },
      purposes: ['training'],
    };
    const registry = new Registry();
    const traced = { trains: (name: string) => method.trains(name, options), storedType: () => 'f32' as const };
    const { graph } = traceTraining(registry, traced, setup, T);
    const offload = referenceOffload(registry.offloaded.values());
    const interpreter = new Interpreter((request) => offload.answer(request));
    const hosted = new Map<string, Float64Array>();
    for (const { name, shape, tensors } of registry.parameters.values()) {
      const key = randomKey(1, 0, siteId(name));
      const mean = name.endsWith('LayerNorm.weight') ? 1 : 0;
      const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => mean + 0.3 * randomNormal(key, i));
      for (const tensor of tensors) interpreter.set(tensor, values);
      if (tensors.length > 0) continue;
      offload.write(name, 'parameter', values);
      hosted.set(name, values);
    }
    const batch = randomBatch(4, B, T, config.vocab_size, 3);
    for (const [name, tensor] of graph.inputs) interpreter.set(tensor, batch[name as 'input_ids' | 'labels']);

    const metrics = interpreter.values(registry.state('metrics', [8], 'f32'));
    const loss = (): number => {
      metrics.fill(0);
      offload.begin();
      for (const gradient of registry.gradients.values()) interpreter.values(gradient).fill(0);
      interpreter.run(graph, { seed: 3, micro_step: 5, inverse_count: 1 / B });
      return metrics[metricSlots.loss] as number;
    };
    loss();
    const found = new Map([...hosted.keys()].map((name) => [name, offload.read(name, 'gradient')]));
    let compared = 0;
    for (const [name, values] of hosted) {
      const gradient = found.get(name) as Float64Array;
      const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
      for (let i = 0; i < values.length; i += 5) {
        const kept = values[i] as number;
        const at = (value: number): number => {
          values[i] = value;
          offload.write(name, 'parameter', values);
          return loss();
        };
        const difference = (at(kept + 1e-6) - at(kept - 1e-6)) / 2e-6;
        at(kept);
        expect(Math.abs(difference - (gradient[i] ?? 0)) / largest, `${name}[${i}]`).toBeLessThan(1e-5);
        if (gradient[i]) compared++;
      }
    }
    expect(compared).toBeGreaterThan(20);
  },
);

const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 32 };

async function trained(options: MethodChoices, policy: PolicyName, place: 'memory' | 'disk', steps = 3, from?: TrainerState) {
  const request = { pooling: 'mean', num_labels: 5, batch_size: 3, lengths: [9] } as const;
  const { trainer, executor } = await testEngine({
    ...request,
    ...{ model: await randomBert({ ...shape, num_hidden_layers: 3 }), method: 'sparse_meft', policy, options: { ...small, ...options } },
    training: { dropout: 0.1, warmup_ratio: 0, learning_rate: 1e-2 },
    offload: async (modules) =>
      localParameters(new Offload(modules, place === 'disk' ? new Map(modules.map(({ path }) => [path, temporaryRowFile()])) : new Map())),
  });
  if (from) trainer.restore(from);
  const results = [];
  for (let step = from?.step ?? 0; step < steps; step++) results.push(await trainer.step(step, [randomBatch(step, 3, 9, 64, 5)]));
  const state = await trainer.save(steps);
  const gradients = await trainer.read('gradient');
  const logits = await trainer.logits(randomBatch(7, 3, 9, 64, 5));
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
    const { options } = resolveMethod('sparse_meft', 'store', { adapter_size });
    return routingShape(8, options).experts;
  };
  expect([256, 1024, 1600, 4096, 8464, 2048].map(experts)).toEqual([64, 128, 160, 256, 368, 128]);
  const { options } = resolveMethod('sparse_meft', 'store', { adapter_size: 64, num_experts: 7 });
  expect(() => routingShape(8, options)).toThrow('64 neurons');
});
