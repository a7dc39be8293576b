// Whole models with methods on the f64 interpreter: gradients against central finite differences of the loss, dropout on, every policy.

import { expect, test } from 'vitest';
import { Registry } from '../src/graph/registry.ts';
import { sizeOf } from '../src/graph/tensor.ts';
import { methods } from '../src/methods/registry.ts';
import { OffloadedModules } from '../src/methods/sparse_adapter.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import { usualDefaults } from '../src/models/registry.ts';
import { tinyBert as config } from '../src/models/testing.ts';
import { referenceOffload } from '../src/offload/testing.ts';
import {
  defaultTraining,
  type MethodChoices,
  type MethodName,
  type PolicyName,
  type Pooling,
  policyNames,
} from '../src/protocol/config.ts';
import { randomKey, randomNormal, siteId } from '../src/random/counter.ts';
import { resolveMethod } from '../src/session/engine/setup.ts';
import { classification } from '../src/tasks/classification.ts';
import { type ProgramSetup, traceTraining } from '../src/train/programs.ts';
import { tokenChain } from '../src/train/trainer.ts';
import { metricSlots } from '../src/train/update.ts';
import { randomBatch } from './random_model.ts';
import { Interpreter } from './reference/interpreter.ts';

const B = 2;
// Examples begin where a binding may, so that a batch can run in two parts.
const T = 8;
/** Small, and nothing left out. */
const choices: MethodChoices = { adapter_size: 3, lora_dropout: 0.2, rnn_hidden_size: 8, reduction_factor: 2, num_virtual_tokens: 2 };
const step = { seed: 3, micro_step: 5, inverse_count: 1 / B };

interface Cell {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly pooling: Pooling;
  readonly chosen?: MethodChoices;
}

function build({ method, policy, pooling, chosen = {} }: Cell) {
  // Rounding has no derivative that a difference could find: fixed streams are judged by PyTorch and by each other.
  const { method: resolved, options } = resolveMethod(method, policy, { ...choices, streams: 'float', ...chosen }, usualDefaults);
  const setup: ProgramSetup = {
    task: classification,
    backbone: bert(readBertConfig(config, 'test', 0.2)),
    method: resolved,
    options,
    ranges: [{ from: options.frozen_layers, to: 2, policy }],
    chunks: 2,
    pooling,
    num_labels: 3,
    storedType: () => 'f32',
    batch_size: B,
    buckets: [{ length: T }],
    optimizer: defaultTraining,
    purposes: ['training'],
  };
  const registry = new Registry();
  const { graph } = traceTraining(
    registry,
    { trains: (parameter) => resolved.trains(parameter, options), storedType: () => 'f32' },
    setup,
    { length: T },
  );
  const offload = referenceOffload(registry.shared(OffloadedModules).values());
  return { registry, graph, offload, interpreter: new Interpreter((request) => offload.answer(request)) };
}

type Built = ReturnType<typeof build>;

function fill({ interpreter, registry, graph, offload }: Built): void {
  for (const { name, shape, tensors } of registry.parameters.values()) {
    const key = randomKey(1, 0, siteId(name));
    const mean = name.endsWith('LayerNorm.weight') ? 1 : 0;
    const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => mean + 0.3 * randomNormal(key, i));
    for (const tensor of tensors) interpreter.set(tensor, values);
    if (tensors.length === 0) offload.write(name, 'parameter', values);
  }
  const batch = randomBatch(4, B, T, config.vocab_size, 3);
  for (const [name, tensor] of graph.inputs) {
    const plain = batch.inputs[name.replace('_chain', '') as 'input_ids' | 'labels'];
    interpreter.set(tensor, name.endsWith('_chain') ? tokenChain(plain as Uint32Array) : plain);
  }
}

/** The loss of one run, with the gradients that it leaves. */
function lossOf({ interpreter, registry, graph, offload }: Built): number {
  offload.begin();
  const metrics = interpreter.values(registry.result('metrics', [8], 'f32'));
  metrics.fill(0);
  for (const gradient of registry.gradients.values()) interpreter.values(gradient).fill(0);
  interpreter.run(graph, step);
  return metrics[metricSlots.loss] as number;
}

interface Judged {
  readonly name: string;
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  /** To be called when a value has changed. */
  readonly moved: () => void;
}

/** What trains, wherever it lives, with the gradients that the last run left. */
function trainables({ interpreter, registry, offload }: Built): Judged[] {
  return [...registry.parameters.values()]
    .filter(({ trainable }) => trainable)
    .flatMap(({ name, tensors, shape }): Judged[] => {
      const onDevice = tensors.map((tensor) => ({
        name,
        values: interpreter.values(tensor),
        gradient: Float64Array.from(interpreter.values(registry.gradientOf(tensor))),
        moved: () => undefined,
      }));
      if (tensors.length > 0) return onDevice;
      const values = Float64Array.from(offload.read(name, 'parameter'));
      const gradient = new Float64Array(sizeOf(shape));
      gradient.set(offload.read(name, 'gradient'));
      return [{ name, values, gradient, moved: () => offload.write(name, 'parameter', values) }];
    });
}

// Each method under the policy that does most; matrix.test.ts holds the others to the same bits.
const everyMethod = methods.map(
  (method, i): Cell => ({
    method: method.name,
    policy: policyNames.findLast((policy) => !method.refuses(policy)) as PolicyName,
    pooling: i % 2 === 0 ? 'mean' : 'cls',
  }),
);
const manyNeurons: MethodChoices = { adapter_size: 16, num_experts: 8, num_probed_experts: 3, num_activated: 4 };
const variants: Cell[] = [
  { method: 'meft1', policy: 'reversible', pooling: 'mean', chosen: { adapter_layer_norm: true, final_combination: 'weighted' } },
  { method: 'meft2', policy: 'reversible', pooling: 'mean', chosen: { adapter_layer_norm: true, final_combination: 'weighted' } },
  { method: 'meft3', policy: 'checkpoint', pooling: 'cls', chosen: { frozen_layers: 1 } },
  { method: 'lora', policy: 'store', pooling: 'mean', chosen: { bias: 'all', target_modules: ['key', 'dense'] } },
  {
    method: 'read',
    policy: 'checkpoint',
    pooling: 'cls',
    chosen: { rnn_type: 'lstm', aggregation: 'last', joiner: true, output_scale: 0.5 },
  },
  { method: 'read', policy: 'store', pooling: 'mean', chosen: { rnn_type: 'lstm', joiner: true } },
  { method: 'read', policy: 'store', pooling: 'mean', chosen: { rnn_type: 'rnn', joiner: true, frozen_layers: 1 } },
  { method: 'read', policy: 'checkpoint', pooling: 'mean', chosen: { joiner: true, aggregation: 'last' } },
  { method: 'lst', policy: 'checkpoint', pooling: 'cls', chosen: { frozen_layers: 1 } },
  { method: 'sparse_meft', policy: 'store', pooling: 'mean', chosen: manyNeurons },
  { method: 'sparse_meft', policy: 'checkpoint', pooling: 'cls', chosen: { ...manyNeurons, frozen_layers: 1 } },
  { method: 'sparse_meft', policy: 'store', pooling: 'cls', chosen: { ...manyNeurons, activation_rule: 'union' } },
  { method: 'sparse_meft', policy: 'checkpoint', pooling: 'mean', chosen: { ...manyNeurons, activation_rule: 'union' } },
];

test.each([...everyMethod, ...variants])(
  'gradients of $method under $policy ($pooling) $chosen are the finite differences of the loss',
  (cell) => {
    const built = build(cell);
    fill(built);
    lossOf(built);
    const judged = trainables(built);
    const h = 1e-5;
    let compared = 0;
    for (const { name, values, gradient, moved } of judged) {
      const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
      // One element of each: models.test.ts holds every element against PyTorch's.
      const i = Math.floor(0.6 * values.length);
      const kept = values[i] as number;
      const lossAt = (value: number): number => {
        values[i] = value;
        moved();
        return lossOf(built);
      };
      const difference = (lossAt(kept + h) - lossAt(kept - h)) / (2 * h);
      values[i] = kept;
      moved();
      expect(Math.abs(difference - (gradient[i] as number)) / largest, `${name}[${i}]`).toBeLessThan(1e-5);
      compared++;
    }
    expect(compared).toBeGreaterThan(1);
  },
);

test('a frozen parameter has no gradient, and nothing of a linear probe runs backwards through the layers', () => {
  const { registry, graph } = build({ method: 'linear-probe', policy: 'store', pooling: 'mean' });
  expect([...registry.gradients.values()].map(({ name }) => name).sort()).toEqual(['d_classifier.bias', 'd_classifier.weight']);
  const sections = graph.nodes.filter(({ place }) => place.phase === 'backward').map(({ place }) => place.section);
  expect([...new Set(sections)].sort()).toEqual(['classifier', 'loss'].filter((section) => sections.includes(section)));
});
