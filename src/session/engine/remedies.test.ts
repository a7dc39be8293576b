// Remedies for a plan that does not fit: whatever of the model is frozen and under whatever policies, each is a plan that can be made, and it saves
// what it says. Plans alone: no device.

import { expect, test } from 'vitest';
import { randomModel } from '../../../test/random_model.ts';
import { methods, resolveOptions } from '../../methods/registry.ts';
import { usualDefaults } from '../../models/registry.ts';
import { defaultTraining, type MethodChoices, type PolicyName } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { planPrograms } from '../../train/programs.ts';
import { remediesFor, withRemedies } from './remedies.ts';
import { resolveMethod, setupOf } from './setup.ts';

const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 64 };
const model = await randomModel({ ...shape, num_hidden_layers: 3 });

interface Asked {
  readonly method: string;
  readonly policy: PolicyName;
  readonly options?: MethodChoices;
  readonly ranges?: readonly { from: number; to: number; policy: PolicyName }[];
  readonly batch_size?: number;
}

function setup({ method, policy, options = {}, ranges, batch_size = 4 }: Asked) {
  return setupOf({
    ...{
      model,
      resolved: resolveMethod(method, policy, options, usualDefaults),
      pooling: 'mean',
      num_labels: 2,
      batch_size,
      buckets: [{ length: 32 }],
      dropout: 0,
    },
    memory: { policy, checkpoint_every: 1, ...(ranges ? { ranges: [...ranges] } : {}) },
    ...{ optimizer: defaultTraining, purposes: ['training'] },
  });
}

/** Remedies by what they say, with the bytes that each saves. */
function remedies(asked: Asked): [string, number][] {
  const own = setup(asked);
  const text = remediesFor(own, planPrograms(own).plan.total);
  return [...text.matchAll(/(?:Cheapest first: |; )([^;]*?): saves (\d+) bytes/g)].map(([, what = '', bytes]) => [what, Number(bytes)]);
}

const small: MethodChoices = {
  reduction_factor: 2,
  rnn_hidden_size: 16,
  num_virtual_tokens: 4,
  adapter_size: 16,
  num_experts: 4,
  num_probed_experts: 2,
  num_activated: 4,
};

test.each(methods.map(({ name, uses }) => [name, uses.includes('frozen_layers') ? [0, 2] : [0]] as const))(
  '%s has remedies with %j frozen layers, under one policy and under several',
  (method, frozen) => {
    for (const frozen_layers of frozen) {
      const options = Object.fromEntries(
        Object.entries({ ...small, frozen_layers }).filter(([name]) =>
          (resolveMethod(method, 'store', {}, usualDefaults).method.uses as readonly string[]).includes(name),
        ),
      );
      const found = remedies({ method, policy: 'store', options });
      expect(found.length, `${frozen_layers} frozen`).toBeGreaterThanOrEqual(2);
      for (const [what, saved] of found) expect(saved, what).toBeGreaterThan(0);
    }
  },
);

test('ranges above frozen layers: a remedy takes all of them, and the plan that it names is the one that is made', () => {
  const options = { frozen_layers: 1 };
  const ranges = [
    { from: 1, to: 2, policy: 'store' as const },
    { from: 2, to: 3, policy: 'reversible' as const },
  ];
  const asked: Asked = { method: 'meft1', policy: 'reversible', options, ranges };
  const [smaller, [what, saved] = ['', 0]] = remedies(asked);
  expect(smaller?.[0]).toBe('micro_batch_size 2 (same result, smaller matrix products)');
  expect(what).toBe('the memory policy reversible (same result, more time)');
  const [before, after] = [
    planPrograms(setup(asked)).plan.total,
    planPrograms(setup({ method: 'meft1', policy: 'reversible', options })).plan.total,
  ];
  expect(saved).toBe(before - after);
});

test('a remedy that is another method is planned with its own defaults, above the same frozen layers', () => {
  const asked: Asked = { method: 'houlsby', policy: 'checkpoint', options: { frozen_layers: 1, adapter_size: 512 }, batch_size: 1 };
  const found = remedies(asked);
  const total = planPrograms(setup(asked)).plan.total;
  for (const name of ['meft1', 'meft2']) {
    const [, saved] = found.find(([what]) => what === `the method ${name}`) ?? [];
    expect(saved, name).toBe(
      total - planPrograms(setup({ method: name, policy: 'reversible', options: { frozen_layers: 1 }, batch_size: 1 })).plan.total,
    );
  }
  expect(resolveOptions(resolveMethod('meft1', 'reversible', {}, usualDefaults).method, {}, usualDefaults).adapter_size).toBe(8);
});

test('what a remedy costs is said as it is', () => {
  const says = (asked: Asked) =>
    remedies(asked)
      .map(([what]) => what)
      .join('; ');
  expect(says({ method: 'meft1', policy: 'store', options: { streams: 'float' } })).toContain('float streams round where they are undone');
  expect(says({ method: 'lora', policy: 'store', batch_size: 7 })).toContain('micro_batch_size 3 (same result, smaller matrix products)');
  // What looks at all examples of a batch together can't take fewer at a time: only the batch can be smaller.
  const whole = {
    method: 'sparse_meft',
    policy: 'checkpoint',
    options: { adapter_size: 16, num_experts: 4, num_probed_experts: 2, num_activated: 4, activation_rule: 'union' },
  } as const;
  expect(says({ ...whole, batch_size: 7 })).toContain(
    'batch_size 3 with twice the gradient_accumulation_steps (one example fewer in each step)',
  );
  expect(says(whole)).toContain('batch_size 2 with twice the gradient_accumulation_steps (as many examples in each step)');
});

test('the error of a plan that is too large keeps its words and gets remedies, with frozen layers too; any other error stays as it is', () => {
  const own = setup({ method: 'meft1', policy: 'store', options: { frozen_layers: 2 } });
  const { total } = planPrograms(own).plan;
  const error = new RetraceError({ code: 'out-of-memory', message: 'There is too little.', where: 'plan' });
  expect(withRemedies(error, own, total)).toMatchObject({
    code: 'out-of-memory',
    message: 'There is too little.',
    remedy: expect.stringContaining('Cheapest first'),
  });
  const other = new RetraceError({ code: 'device-lost', message: 'Gone.' });
  expect(withRemedies(other, own, total)).toBe(other);
});
