// What does not go together is refused before anything is planned or allocated: with what is wrong, in numbers, and what to do.

import { expect, test } from 'vitest';
import { randomModel } from '../../../test/random_model.ts';
import { usualDefaults } from '../../models/registry.ts';
import { defaultTraining, type MemorySettings, type MethodChoices, type MethodName, type PolicyName } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { planPrograms } from '../../train/programs.ts';
import { type PlannedModel, resolveMethod, setupOf } from './setup.ts';

const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 32 };
const model = await randomModel({ ...shape, num_hidden_layers: 6 });

interface Asked {
  readonly method: MethodName;
  readonly policy?: PolicyName;
  readonly options?: MethodChoices;
  readonly memory?: Partial<MemorySettings>;
  readonly optim?: 'adamw' | 'lion';
  readonly dropout?: number | undefined;
  readonly model?: PlannedModel;
}

function setup({ method, policy = 'store', options = {}, memory, optim = 'adamw', ...rest }: Asked) {
  return setupOf({
    resolved: resolveMethod(method, policy, options, usualDefaults),
    memory: { policy, checkpoint_every: 1, ...memory },
    pooling: 'mean',
    num_labels: 2,
    batch_size: 2,
    buckets: [{ length: 8 }],
    optimizer: { ...defaultTraining, optim },
    purposes: ['training'],
    ...{ model, dropout: 0, ...rest },
  });
}

const plan = (asked: Asked) => planPrograms(setup(asked));

function refusal(asked: Asked): RetraceError {
  try {
    plan(asked);
  } catch (error) {
    if (error instanceof RetraceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const range = (from: number, to: number, policy: PolicyName = 'store') => ({ from, to, policy });

test.each([
  ['policy-refused', { method: 'lora', policy: 'reversible' }, 'reversible'],
  ['policy-refused', { method: 'lora', memory: { ranges: [range(0, 3), range(3, 6, 'reversible')] } }, 'reversible'],
  ['policy-ranges', { method: 'meft1', memory: { ranges: [range(0, 3), range(4, 6)] } }, '4-6 stands where 3 begins'],
  ['policy-ranges', { method: 'meft1', memory: { ranges: [range(0, 5)] } }, 'they end at 5'],
  ['policy-ranges', { method: 'meft1', memory: { ranges: [range(0, 7)] } }, 'layers 0 to 6'],
  ['policy-ranges', { method: 'meft1', options: { frozen_layers: 2 }, memory: { ranges: [range(0, 6)] } }, 'layers 2 to 6'],
  ['frozen-layers', { method: 'meft1', options: { frozen_layers: 6 } }, 'the model has 6'],
  ['factor-not-a-power-of-two', { method: 'meft3', options: { beta: 0.1 } }, 'beta is 0.1'],
  ['reduction-factor', { method: 'lst', options: { reduction_factor: 8 } }, '8 times narrower than 32'],
  ['experts', { method: 'sparse_meft', options: { adapter_size: 64, num_experts: 7 } }, '64 neurons'],
  ['optimizer-off-gpu', { method: 'sparse_meft', options: { adapter_size: 64 }, optim: 'lion' }, 'lion'],
] satisfies [string, Asked, string][])('%s: %j is refused with what is wrong and what to do', (code, asked, says) => {
  const error = refusal(asked);
  expect(error.code).toBe(code);
  expect(error.message).toContain(says);
  expect(error.remedy).toBeTruthy();
});

test('ranges take the policies that they name, the rest of the plan follows', () => {
  const bytes = (memory: Partial<MemorySettings>) => plan({ method: 'meft1', policy: 'reversible', memory }).plan.bytes;
  const [all, half] = [bytes({}), bytes({ ranges: [range(0, 3, 'reversible'), range(3, 6)] })];
  const stored = plan({ method: 'meft1' }).plan.bytes;
  expect(half.activation).toBeGreaterThan(all.activation);
  expect(half.activation).toBeLessThan(stored.activation);
});

test('dropout that is not given is the model’s own: 0.1 in BERT, none in ViT', async () => {
  const vit = await randomModel({ ...shape, num_hidden_layers: 1 }, 'vit');
  const dropoutOf = (asked: Partial<Asked>) => {
    const { hidden_dropout_prob, attention_probs_dropout_prob } = setup({ method: 'meft1', ...asked }).backbone.config;
    return [hidden_dropout_prob, attention_probs_dropout_prob];
  };
  expect(dropoutOf({ dropout: undefined })).toEqual([0.1, 0.1]);
  expect(dropoutOf({ model: vit, dropout: undefined })).toEqual([0, 0]);
  for (const dropout of [0, 0.25]) expect(dropoutOf({ dropout })).toEqual([dropout, dropout]);
});
