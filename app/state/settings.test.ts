import { expect, test } from 'vitest';
import type { Catalogue } from '../../src/protocol/cards.ts';
import { defaultTraining, parseRunConfig } from '../../src/protocol/config.ts';
import { methodCards } from '../../src/session/models/method_cards.ts';
import { changedCount, firstRun, planRequestsOf, runConfigOf, trainingDefaultsOf, withoutStaleRanges, withValue } from './settings.ts';

const catalogue: Catalogue = { methods: methodCards(), models: [], data: [], tasks: [] };
const card = (name: string) => {
  const found = catalogue.methods.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

test('the first run is a valid configuration with the defaults of the method', () => {
  const config = parseRunConfig(runConfigOf(firstRun, card('meft1')));
  expect(config.policy).toBe('reversible');
  expect(config.options.streams).toBe('fixed');
  expect(config.training).toEqual(defaultTraining);
  expect(config.columns).toEqual({ text: 'text', label: 'domain' });
});

test('a value set back to its default is no change', () => {
  const defaults = trainingDefaultsOf(card('meft1'), {});
  const changed = withValue({}, defaults, 'batch_size', 4);
  expect(changedCount({ ...firstRun, training: changed }, card('meft1'))).toBe(1);
  expect(withValue(changed, defaults, 'batch_size', defaults.batch_size)).toEqual({});
});

test('an optimizer brings its own numbers; a learning rate that was typed stands', () => {
  const withOptimizer = (training: typeof firstRun.training) => runConfigOf({ ...firstRun, training }, card('meft1')).training;
  expect(withOptimizer({ optim: 'lion' })).toMatchObject({ optim: 'lion', learning_rate: 1e-3, adam_beta2: 0.99 });
  expect(withOptimizer({ optim: 'lion', learning_rate: 2e-3 })).toMatchObject({ optim: 'lion', learning_rate: 2e-3 });
  expect(changedCount({ ...firstRun, training: withValue({ optim: 'sgd' }, defaultTraining, 'optim', 'adamw') }, card('meft1'))).toBe(0);
  const [plan] = planRequestsOf({ ...firstRun, training: { optim: 'sgd', momentum: 0, seed: 3 } }, catalogue, undefined);
  expect(plan?.optimizer).toEqual({ optim: 'sgd', momentum: 0 });
});

test('a picture has as many tokens as the model says, at the size that is chosen', () => {
  const settings = { ...firstRun, tokens: 197, image_size: 240, training: { max_length: 32 } };
  expect(runConfigOf(settings, card('meft1'))).toMatchObject({ image_size: 240, training: { max_length: 197 } });
  expect(planRequestsOf(settings, catalogue, undefined).map(({ length, image_size }) => [length, image_size])).toEqual([
    [197, 240],
    [197, 240],
    [197, 240],
  ]);
  expect(runConfigOf(firstRun, card('meft1'))).not.toHaveProperty('image_size');
});

test('a pooling that is chosen goes with the run and with every plan', () => {
  const settings = { ...firstRun, pooling: 'cls' as const };
  expect(runConfigOf(settings, card('meft1')).pooling).toBe('cls');
  expect(planRequestsOf(settings, catalogue, undefined).map(({ pooling }) => pooling)).toEqual(['cls', 'cls', 'cls']);
  expect(runConfigOf(firstRun, card('meft1'))).not.toHaveProperty('pooling');
});

test('options of one method do not travel to another', () => {
  const settings = { ...firstRun, method: 'lora' as const, options: { lambda: 0.25, lora_alpha: 16 } };
  expect(runConfigOf(settings, card('lora')).options).toEqual({ lora_alpha: 16 });
});

test('ranges and snapshots reach run and plan, as far as the method takes them', () => {
  const ranges = [
    { from: 0, to: 2, policy: 'store' as const },
    { from: 2, to: 6, policy: 'reversible' as const },
  ];
  const settings = { ...firstRun, memory: { ranges, snapshot_every: 2 } };
  expect(runConfigOf(settings, card('meft1'))).toMatchObject({ ranges });
  // Fixed streams lose nothing that a snapshot could mend.
  expect(runConfigOf(settings, card('meft1'))).not.toHaveProperty('snapshot_every');
  expect(runConfigOf({ ...settings, options: { streams: 'float' } }, card('meft1'))).toMatchObject({ snapshot_every: 2 });
  expect(runConfigOf({ ...settings, method: 'lora' }, card('lora'))).not.toHaveProperty('ranges');
  const [chosen, full] = planRequestsOf(settings, catalogue, undefined);
  expect(chosen).toMatchObject({ ranges });
  expect(full).not.toHaveProperty('ranges');
});

test('ranges end where the layers that they divide change', () => {
  const before = { ...firstRun, memory: { ranges: [{ from: 0, to: 6, policy: 'store' as const }], chunks: 2 } };
  expect(withoutStaleRanges({ ...before, options: { frozen_layers: 1 } }, before).memory).toEqual({ chunks: 2 });
  expect(withoutStaleRanges({ ...before, training: { seed: 1 } }, before).memory).toEqual(before.memory);
});

test('plans are compared at one batch and length, each method once', () => {
  const names = (settings: typeof firstRun) =>
    planRequestsOf(settings, catalogue, undefined).map(({ method, policy }) => `${method} ${policy}`);
  expect(names(firstRun)).toEqual(['meft1 reversible', 'full store', 'lora store']);
  expect(names({ ...firstRun, method: 'lora', policy: 'store' })).toEqual(['lora store', 'full store']);
  const requests = planRequestsOf({ ...firstRun, training: { batch_size: 3 } }, catalogue, undefined);
  expect(new Set(requests.map(({ batch_size }) => batch_size))).toEqual(new Set([3]));
});

test('MNLI of the hub is evaluated on its mismatched split too, where its usual split evaluates it', () => {
  const ref = (split: string) => ({ kind: 'hub' as const, name: 'nyu-mll/glue mnli', id: 'nyu-mll/glue', config: 'mnli', split });
  const settings = { ...firstRun, task: 'mnli', data: ref('train'), eval_data: ref('validation_matched') };
  expect(parseRunConfig(runConfigOf(settings, card('meft1'))).more_eval_data).toEqual({ mismatched: ref('validation_mismatched') });
  expect(runConfigOf({ ...settings, eval_data: ref('train') }, card('meft1'))).not.toHaveProperty('more_eval_data');
  expect(runConfigOf(firstRun, card('meft1'))).not.toHaveProperty('more_eval_data');
  expect(runConfigOf(firstRun, card('meft1'))).not.toHaveProperty('task');
});

test('a budget chooses what nobody has set, and what was set binds it', () => {
  const memory = { memory_budget: 2 ** 29 };
  const openOf = (settings: typeof firstRun) => parseRunConfig(runConfigOf(settings, card('meft1'))).budget_chooses;
  expect(openOf(firstRun)).toBeUndefined();
  expect(openOf({ ...firstRun, memory })).toEqual(['policy', 'checkpoint_every']);
  expect(openOf({ ...firstRun, memory, policy: 'store' })).toEqual(['checkpoint_every']);
  expect(openOf({ ...firstRun, memory, policy: 'checkpoint', checkpoint_every: 3 })).toEqual([]);
  const [chosen, full] = planRequestsOf({ ...firstRun, memory }, catalogue, undefined);
  expect(chosen).toMatchObject({ memory_budget: 2 ** 29, budget_chooses: ['policy', 'checkpoint_every'], granularities: 'all' });
  // What a choice is compared with stays what it is.
  expect(full).not.toHaveProperty('memory_budget');
});
