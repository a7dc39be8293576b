// Two stacks: layers are numbered through both, so that the lower ones may stay frozen, the whole first stack or more, and ranges of policies may end
// anywhere; the gradients of the rest stay what they were. That both stacks give PyTorch's gradients is judged in models.test.ts.

import { expect, test } from 'vitest';
import type { MethodName, PolicyName } from '../src/protocol/config.ts';
import { differences, type Outcome, outcomeOf, smallChoices, smallShape } from './outcome.ts';
import { randomBatch, randomModel } from './random_model.ts';
import type { TestRequest } from './testing.ts';

// Two layers read, two write.
const model = await randomModel({ ...smallShape, num_hidden_layers: 4 }, 'bart');
const batch = randomBatch(5, 3, 8, smallShape.vocab_size, 3);

function steps(method: MethodName, policy: PolicyName, frozen_layers: number, change?: TestRequest['change']): Promise<Outcome> {
  const options = { ...smallChoices, frozen_layers };
  const request = { model, method, policy, options, pooling: 'mean', num_labels: 3, batch_size: 3, lengths: [8] } as const;
  return outcomeOf({ ...request, training: { dropout: 0.1, warmup_ratio: 0 }, ...(change ? { change } : {}) }, [batch, batch]);
}

/** The stacks of whose layers something trains. */
const trained = ({ trainables }: Outcome) =>
  [...new Set(trainables.map(({ name }) => /^(\w+\.layers\.\d+)/.exec(name)?.[1]))].filter((name) => name !== undefined).sort();

test.each([
  [0, ['decoder.layers.0', 'decoder.layers.1', 'encoder.layers.0', 'encoder.layers.1']],
  [1, ['decoder.layers.0', 'decoder.layers.1', 'encoder.layers.1']],
  [2, ['decoder.layers.0', 'decoder.layers.1']],
  [3, ['decoder.layers.1']],
])('with %i frozen layers, %j train, and reversible has the bits of store', async (frozen, layers) => {
  const stored = await steps('meft1', 'store', frozen);
  expect(trained(stored)).toEqual(layers);
  expect(differences(await steps('meft1', 'reversible', frozen), stored)).toEqual([]);
});

test('what is frozen changes no gradient of the rest: not where the whole first stack is', async () => {
  // LoRA starts as no change, so the first step is the same one.
  const first = async (frozen: number) => {
    const options = { ...smallChoices, lora_dropout: 0, frozen_layers: frozen };
    const request = {
      model,
      method: 'lora',
      policy: 'store',
      options,
      pooling: 'mean',
      num_labels: 3,
      batch_size: 3,
      lengths: [8],
    } as const;
    return outcomeOf({ ...request, training: { dropout: 0 } }, [batch]);
  };
  const whole = await first(0);
  for (const frozen of [1, 2, 3]) {
    const part = await first(frozen);
    expect(part.steps[0]?.loss).toBe(whole.steps[0]?.loss);
    const names = [...part.gradients.keys()];
    expect(names.length).toBeLessThan(whole.gradients.size);
    for (const name of names) expect(part.gradients.get(name), name).toEqual(whole.gradients.get(name));
  }
});

test('a range of a policy may end in either stack, or hold the seam of both', async () => {
  const stored = await steps('meft2', 'store', 0);
  for (const cut of [1, 3]) {
    const mixed = await steps('meft2', 'store', 0, (setup) => ({
      ...setup,
      ranges: [
        { from: 0, to: cut, policy: 'reversible' },
        { from: cut, to: 4, policy: 'checkpoint', every: 2 },
      ],
    }));
    expect(differences(mixed, stored)).toEqual([]);
  }
});
