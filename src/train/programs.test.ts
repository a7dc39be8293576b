// How large batches are cut. That parts give the bits of the whole is judged in test/policies.test.ts.

import { expect, test } from 'vitest';
import { usualDefaults } from '../../src/models/registry.ts';
import { methodNamed, resolveOptions } from '../methods/registry.ts';
import { bert, readBertConfig } from '../models/bert.ts';
import { tinyBert } from '../models/testing.ts';
import { defaultTraining } from '../protocol/config.ts';
import { classification } from '../tasks/classification.ts';
import { planPrograms } from './programs.ts';

const config = { ...tinyBert, max_position_embeddings: 64 };

function dispatches(batch_size: number): number {
  const method = methodNamed('meft1');
  const { plan } = planPrograms({
    task: classification,
    backbone: bert(readBertConfig(config, 'test')),
    method,
    options: resolveOptions(method, {}, usualDefaults),
    ranges: [{ from: 0, to: config.num_hidden_layers, policy: 'reversible' }],
    pooling: 'mean',
    num_labels: 3,
    storedType: () => 'f32',
    batch_size,
    buckets: [{ length: 64 }],
    optimizer: defaultTraining,
    purposes: ['training'],
  });
  return [...plan.programs.values()].reduce((sum, { lowered }) => sum + lowered.nodes.reduce((own, { calls }) => own + calls.length, 0), 0);
}

test('a batch eight times as large as fills all parts takes no more dispatches', () => {
  expect(dispatches(4096)).toBeLessThanOrEqual(dispatches(512));
});
