// What each method adds to a BERT, as planned: how every parameter starts, which ones weight decay pulls at, and what it refuses. What it computes is
// judged elsewhere (test/models.test.ts, interpreter.test.ts).

import { expect, test } from 'vitest';
import { backboneOf, usualDefaults } from '../../src/models/registry.ts';
import type { Registry } from '../graph/registry.ts';
import type { Initial, Parameter } from '../graph/tensor.ts';
import { bert, readBertConfig } from '../models/bert.ts';
import { tinyBert } from '../models/testing.ts';
import { defaultTraining, type MethodChoices, type Pooling } from '../protocol/config.ts';
import type { RetraceError } from '../protocol/errors.ts';
import { classification } from '../tasks/classification.ts';
import { type ProgramSetup, planPrograms } from '../train/programs.ts';
import { requireSaved } from './method.ts';
import { methodNamed, methods, resolveOptions } from './registry.ts';

const config = { ...tinyBert, hidden_size: 64, intermediate_size: 96, max_position_embeddings: 32 };

interface Request {
  readonly chosen?: MethodChoices;
  readonly pooling?: Pooling;
  readonly T?: number;
  readonly purposes?: ProgramSetup['purposes'];
}

function planned(name: string, { chosen = {}, pooling = 'cls', T = 8, purposes = ['training'] }: Request = {}): Registry {
  const method = methodNamed(name);
  const options = resolveOptions(method, chosen, usualDefaults);
  const setup: ProgramSetup = {
    task: classification,
    backbone: bert(readBertConfig(config, 'test')),
    method,
    options,
    ranges: [{ from: options.frozen_layers, to: config.num_hidden_layers, policy: 'store' }],
    pooling,
    num_labels: 3,
    storedType: () => 'f32',
    batch_size: 2,
    buckets: [{ length: T }],
    optimizer: defaultTraining,
    purposes,
  };
  return planPrograms(setup).registry;
}

const normal = (std: number): Initial => ({ from: 'normal', std });
const uniform = (bound: number): Initial => ({ from: 'uniform', bound });
const constant = (value: number): Initial => ({ from: 'constant', value });
const [zero, one] = [constant(0), constant(1)];
const { hidden_size: C } = config;

/** [parameters whose names end so, how they start], from the papers and from PEFT. */
const adapters = (path: string, std: number): [RegExp, Initial][] => [
  [RegExp(`\\.${path}\\.(down|up)\\.weight$`), normal(std)],
  [RegExp(`\\.${path}\\.(down|up)\\.bias$`), zero],
];
const starts: [string, MethodChoices, [RegExp, Initial][]][] = [
  ['meft1', {}, [...adapters('adapter_ffn', 0.02), ...adapters('adapter_rev', 0.02)]],
  [
    'meft2',
    { adapter_layer_norm: true },
    [
      ...adapters('adapter_ffn', 0.02),
      ...adapters('adapter_rev', 0.02),
      [/adapter_rev\.LayerNorm\.weight$/, one],
      [/adapter_rev\.LayerNorm\.bias$/, zero],
    ],
  ],
  ['meft3', {}, [...adapters('adapter_ffn', 0.02), ...adapters('adapter_attn', 0.02)]],
  [
    'sparse_meft',
    { adapter_size: 256 },
    [
      [/sparse_adapter\.keys$/, normal(0.02)],
      [/sparse_adapter\.values$/, zero],
    ],
  ],
  [
    'read',
    {},
    [
      [/^read\.rms_norm\.weight$/, one],
      [/^read\.rnn\.(weight|bias)_(ih|hh)$/, uniform(1 / 16)],
      [/^read\.output\.(weight|bias)$/, zero],
    ],
  ],
  [
    'lst',
    { reduction_factor: 2 },
    [
      [/^lst\.gates\.\d$/, zero],
      [/^lst\.upsample\.(weight|bias)$/, zero],
      [/^lst\.downsample\.\d\.weight$/, normal(0.02)],
      [/^lst\.downsample\.\d\.bias$/, zero],
      [/^lst\..*LayerNorm\.weight$/, one],
      [/^lst\..*(dense|query|key|value)\.weight$/, normal(0.02)],
      [/^lst\.encoder\..*\.bias$/, zero],
    ],
  ],
  [
    'lora',
    { target_modules: ['query', 'output.dense'] },
    [
      [/self\.query\.lora_A\.weight$/, uniform(1 / Math.sqrt(C))],
      [/attention\.output\.dense\.lora_A\.weight$/, uniform(1 / Math.sqrt(C))],
      [/layer\.\d\.output\.dense\.lora_A\.weight$/, uniform(1 / Math.sqrt(96))],
      [/\.lora_B\.weight$/, zero],
    ],
  ],
  ['ia3', {}, [[/\.ia3_l$/, one]]],
  ['houlsby', {}, adapters('adapter', 0.01)],
  [
    'parallel-adapter',
    {},
    [
      [/adapter_ffn\.down\.weight$/, uniform(1 / Math.sqrt(C))],
      [/adapter_ffn\.up\.weight$/, zero],
      [/adapter_ffn\.(down|up)\.bias$/, zero],
    ],
  ],
  ['prefix-tuning', {}, [[/\.prefix_(key|value)$/, normal(0.02)]]],
  ['prompt-tuning', {}, [[/^embeddings\.prompt_embeddings\.weight$/, normal(0.02)]]],
  ['bitfit', {}, []],
  ['linear-probe', {}, []],
  ['full', {}, []],
];
const head: [RegExp, Initial][] = [
  [/^classifier\.weight$/, normal(0.02)],
  [/^classifier\.bias$/, zero],
];

test.each(starts)('what %s adds %o starts as its paper or PEFT says', (name, chosen, own) => {
  const added = [...planned(name, { chosen }).parameters.values()].filter(({ owner }) => owner !== 'backbone');
  const expected = [...head, ...own];
  for (const [pattern] of expected) expect(added.map((parameter) => parameter.name).join('\n')).toMatch(new RegExp(pattern, 'm'));
  for (const parameter of added) {
    if (parameter.initial.from === 'row-means') continue; // the router: test/sparse.test.ts
    expect(parameter.initial, parameter.name).toEqual(expected.find(([pattern]) => pattern.test(parameter.name))?.[1]);
  }
});

test('every method of the registry has a row of starts', () => {
  expect(starts.map(([name]) => name).toSorted()).toEqual(methods.map(({ name }) => name).toSorted());
});

/** Transformers' Trainer.get_decay_parameter_names: all but these. */
const notDecayed = [/bias/, /layernorm/, /rmsnorm/, /(?:^|\.)norm(?:$|\.)/, /_norm(?:$|\.)/];
const decays = ({ name }: Parameter): boolean => !notDecayed.some((pattern) => pattern.test(name.toLowerCase()));

test.each(starts)('weight decay pulls at those parameters of %s %o that it pulls at in Transformers’ Trainer', (name, chosen) => {
  const trained = [...planned(name, { chosen }).parameters.values()].filter(({ trainable }) => trainable);
  const named = (parameters: readonly Parameter[]) => parameters.map((parameter) => parameter.name);
  expect(named(trained.filter(({ decay }) => decay))).toEqual(named(trained.filter(decays)));
});

function refusal(build: () => unknown): Pick<RetraceError, 'code' | 'message' | 'where' | 'remedy'> | undefined {
  try {
    build();
    return undefined;
  } catch (thrown) {
    const { code, message, where, remedy } = thrown as RetraceError;
    return { code, message, where, remedy };
  }
}

test.each(['lora', 'ia3'])('%s refuses a target module that names no dense layer, as a slip of the pen does', (name) => {
  const refused = refusal(() => planned(name, { chosen: { target_modules: ['query', 'valeu'] } }));
  expect(refused).toMatchObject({ code: 'target-modules', where: 'target_modules' });
  expect(refused?.message).toContain("'valeu'");
  expect(refused?.message).not.toContain("'query'");
  expect(refused?.remedy).toContain('attention.self.value');
  expect(refusal(() => planned(name, { chosen: { target_modules: [] } }))).toMatchObject({ code: 'target-modules' });
  expect(refusal(() => planned(name, { chosen: { target_modules: ['key', 'attention.output.dense'] } }))).toBeUndefined();
});

test('a module that this run does not use, the pooler under mean pooling, is no target; an adapter that names it can still be read', () => {
  const chosen = { target_modules: ['value', 'pooler.dense'] };
  expect(refusal(() => planned('lora', { chosen }))).toBeUndefined();
  expect(refusal(() => planned('lora', { chosen, pooling: 'mean' }))).toMatchObject({ code: 'target-modules' });
  expect(refusal(() => planned('lora', { chosen, pooling: 'mean', purposes: ['evaluation'] }))).toBeUndefined();
});

test('(IA)³ refuses feed-forward modules that are no targets, but for its own default', () => {
  expect(refusal(() => planned('ia3', { chosen: { feedforward_modules: ['intermediate.dense'] } }))).toMatchObject({
    code: 'feedforward-modules',
    where: 'feedforward_modules',
  });
  expect(refusal(() => planned('ia3', { chosen: { target_modules: ['key', 'value'] } }))).toBeUndefined();
  const both = { target_modules: ['key', 'intermediate.dense'], feedforward_modules: ['intermediate.dense'] };
  expect(refusal(() => planned('ia3', { chosen: both }))).toBeUndefined();
});

test('options of (IA)³ are those that PEFT loads: feed-forward modules are among the targets, and scale what they would', () => {
  const settled = (chosen: MethodChoices) => {
    const { target_modules, feedforward_modules } = resolveOptions(methodNamed('ia3'), chosen, usualDefaults);
    return [target_modules, feedforward_modules];
  };
  expect(settled({})).toEqual([['key', 'value', 'output.dense'], ['output.dense']]);
  expect(settled({ target_modules: ['key', 'value'] })).toEqual([['key', 'value'], []]);
  // A target that is narrower than the module, and one that is wider.
  expect(settled({ target_modules: ['key', 'attention.output.dense'] })).toEqual([
    ['key', 'attention.output.dense'],
    ['attention.output.dense'],
  ]);
  expect(settled({ target_modules: ['dense'] })).toEqual([['dense', 'output.dense'], ['output.dense']]);
  expect(settled({ feedforward_modules: [] })).toEqual([['key', 'value', 'output.dense'], []]);
});

test.each(['prefix-tuning', 'prompt-tuning'])(
  '%s refuses a length that leaves its virtual tokens no position, with the longest',
  (name) => {
    expect(refusal(() => planned(name, { T: 13 }))).toEqual({
      code: 'length-above-model',
      message: 'A length of 13 tokens is asked for, behind 20 virtual tokens; the model has 32 positions.',
      where: 'max_length',
      remedy: 'Use a length of at most 12, or fewer virtual tokens.',
    });
    expect(refusal(() => planned(name, { T: 12 }))).toBeUndefined();
  },
);

test('the smallest length behind too many virtual tokens is refused with what to change', () => {
  expect(refusal(() => planned('prompt-tuning', { T: 4, chosen: { num_virtual_tokens: 40 } }))?.remedy).toBe(
    'Use fewer virtual tokens: at most 28.',
  );
});

test('a module that is trained whole has all its parameters and no update beside it; one that is not there is named', () => {
  const { parameters } = planned('lora', { chosen: { target_modules: ['all-linear'], modules_to_save: ['pooler', 'layer.1.output'] } });
  const trained = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  expect(trained).toEqual(expect.arrayContaining(['pooler.dense.weight', 'pooler.dense.bias', 'encoder.layer.1.output.LayerNorm.weight']));
  expect(trained.filter((name) => name.startsWith('pooler.dense.lora') || name.startsWith('encoder.layer.1.output.dense.lora'))).toEqual(
    [],
  );
  expect(trained).toContain('encoder.layer.0.output.dense.lora_A.weight');
  expect(refusal(() => planned('lora', { pooling: 'mean', chosen: { modules_to_save: ['pooler'] } }))).toMatchObject({
    code: 'modules-to-save',
    message: "No part of the model in this run is named 'pooler'.",
  });
});

test('with lora_only the biases of the dense layers that have an update train, and no norm’s', () => {
  const { parameters } = planned('lora', { chosen: { target_modules: ['all-linear'], bias: 'lora_only' } });
  const biases = [...parameters.values()].filter(
    ({ name, owner, trainable }) => trainable && owner === 'backbone' && name.endsWith('.bias'),
  );
  const updated = [...parameters.keys()].filter((name) => name.endsWith('.lora_A.weight'));
  expect(biases.map(({ name }) => name)).toEqual(updated.map((name) => name.replace('.lora_A.weight', '.bias')));
});

test.each([
  ['gpt2', 'lora', 'words', 'wte', /writes them by/],
  ['gpt2', 'ia3', 'sequence', 'wte', undefined],
  ['gpt2', 'houlsby', 'words', 'wte', undefined],
  ['bart', 'lora', 'sequence', 'shared', /the decoder reads them by/],
] as const)(
  'of a %s, %s with a head of %s trains the table %s whole, unless PEFT would train but one of the modules that hold it',
  (model_type, name, head, module, says) => {
    const method = methodNamed(name);
    const backbone = backboneOf({ model_type }, 'test');
    const options = resolveOptions(method, { modules_to_save: [module] }, backbone.defaults);
    const refused = refusal(() => requireSaved({ method, options, backbone, head }, [`${module}.weight`]));
    if (says === undefined) expect(refused).toBeUndefined();
    else expect(refused).toMatchObject({ code: 'modules-to-save', message: expect.stringMatching(says) });
  },
);

test('ranks that differ are those of the first name that fits', () => {
  const chosen: MethodChoices = {
    adapter_size: 8,
    target_modules: ['query', 'value'],
    rank_pattern: ['layer.0.attention.self.query=2', 'query=5'],
  };
  const { parameters } = planned('lora', { chosen });
  const ranks = ['0.attention.self.query', '1.attention.self.query', '1.attention.self.value'].map(
    (path) => parameters.get(`encoder.layer.${path}.lora_A.weight`)?.shape[0],
  );
  expect(ranks).toEqual([2, 5, 8]);
});
