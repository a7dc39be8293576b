// Bind groups of whole plans, made on a stand-in for a device that writes down what it is asked for. That what is bound is right every other test of the engine shows.

import { expect, test } from 'vitest';
import { bindGroupsOf, planOfRun } from '../../bench/start.ts';
import { bert, readBertConfig } from '../models/bert.ts';

const small = { num_hidden_layers: 3, hidden_size: 64, num_attention_heads: 4, intermediate_size: 128, vocab_size: 512 };
const backbone = bert(readBertConfig(small, 'small'));

test.each([
  ['meft1', 'reversible'],
  ['lora', 'store'],
  ['full', 'checkpoint'],
] as const)('no two bind groups of a run of %s under %s are equal, and dispatches share them', (method, policy) => {
  const { made, dispatches } = bindGroupsOf(planOfRun(backbone, method, policy, [8, 24, 128]));
  expect(new Set(made).size).toBe(made.length);
  expect(made.length).toBeLessThan(dispatches);
});
