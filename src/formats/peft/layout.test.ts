// Against what PEFT itself saved for a small random BERT of 2 layers, 8 wide, 12 in the feed-forward pair (vectors/record.py), and for LoRA on
// the tiny BERT of python/vectors.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { AdapterConfig, AdapterExpectations, TensorSpec } from '../adapter_archive.ts';
import { bytesOf } from '../bytes.ts';
import { readExported, writeExported } from '../exported.ts';
import { openSafetensors, writeSafetensors } from '../safetensors.ts';
import type { TaskModel } from '../task_model.ts';
import { readFloats } from '../tensor_file.ts';
import { bertModel, cardFacts as facts } from '../testing.ts';
import { lora } from './lora.ts';
import { matches } from './peft_type.ts';
import { peftTypes } from './registry.ts';

const [C, I] = [8, 12];
const dense: Readonly<Record<string, readonly [out: number, into: number]>> = {
  'attention.self.query': [C, C],
  'attention.self.key': [C, C],
  'attention.self.value': [C, C],
  'attention.output.dense': [C, C],
  'intermediate.dense': [I, C],
  'output.dense': [C, I],
};
const head = (labels: number, width: number): TensorSpec[] => [
  { name: 'classifier.weight', shape: [labels, width] },
  { name: 'classifier.bias', shape: [labels] },
];

/** What our methods train on that BERT, as their files in src/methods say. */
function specs({ method, num_labels, hyper_parameters }: AdapterConfig): TensorSpec[] {
  const { adapter_size, target_modules, feedforward_modules, num_virtual_tokens, bias, frozen_layers } = hyper_parameters;
  const [r, P] = [Number(adapter_size), Number(num_virtual_tokens)];
  const layers = [0, 1].slice(Number(frozen_layers ?? 0)).map((i) => `encoder.layer.${i}`);
  const targets = layers.flatMap((layer) =>
    Object.entries(dense)
      .map(([path, shape]) => ({ path: `${layer}.${path}`, shape }))
      .filter(({ path }) => matches(path, (target_modules ?? []) as string[])),
  );
  const everyBias = [
    ...[0, 1].flatMap((i) => [
      ...Object.entries(dense).map(([path, [out]]) => ({ name: `encoder.layer.${i}.${path}.bias`, shape: [out] })),
      { name: `encoder.layer.${i}.attention.output.LayerNorm.bias`, shape: [C] },
      { name: `encoder.layer.${i}.output.LayerNorm.bias`, shape: [C] },
    ]),
    { name: 'embeddings.LayerNorm.bias', shape: [C] },
    { name: 'pooler.dense.bias', shape: [C] },
  ];
  const ownBias = () => targets.map(({ path, shape: [out] }) => ({ name: `${path}.bias`, shape: [out] }));
  const of: Readonly<Record<string, () => TensorSpec[]>> = {
    lora: () => [
      ...targets.flatMap(({ path, shape: [out, into] }) => [
        { name: `${path}.lora_A.weight`, shape: [r, into] },
        { name: `${path}.lora_B.weight`, shape: [out, r] },
      ]),
      ...(bias === 'all' ? everyBias : bias === 'lora_only' ? ownBias() : []),
    ],
    ia3: () =>
      targets.map(({ path, shape: [out, into] }) => ({
        name: `${path}.ia3_l`,
        shape: [matches(path, feedforward_modules as string[]) ? into : out],
      })),
    'prefix-tuning': () =>
      layers.flatMap((layer) => ['key', 'value'].map((part) => ({ name: `${layer}.attention.self.prefix_${part}`, shape: [P, C] }))),
    'prompt-tuning': () => [{ name: 'embeddings.prompt_embeddings.weight', shape: [P, C] }],
  };
  return [...(of[method]?.() ?? []), ...head(num_labels, C)];
}

const model: TaskModel = {
  ...bertModel,
  names: () => ({
    dense: [...[0, 1].flatMap((i) => Object.keys(dense).map((path) => `encoder.layer.${i}.${path}`)), 'pooler.dense'],
    parameters: ['pooler.dense.weight', 'pooler.dense.bias'],
    transposed: [],
  }),
};

const expectations: AdapterExpectations = {
  methods: peftTypes.map(({ method }) => method),
  base: { name: 'random', sha256: 'ab'.repeat(32) },
  positionsOf: (_, { num_virtual_tokens }) => 16 - Number(num_virtual_tokens ?? 0),
  model,
  tensorsOf: specs,
};

const cases = ['ia3', 'prefix_tuning', 'prompt_tuning', 'lora_bias_all', 'lora_bias_lora_only'] as const;
type Case = (typeof cases)[number];
const folderOf = (name: Case): URL => new URL(`vectors/${name}/`, import.meta.url);
const json = async (url: URL) => JSON.parse(await readFile(url, 'utf8')) as Record<string, unknown>;

async function byPeft(name: Case, change: Record<string, unknown> = {}): Promise<Map<string, Uint8Array>> {
  const config = await json(new URL('adapter_config.json', folderOf(name)));
  return new Map([
    ['adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...change }))],
    ['adapter_model.safetensors', await readFile(new URL('adapter_model.safetensors', folderOf(name)))],
  ]);
}

const fileOf = (files: ReadonlyMap<string, Uint8Array>) =>
  openSafetensors(bytesOf('x', files.get('adapter_model.safetensors') ?? new Uint8Array()));

async function contents(files: ReadonlyMap<string, Uint8Array>): Promise<Map<string, [string, readonly number[], Float32Array]>> {
  const file = await fileOf(files);
  const rows = [...file.tensors.values()].map(
    async ({ name, dtype, shape }) => [name, [dtype, shape, await readFloats(file, name)]] as const,
  );
  return new Map((await Promise.all(rows)).map(([name, rest]) => [name, [...rest]]));
}

const ours = (config: AdapterConfig): AdapterConfig => ({
  ...config,
  pooling: 'mean',
  max_length: 12,
  seed: 7,
  retrace_version: '0.1.0',
  base_model: { name: 'random', model_type: 'bert', sha256: 'ab'.repeat(32), dtype: 'F32' },
  self_test: { texts: ['hello'], logits: [[1, 2, 3]] },
});

/** With bias "all" PEFT saves the head's bias three times. */
const isCopy = (name: string): boolean => /classifier\.(modules_to_save|original_module)\.bias$/.test(name);

test.each([
  ['ia3', 'ia3', { target_modules: ['key', 'output.dense', 'value'], feedforward_modules: ['output.dense'] }],
  ['prefix_tuning', 'prefix-tuning', { num_virtual_tokens: 3 }],
  ['prompt_tuning', 'prompt-tuning', { num_virtual_tokens: 3 }],
  ['lora_bias_all', 'lora', { adapter_size: 2, lora_alpha: 8, bias: 'all', target_modules: ['output.dense', 'query'] }],
  ['lora_bias_lora_only', 'lora', { adapter_size: 2, bias: 'lora_only', target_modules: ['intermediate.dense', 'query'] }],
] as const)('%s as PEFT saved it is read, and written again tensor for tensor', async (name, method, hyper_parameters) => {
  const files = await byPeft(name);
  const { notes, ...read } = await readExported(files, expectations);
  expect(notes).toEqual(['Nothing names the classes of the adapter: they are numbered.']);
  expect(read).toMatchObject({ method, labels: ['LABEL_0', 'LABEL_1', 'LABEL_2'], config: { method, hyper_parameters, pooling: 'cls' } });
  const archive = { ...read, config: ours(read.config), labels: ['a', 'b', 'c'] };
  const written = new Map(writeExported(archive, facts, model).map(({ path, bytes }) => [path, bytes]));
  const saved = await contents(files);
  for (const stored of [...saved.keys()].filter(isCopy)) saved.delete(stored);
  expect(await contents(written)).toEqual(saved);
  // What PEFT's own file says, ours says too; what PEFT takes from the base model may be null.
  const said = JSON.parse(new TextDecoder().decode(written.get('adapter_config.json'))) as Record<string, unknown>;
  const peft = await json(new URL('adapter_config.json', folderOf(name)));
  for (const [key, value] of Object.entries(said)) {
    if (key !== 'modules_to_save' && value !== null) expect({ [key]: value }).toEqual({ [key]: peft[key] });
  }
  expect(await readExported(written, expectations)).toEqual(archive);
});

test('what PEFT does not say is null, or as Transformers has it', async () => {
  expect((await readExported(await byPeft('ia3'), expectations)).config).toMatchObject({
    base_model: { name: 'random', model_type: 'bert', sha256: null, dtype: null },
    num_labels: 3,
    pooling: 'cls',
    max_length: 16,
    seed: null,
  });
  // Three of the sixteen positions are the prompt's.
  expect((await readExported(await byPeft('prompt_tuning'), expectations)).config.max_length).toBe(13);
});

test('the flat prefix is taken apart as PEFT itself does', async () => {
  const { tensors } = await readExported(await byPeft('prefix_tuning'), expectations);
  const expected = await json(new URL('expected.json', folderOf('prefix_tuning')));
  for (const part of ['prefix_key', 'prefix_value'])
    expect([...(tensors.get(`encoder.layer.1.attention.self.${part}`)?.data ?? [])]).toEqual((expected[part] as number[][]).flat());
});

test('the files are those that PEFT loads, with what PEFT has no room for in the metadata', async () => {
  const read = await readExported(await byPeft('ia3'), expectations);
  const archive = { ...read, config: ours(read.config) };
  const files = new Map(writeExported(archive, facts, model).map(({ path, bytes }) => [path, bytes]));
  expect([...files.keys()]).toEqual(['adapter_model.safetensors', 'adapter_config.json', 'self_test.json', 'labels.json', 'README.md']);
  expect((await fileOf(files)).metadata).toEqual({ format: 'pt', retrace: JSON.stringify(archive.config) });
  expect(JSON.parse(new TextDecoder().decode(files.get('self_test.json')))).toEqual({
    pooling: 'mean',
    max_length: 12,
    texts: ['hello'],
    logits: [[1, 2, 3]],
  });
  const other = { ...expectations, base: { name: 'other', sha256: 'cd'.repeat(32) } };
  await expect(readExported(files, other)).rejects.toMatchObject({ code: 'wrong-base' });
});

test('where two stacks count their layers apart, LoRA above frozen ones is said module by module, and numbers of layers are read as PEFT reads them', () => {
  const dense = ['encoder', 'decoder'].flatMap((stack) => [0, 1].map((i) => `${stack}.layers.${i}.self_attn.q_proj`));
  const bart: TaskModel = { ...bertModel, prefix: 'model.', names: () => ({ dense, parameters: [], transposed: [] }) };
  const adapted = dense.slice(1).map((path) => ({ name: `${path}.lora_A.weight`, shape: [2, C] }));
  const config = { hyper_parameters: { target_modules: ['q_proj'], frozen_layers: 1 } } as unknown as AdapterConfig;
  expect(lora.toPeft(config, adapted, bart)).toMatchObject({
    layers_to_transform: null,
    target_modules: dense
      .slice(1)
      .map((path) => `model.${path}`)
      .toSorted(),
  });
  const base = { model: bart, isHead: () => false, stored: new Set<string>(), mirrored: {} };
  const upper = dense.filter((path) => path.includes('.1.'));
  expect(lora.fromPeft({ target_modules: ['q_proj'], layers_to_transform: [1], layers_pattern: 'layers' }, base).target_modules).toEqual(
    upper,
  );
  expect(lora.fromPeft({ target_modules: ['q_proj'], layers_to_transform: [1] }, base)).toMatchObject({
    frozen_layers: 0,
    target_modules: upper,
  });
});

test('LoRA above frozen layers says so by layers_to_transform; (IA)³ and prefixes, which PEFT puts everywhere, are written in our layout', async () => {
  const above = async (name: Case) => {
    const { notes: _, ...read } = await readExported(await byPeft(name), expectations);
    const config = { ...ours(read.config), hyper_parameters: { ...read.config.hyper_parameters, frozen_layers: 1 } };
    const kept = new Set(specs(config).map((spec) => spec.name));
    return { ...read, config, tensors: new Map([...read.tensors].filter(([tensor]) => kept.has(tensor))) };
  };
  const lora = await above('lora_bias_lora_only');
  const files = new Map(writeExported(lora, facts, model).map(({ path, bytes }) => [path, bytes]));
  expect(JSON.parse(new TextDecoder().decode(files.get('adapter_config.json')))).toMatchObject({ layers_to_transform: [1] });
  expect(await readExported(files, expectations)).toEqual(lora);
  for (const name of ['ia3', 'prefix_tuning'] as const) {
    const own = await above(name);
    const written = new Map(writeExported(own, facts, model).map(({ path, bytes }) => [path, bytes]));
    expect(new TextDecoder().decode(written.get('README.md'))).toMatch(/PEFT .* every layer.*; here the bottom ones have none/);
    expect(await readExported(written, expectations)).toEqual(own);
  }
});

test.each([
  ['ia3', 'peft_type', 'VERA'],
  ['ia3', 'task_type', 'TOKEN_CLS'],
  ['ia3', 'task_type', 'FEATURE_EXTRACTION'],
  ['ia3', 'auto_mapping', { base_model_class: 'BertForTokenClassification', parent_library: 'transformers.models.bert.modeling_bert' }],
  ['ia3', 'feedforward_modules', ['intermediate.dense']],
  ['ia3', 'target_modules', '(.)\\1'],
  ['ia3', 'target_modules', 'no layer of it'],
  ['ia3', 'exclude_modules', '*'],
  ['ia3', 'exclude_modules', 3],
  ['prefix_tuning', 'task_type', null],
  ['prompt_tuning', 'task_type', null],
  ['prefix_tuning', 'prefix_projection', true],
  ['prefix_tuning', 'num_transformer_submodules', 2],
  ['prefix_tuning', 'num_virtual_tokens', 2.5],
  ['prompt_tuning', 'num_virtual_tokens', null],
  ['lora_bias_all', 'bias', 'some'],
  ['lora_bias_all', 'use_dora', true],
  ['lora_bias_all', 'lora_bias', true],
  ['lora_bias_all', 'trainable_token_indices', [1, 2]],
  ['lora_bias_all', 'layer_replication', [[0, 1]]],
  ['lora_bias_all', 'target_parameters', ['query.weight']],
  ['lora_bias_all', 'init_lora_weights', 'olora'],
  ['lora_bias_all', 'init_lora_weights', 'pissa'],
  ['lora_bias_all', 'rank_pattern', { query: 0 }],
  ['lora_bias_all', 'rank_pattern', { '(?<name': 4 }],
  ['lora_bias_all', 'alpha_pattern', ['query']],
  ['lora_bias_all', 'layers_to_transform', 'last'],
  ['lora_bias_all', 'modules_to_save', 7],
  ['lora_bias_all', 'r', 0],
  ['lora_bias_all', 'some_later_option', { on: 1 }],
] as const)('%s with %s %j is refused, for it would mean something else here', async (name, key, value) => {
  await expect(readExported(await byPeft(name, { [key]: value }), expectations)).rejects.toMatchObject({
    code: 'unsupported-peft',
    where: `adapter_config.json, ${key}`,
    message: expect.stringContaining(`${key} ${JSON.stringify(value)}`),
  });
});

test.each([
  ['lora_bias_all', { r: 4 }, 'lora_A.weight has shape [2, 8], expected [4, 8]'],
  ['ia3', { feedforward_modules: [] }, 'attention.output.dense.ia3_l has shape [1, 8], expected [8, 1]'],
  ['prefix_tuning', { num_virtual_tokens: 4 }, 'prompt_embeddings has shape [3, 32], expected [4, 32]'],
  ['prompt_tuning', { num_virtual_tokens: 4 }, 'prompt_embeddings has shape [3, 8], expected [4, 8]'],
] as const)('tensors of %s that do not fit %j are named with both shapes', async (name, change, says) => {
  await expect(readExported(await byPeft(name, change), expectations)).rejects.toMatchObject({
    code: 'misshapen-tensor',
    message: expect.stringContaining(says),
  });
});

test.each(cases)('of %s, a tensor too few or too many and a head that was not saved are named', async (name) => {
  const files = await byPeft(name);
  const rows = [...(await contents(files))].map(([stored, [, shape, data]]) => ({
    name: stored,
    dtype: 'F32' as const,
    shape,
    bytes: new Uint8Array(data.slice().buffer),
  }));
  const read = (tensors: typeof rows) =>
    readExported(new Map(files).set('adapter_model.safetensors', writeSafetensors(tensors, { format: 'pt' })), expectations);
  const adapter = rows.find(({ name: stored }) => !stored.includes('classifier'));
  expect(adapter).toBeDefined();
  await expect(read(rows.filter((row) => row !== adapter))).rejects.toMatchObject({ code: 'missing-tensor' });
  await expect(read([...rows, { ...rows[0], name: 'base_model.surplus' } as (typeof rows)[0]])).rejects.toMatchObject({
    code: 'unknown-tensor',
  });
  await expect(read(rows.filter(({ name: stored }) => !stored.includes('classifier')))).rejects.toThrow(/its head was not saved/);
});

test('without adapter_config.json, or without its peft_type, that is what is named', async () => {
  const files = await byPeft('ia3');
  const config = files.get('adapter_config.json') as Uint8Array;
  const { peft_type: _, ...rest } = JSON.parse(new TextDecoder().decode(config)) as Record<string, unknown>;
  files.delete('adapter_config.json');
  await expect(readExported(files, expectations)).rejects.toMatchObject({ code: 'missing-file', where: 'adapter_config.json' });
  files.set('adapter_config.json', new TextEncoder().encode(JSON.stringify(rest)));
  await expect(readExported(files, expectations)).rejects.toMatchObject({ where: 'adapter_config.json, peft_type' });
});

test('plain LoRA on the tiny BERT, as PEFT saved it for the recorded logits, is read by neutral names', async () => {
  const folder = new URL('../../../python/vectors/lora/', import.meta.url);
  const files = new Map(
    await Promise.all(
      ['adapter_config.json', 'adapter_model.safetensors'].map(async (path) => [path, await readFile(new URL(path, folder))] as const),
    ),
  );
  const paths = [0, 1, 2].flatMap((i) => ['query', 'value'].map((name) => `encoder.layer.${i}.attention.self.${name}`));
  const tensorsOf = () => [
    ...paths.flatMap((path) => [
      { name: `${path}.lora_A.weight`, shape: [4, 32] },
      { name: `${path}.lora_B.weight`, shape: [32, 4] },
    ]),
    ...head(3, 32),
  ];
  const { tensors } = await readExported(files, { ...expectations, tensorsOf });
  const stored = 'base_model.model.bert.encoder.layer.2.attention.self.value.lora_B.weight';
  expect(tensors.get('encoder.layer.2.attention.self.value.lora_B.weight')?.data).toEqual(await readFloats(await fileOf(files), stored));
});

test('layers that are lists in lists, twenty thousand deep, are refused and not walked', async () => {
  const files = await byPeft('lora_bias_all', { layers_to_transform: ['@'] });
  const text = new TextDecoder().decode(files.get('adapter_config.json')).replace('"@"', `${'['.repeat(20_000)}1${']'.repeat(20_000)}`);
  files.set('adapter_config.json', new TextEncoder().encode(text));
  await expect(readExported(files, expectations)).rejects.toMatchObject({
    code: 'unsupported-peft',
    where: 'adapter_config.json, layers_to_transform',
  });
});
