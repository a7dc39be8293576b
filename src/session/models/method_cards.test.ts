// Cards say what a model decides: names of its modules, and what can't be used with it.

import { expect, test } from 'vitest';
import { backboneOf } from '../../models/registry.ts';
import { policyNames } from '../../protocol/config.ts';
import { methodCards } from './method_cards.ts';

const cardOf = (name: string, config?: object) =>
  methodCards(config && backboneOf(config, 'config.json')).find((card) => card.name === name);

test('defaults are the model’s own, where there is one', () => {
  const defaultOf = (key: string, config?: object) => cardOf('lora', config)?.options.find((option) => option.key === key)?.default;
  expect(defaultOf('target_modules')).toBe('query, value');
  expect(defaultOf('target_modules', { model_type: 'gpt2' })).toBe('c_attn');
  expect(cardOf('meft1', { model_type: 'opt' })?.defaults.fixed).toMatchObject({ fraction_bits: 16, final_combination: 'weighted' });
});

test('a method that makes no sense for a model refuses every policy there, with the reason', () => {
  for (const name of ['read', 'lst', 'prefix-tuning', 'prompt-tuning']) {
    const { refusals } = cardOf(name, { model_type: 'bart' }) ?? { refusals: {} };
    expect(Object.keys(refusals)).toEqual([...policyNames]);
    for (const why of Object.values(refusals)) expect(why, name).toMatch(/encoder/);
    expect(cardOf(name, { model_type: 'bert' })?.refusals.store).toBeNull();
  }
});
