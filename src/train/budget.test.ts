// A budget chooses the fastest plan that fits: on a small model, against all plans that there are. Plans alone: no device.

import { describe, expect, test } from 'vitest';
import { randomModel } from '../../test/random_model.ts';
import { methodNamed } from '../methods/registry.ts';
import { type DeviceRates, typicalRates } from '../plan/time.ts';
import { defaultTraining, granularityNames, type MethodChoices, type PolicyName } from '../protocol/config.ts';
import { resolveMethod, setupOf } from '../session/engine/setup.ts';
import { type BudgetRequest, type Candidate, type Choice, chooseWithin, type Free } from './budget.ts';
import { planPrograms } from './programs.ts';

const layers = 4;
const shape = { hidden_size: 32, num_attention_heads: 4, intermediate_size: 64, vocab_size: 64, max_position_embeddings: 256 };
const model = await randomModel({ ...shape, num_hidden_layers: layers });

const all: Free = { policy: true, checkpoint_every: true, granularity: true, micro_batch_size: true };

/** Launches are dear, as on a GPU. */
const gpu: DeviceRates = {
  dispatch_ms: 0.05,
  full_groups: 64,
  rates: Object.fromEntries(Object.keys(typicalRates.rates).map((kind) => [kind, 1e8])) as DeviceRates['rates'],
};

interface Asked {
  readonly method?: string;
  readonly policy?: PolicyName;
  readonly options?: MethodChoices;
  readonly purposes?: BudgetRequest['setup']['purposes'];
  readonly lengths?: readonly number[];
  readonly memory?: Partial<Parameters<typeof setupOf>[0]['memory']>;
  readonly free?: Partial<Free>;
  readonly rates?: DeviceRates;
  readonly largest_binding?: number;
}

function request(budget: number, asked: Asked): BudgetRequest {
  const {
    method = 'meft1',
    policy = methodNamed(method).defaultPolicy,
    options = {},
    purposes = ['training'],
    lengths = [64],
    memory = {},
  } = asked;
  const setup = setupOf({
    ...{
      model,
      resolved: resolveMethod(method, policy, options, model.backbone().defaults),
      pooling: 'mean',
      num_labels: 2,
      batch_size: 8,
    },
    ...{ buckets: lengths.map((length) => ({ length })), dropout: 0, optimizer: defaultTraining, purposes },
    memory: { policy, checkpoint_every: 1, ...memory },
  });
  const { rates = gpu, largest_binding } = asked;
  return { budget, setup, rates, largest_binding, checkpoint_every: memory.checkpoint_every ?? 1, free: { ...all, ...asked.free } };
}

const choose = (budget: number, asked: Asked = {}): Choice => chooseWithin(request(budget, asked));
const policies = ({ ranges }: Candidate): string => ranges.map(({ from, to, policy }) => `${from}-${to}:${policy}`).join();

/** Budgets from where nothing fits to where everything does. */
function budgets(asked: Asked = {}): number[] {
  const { smallest, fastest } = choose(1, asked);
  const { total: most } = choose(1e12, asked).chosen as Candidate;
  expect(most).toBeGreaterThanOrEqual(fastest.total);
  return Array.from({ length: 5 }, (_, i) => Math.round(smallest.total + ((most - smallest.total) * i) / 4));
}

describe.each([
  ['meft1', gpu],
  ['meft1', typicalRates],
  ['lora', gpu],
  ['full', typicalRates],
] as const)('%s', (method, rates) => {
  const asked: Asked = { method, rates };

  test('with room for everything the whole batch is stored', () => {
    const { chosen, half, twice } = choose(1e12, asked);
    expect(chosen && policies(chosen)).toBe('0-4:store');
    expect(chosen?.micro_batch_size).toBe(8);
    expect([half?.total, twice?.total]).toEqual([chosen?.total, chosen?.total]);
  });

  test('what is chosen fits, its bytes are those of its plan, and a larger budget never predicts slower', () => {
    let before = Number.POSITIVE_INFINITY;
    for (const budget of budgets(asked)) {
      const { chosen, twice, half } = choose(budget, asked);
      expect(chosen?.total).toBeLessThanOrEqual(budget);
      expect(chosen && planPrograms(chosen.setup).plan.total).toBe(chosen?.total);
      expect(chosen?.ms).toBeLessThanOrEqual(before);
      expect(twice?.ms).toBeLessThanOrEqual(chosen?.ms ?? 0);
      if (half) expect(half.ms).toBeGreaterThanOrEqual(chosen?.ms ?? 0);
      before = chosen?.ms ?? 0;
    }
  });

  test('it is the fastest of all plans of one policy, with any number of stored layers', () => {
    const plans: Candidate[] = [];
    for (const policy of ['store', 'reversible', 'checkpoint'] as const) {
      if (resolveMethod(method, 'store', {}, model.backbone().defaults).method.refuses(policy)) continue;
      for (const granularity of granularityNames) {
        for (const micro_batch_size of [8, 2]) {
          const bound = { policy: false, granularity: false, micro_batch_size: false };
          plans.push(choose(1e12, { ...asked, policy, memory: { granularity, micro_batch_size }, free: bound }).fastest);
        }
      }
    }
    for (const budget of budgets(asked)) {
      const { chosen } = choose(budget, asked);
      for (const only of plans.filter(({ total }) => total <= budget)) expect(chosen?.ms).toBeLessThanOrEqual(only.ms);
    }
  });
});

test('between what all layers stored and none take, some layers are stored', () => {
  const [one, none] = [choose(1e12), choose(1e12, { free: { policy: false } })];
  const between = Math.round(((one.chosen?.total ?? 0) + (none.chosen?.total ?? 0)) / 2);
  const { chosen } = choose(between, { free: { micro_batch_size: false }, memory: { micro_batch_size: 8 } });
  expect(chosen && policies(chosen)).toMatch(/^0-\d:reversible,\d-4:store$/);
});

test('what is chosen by hand stays, whatever is faster', () => {
  const bound = choose(1e12, {
    policy: 'checkpoint',
    memory: { granularity: 'frugal', micro_batch_size: 2, checkpoint_every: 2 },
    free: { policy: false, granularity: false, micro_batch_size: false, checkpoint_every: false },
  });
  expect(bound.plans).toBe(1);
  expect(bound.chosen).toMatchObject({
    granularity: 'frugal',
    micro_batch_size: 2,
    ranges: [{ from: 0, to: 4, policy: 'checkpoint', every: 2 }],
  });
  const ranges = [
    { from: 0, to: 1, policy: 'store' as const },
    { from: 1, to: 4, policy: 'reversible' as const },
  ];
  expect(choose(1e12, { memory: { ranges }, free: { policy: false } }).chosen?.ranges).toEqual(ranges);
  expect(choose(1e12, { policy: 'reversible', free: { policy: false } }).chosen?.ranges).toMatchObject([{ policy: 'reversible' }]);
});

test('an interval of checkpoints that is given stays where the policy is chosen', () => {
  const { smallest } = choose(1, { method: 'lora', policy: 'store', memory: { checkpoint_every: 2 }, free: { checkpoint_every: false } });
  expect(smallest.ranges).toMatchObject([{ policy: 'checkpoint', every: 2 }]);
});

test('policies that a method refuses are no candidates, and frozen layers have none', () => {
  const { smallest } = choose(1, { method: 'lora', policy: 'store', options: { frozen_layers: 1 } });
  expect(smallest.ranges.every(({ policy }) => policy !== 'reversible')).toBe(true);
  expect(smallest.ranges[0]?.from).toBe(1);
});

test('where nothing fits nothing is chosen, and the smallest plan is known', () => {
  const { chosen, half, smallest } = choose(1000);
  expect([chosen, half]).toEqual([undefined, undefined]);
  expect(smallest.total).toBeGreaterThan(1000);
  expect(choose(smallest.total).chosen?.total).toBeLessThanOrEqual(smallest.total);
});

test('the bytes of a run are those of all its programs, evaluation and shorter texts included', () => {
  const asked: Asked = { purposes: ['training', 'evaluation'], lengths: [32, 64] };
  for (const budget of budgets(asked).slice(0, 3)) {
    const { chosen } = choose(budget, asked);
    expect(chosen && planPrograms(chosen.setup).plan.total).toBe(chosen?.total);
    expect(chosen?.total).toBeLessThanOrEqual(budget);
    expect(chosen?.setup.purposes).toEqual(['training', 'evaluation']);
  }
});

test('a plan with a larger binding than the device takes is no candidate', () => {
  const free = choose(1e12);
  const widest = planPrograms((free.chosen as Candidate).setup).plan.largestBinding.bytes;
  const { chosen } = choose(1e12, { largest_binding: widest - 1 });
  expect(chosen && planPrograms(chosen.setup).plan.largestBinding.bytes).toBeLessThan(widest);
});
