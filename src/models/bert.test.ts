// What of BERT no recorded vector shows: where dropout stands, in training alone, and the other activation. Logits and gradients are compared with
// Transformers' in test/models.test.ts.

import { expect, test } from 'vitest';
import { usualDefaults } from '../../src/models/registry.ts';
import { randomBatch } from '../../test/random_model.ts';
import { Interpreter } from '../../test/reference/interpreter.ts';
import { Registry } from '../graph/registry.ts';
import { sizeOf } from '../graph/tensor.ts';
import { methodNamed, resolveOptions } from '../methods/registry.ts';
import { defaultTraining, type MethodChoices } from '../protocol/config.ts';
import { randomKey, randomNormal, siteId } from '../random/counter.ts';
import { classification } from '../tasks/classification.ts';
import { type ProgramSetup, traceEvaluation, traceTraining } from '../train/programs.ts';
import { metricSlots } from '../train/update.ts';
import { bert, readBertConfig } from './bert.ts';
import { tinyBert as config } from './testing.ts';

const [B, T] = [2, 8];

interface Request {
  readonly method?: string;
  readonly chosen?: MethodChoices;
  readonly dropout?: number;
  readonly hidden_act?: string;
  readonly purpose?: 'training' | 'evaluation';
}

function traced({ method: name = 'linear-probe', chosen = {}, dropout = 0, hidden_act = 'gelu', purpose = 'training' }: Request) {
  const method = methodNamed(name);
  const options = resolveOptions(method, chosen, usualDefaults);
  const setup: ProgramSetup = {
    task: classification,
    backbone: bert(readBertConfig({ ...config, hidden_act }, 'test', dropout)),
    ...{
      method,
      options,
      pooling: 'cls',
      num_labels: 3,
      storedType: () => 'f32',
      batch_size: B,
      buckets: [{ length: T }],
      optimizer: defaultTraining,
    },
    ...{ ranges: [{ from: 0, to: 2, policy: 'store' }], purposes: [purpose] },
  };
  const registry = new Registry();
  const trace = purpose === 'training' ? traceTraining : traceEvaluation;
  const { graph } = trace(registry, { trains: (parameter) => method.trains(parameter, options), storedType: () => 'f32' }, setup, {
    length: T,
  });
  return { graph, registry };
}

/** Module paths where a forward pass draws masks, with the number of their stream. */
const drawn = (request: Request) =>
  traced(request)
    .graph.nodes.filter(({ place, attributes }) => place.phase === 'forward' && Number(attributes['p'] ?? 0) > 0)
    .map(({ place, attributes }) => [place.path, attributes['site']] as const);

const inLayers = (...paths: string[]) => [0, 1].flatMap((i) => paths.map((path) => `encoder.layer.${i}.${path}`));
const own = ['embeddings', ...inLayers('attention.self', 'attention.output', 'output'), 'classifier'];

test.each([
  ['linear-probe', {}, []],
  ['meft1', { adapter_size: 4 }, inLayers('adapter_ffn', 'adapter_rev')],
  ['meft2', { adapter_size: 4 }, inLayers('adapter_ffn', 'adapter_rev')],
  ['meft3', { adapter_size: 4 }, inLayers('adapter_ffn', 'attention.output.adapter_attn')],
  ['houlsby', { adapter_size: 4 }, inLayers('adapter', 'attention.output.adapter')],
  ['parallel-adapter', { adapter_size: 4 }, inLayers('adapter_ffn')],
  ['lora', { lora_dropout: 0.2 }, inLayers('attention.self.query', 'attention.self.value')],
  ['ia3', {}, []],
  ['read', { rnn_hidden_size: 8 }, []],
  ['lst', { reduction_factor: 2 }, inLayers('attention.self', 'attention.output', 'output').map((path) => `lst.${path}`)],
] as const)(
  'with %s %o dropout stands where Transformers’ BERT has it and where the method adds some, each mask a stream of its own',
  (method, chosen, added) => {
    const found = drawn({ method, chosen, dropout: 0.1 });
    expect(found.map(([path]) => path).toSorted()).toEqual([...own, ...added].toSorted());
    expect(new Set(found.map(([, site]) => site)).size).toBe(found.length);
    expect(drawn({ method, chosen, dropout: 0.1, purpose: 'evaluation' })).toEqual([]);
  },
);

/** The loss in f64 with weights at N(0, 0.3²), changed by `edit`. */
function lossWith(request: Request, edit: (name: string, values: Float64Array) => void = () => undefined): number {
  const { graph, registry } = traced(request);
  const interpreter = new Interpreter();
  for (const { name, shape, tensors } of registry.parameters.values()) {
    const key = randomKey(1, 0, siteId(name));
    const mean = name.endsWith('LayerNorm.weight') ? 1 : 0;
    const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => mean + 0.3 * randomNormal(key, i));
    edit(name, values);
    for (const tensor of tensors) interpreter.set(tensor, values);
  }
  const batch = randomBatch(4, B, T, config.vocab_size, 3);
  for (const [name, tensor] of graph.inputs) interpreter.set(tensor, batch.inputs[name as 'input_ids' | 'labels']);
  interpreter.run(graph, { inverse_count: 1 / B });
  return interpreter.values(registry.result('metrics', [8], 'f32'))[metricSlots.loss] as number;
}

const times = (ending: string, factor: number) => (name: string, values: Float64Array) => {
  if (new RegExp(ending).test(name)) for (const i of values.keys()) values[i] = factor * (values[i] as number);
};

test.each(['linear-probe', 'ia3'])('a hidden_act of relu is one between the feed-forward matrices of %s', (method) => {
  // relu(2x) = 2 relu(x), which holds for gelu no more than relu(-x) = -relu(x) does for relu.
  const scaled = (hidden_act: string, factor: number) =>
    lossWith({ method, hidden_act }, (name, values) => {
      times('intermediate\\.dense', factor)(name, values);
      times('layer\\.\\d\\.output\\.dense\\.weight', 1 / factor)(name, values);
    });
  const plain = lossWith({ method, hidden_act: 'relu' });
  expect(scaled('relu', 2)).toBeCloseTo(plain, 12);
  expect(Math.abs(scaled('relu', -1) - plain)).toBeGreaterThan(1e-3);
  expect(Math.abs(scaled('gelu', 2) - lossWith({ method, hidden_act: 'gelu' }))).toBeGreaterThan(1e-3);
});

test('what LoRA adds is lora_alpha / r times B A x', () => {
  const loss = (adapter_size: number, lora_alpha: number, factor: number) =>
    lossWith({ method: 'lora', chosen: { adapter_size, lora_alpha } }, times('lora_B', factor));
  const one = loss(4, 4, 1);
  expect(loss(4, 12, 1 / 3)).toBeCloseTo(one, 12);
  expect(Math.abs(loss(4, 12, 1) - one)).toBeGreaterThan(1e-3);
  expect(loss(2, 1, 1)).toBeCloseTo(loss(2, 2, 0.5), 12);
});

test.each([
  [{ hidden_size: 1024, num_attention_heads: 4 }, "'hidden_size' is 1024; expected num_attention_heads times at most 128.", 'hidden_size'],
  [{ is_decoder: true }, "'is_decoder' is true; expected false: tokens that see only those before them are not supported.", 'is_decoder'],
  [{ add_cross_attention: true }, "'add_cross_attention' is true; expected false.", 'add_cross_attention'],
])('a configuration with %o is refused by name', (given, message, field) => {
  const read = () => readBertConfig({ ...given }, 'folder/config.json');
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ code: 'config', where: `folder/config.json: ${field}` }));
  const plain = { hidden_size: 512, num_attention_heads: 4, is_decoder: false, add_cross_attention: false };
  expect(readBertConfig(plain, 'folder/config.json').hidden_size).toBe(512);
});

const numbers = [2 ** 53, 1e300, -1, 0, 1.5, '12', [12], { valueOf: 12 }, true] as const;
const sizes = [
  'vocab_size',
  'num_hidden_layers',
  'hidden_size',
  'num_attention_heads',
  'intermediate_size',
  'max_position_embeddings',
  'type_vocab_size',
];
test.each([
  ...sizes.flatMap((field) => numbers.map((value) => [field, value] as const)),
  ['num_hidden_layers', 1e9],
  ['hidden_size', 2 ** 31],
  // Each alone would do, not their product.
  ['vocab_size', 2 ** 23],
  ...['hidden_dropout_prob', 'attention_probs_dropout_prob'].flatMap((field) =>
    [5, -3, 1, '0.1', 1e300].map((value) => [field, value] as const),
  ),
  ...[1e300, 0, -1, 1e-320, '1e-12', []].map((value) => ['layer_norm_eps', value] as const),
  ...[1e300, -1, 'small'].map((value) => ['initializer_range', value] as const),
] as const)('%s of %o is refused before anything is made of it', (field, value) => {
  const read = () => readBertConfig({ [field]: value }, 'folder/config.json');
  expect(read).toThrow(expect.objectContaining({ code: 'config', where: `folder/config.json: ${field}` }));
});

test('keys that objects have of their own, and values nested a million deep, are read for what they are', () => {
  const json: unknown = JSON.parse(
    `{"__proto__":{"hidden_size":-1},"constructor":1,"hidden_size":512,"num_attention_heads":8,"more":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
  );
  expect(readBertConfig(json, 'folder/config.json').hidden_size).toBe(512);
  const deep: unknown = JSON.parse(`{"hidden_size":${'['.repeat(1e6)}${']'.repeat(1e6)}}`);
  expect(() => readBertConfig(deep, 'folder/config.json')).toThrow("'hidden_size' is [[[[[…]]]]]; expected");
});
