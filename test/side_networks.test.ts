// What makes a side network one: nothing runs backwards through the backbone, and training starts at the pretrained behaviour.

import { expect, test } from 'vitest';
import { Registry } from '../src/graph/registry.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import { usualDefaults } from '../src/models/registry.ts';
import { tinyBert } from '../src/models/testing.ts';
import { defaultTraining, type MethodChoices, type MethodName, type PolicyName } from '../src/protocol/config.ts';
import { resolveMethod } from '../src/session/engine/setup.ts';
import { classification } from '../src/tasks/classification.ts';
import { type ProgramSetup, traceTraining } from '../src/train/programs.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, testEngine, vectors } from './testing.ts';

const config = { ...tinyBert, num_hidden_layers: 3, max_position_embeddings: 8 };

/** Nodes of one step's backward pass in the backbone's layers, and beside them. */
function backwardNodes(method: MethodName, policy: PolicyName, chosen: MethodChoices): { backbone: number; beside: number } {
  const { method: resolved, options } = resolveMethod(method, policy, chosen, usualDefaults);
  const setup: ProgramSetup = {
    task: classification,
    backbone: bert(readBertConfig(config, 'test')),
    method: resolved,
    options,
    ranges: [{ from: 0, to: config.num_hidden_layers, policy }],
    chunks: 2,
    pooling: 'cls',
    num_labels: 3,
    storedType: () => 'f32',
    batch_size: 2,
    buckets: [{ length: 4 }],
    optimizer: defaultTraining,
    purposes: ['training'],
  };
  const { graph } = traceTraining(
    new Registry(),
    { trains: (parameter) => resolved.trains(parameter, options), storedType: () => 'f32' },
    setup,
    { length: 4 },
  );
  const found = graph.nodes.filter(({ place }) => place.phase === 'backward' && place.section.startsWith('encoder.layer.'));
  const beside = found.filter(({ place: { path } }) => /^lst\b|\.read$/.test(path)).length;
  return { backbone: found.length - beside, beside };
}

const choices: MethodChoices = { reduction_factor: 2, rnn_hidden_size: 4 };
const networks: readonly (readonly [MethodName, MethodChoices])[] = [
  ['read', choices],
  ['read', { ...choices, joiner: true }],
  ['lst', choices],
];
const cells = networks.flatMap(([method, chosen]) =>
  (['store', 'checkpoint'] as const).map((policy) => ({ method, policy, chosen, joiner: chosen.joiner ?? false })),
);

test.each(cells)('no node of the backward pass of $method (joiner $joiner) under $policy stands in the backbone', (cell) => {
  const { backbone, beside } = backwardNodes(cell.method, cell.policy, cell.chosen);
  expect(backbone).toBe(0);
  expect(beside).toBeGreaterThan(0);
});

test('the same count finds the backward pass of a method that has one', () => {
  const { backbone, beside } = backwardNodes('lora', 'store', {});
  expect(backbone).toBeGreaterThan(0);
  expect(beside).toBe(0);
});

test.each(networks)('an untrained %s gives the logits of the pretrained model, bit for bit', async (method, chosen) => {
  const model = await modelAt(`${vectors}tiny_bert`);
  const batch = batchOf(readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json').batch);
  const logitsOf = async (name: MethodName) => {
    const { trainer, executor } = await testEngine({
      model,
      method: name,
      policy: 'store',
      pooling: 'mean',
      num_labels: 3,
      batch_size: 4,
      lengths: [11],
      options: chosen,
    });
    const logits = await trainer.outputs(batch);
    executor.destroy();
    return logits;
  };
  expect(await logitsOf(method)).toEqual(await logitsOf('linear-probe'));
});
