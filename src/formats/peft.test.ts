import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { AdapterConfig, AdapterExpectations, TensorSpec } from './adapter_archive.ts';
import { bytesOf } from './bytes.ts';
import { readExported, writeExported } from './exported.ts';
import type { CardFacts } from './model_card.ts';
import { openSafetensors, readFloats, writeSafetensors } from './safetensors.ts';

const vectors = new URL('../../python/vectors/lora/', import.meta.url);

/** LoRA on the query and value of a BERT of 3 layers, 32 wide, as python/record/lora.py has it. */
function specs({ num_labels, hyper_parameters }: AdapterConfig): TensorSpec[] {
  const r = Number(hyper_parameters.adapter_size);
  const layers = [0, 1, 2].flatMap((layer) => {
    const paths = ['query', 'value'].map((name) => `encoder.layer.${layer}.attention.self.${name}`);
    return paths.flatMap((path) => [
      { name: `${path}.lora_A.weight`, shape: [r, 32] },
      { name: `${path}.lora_B.weight`, shape: [32, r] },
    ]);
  });
  return [...layers, { name: 'classifier.weight', shape: [num_labels, 32] }, { name: 'classifier.bias', shape: [num_labels] }];
}

const expectations: AdapterExpectations = { methods: ['lora'], base: { name: 'tiny', sha256: 'ab'.repeat(32) }, tensorsOf: specs };

async function byPeft(change: Record<string, unknown> = {}): Promise<Map<string, Uint8Array>> {
  const config = JSON.parse(await readFile(new URL('adapter_config.json', vectors), 'utf8')) as Record<string, unknown>;
  return new Map([
    ['adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...change }))],
    ['adapter_model.safetensors', await readFile(new URL('adapter_model.safetensors', vectors))],
  ]);
}

const facts: CardFacts = {
  name: 'lora',
  base_model: { name: 'tiny_bert', sha256: null },
  pipeline_tag: 'text-classification',
  method: 'LoRA',
  dataset: { name: 'three', train_examples: 1, eval_examples: 0, eval_split: 'none' },
  metrics: [],
  labels: ['a', 'b', 'c'],
  hyper_parameters: [],
  notes: [],
};

test('an adapter that PEFT saved is read by neutral names, what PEFT does not say being null', async () => {
  const archive = await readExported(await byPeft(), expectations);
  expect(archive).toMatchObject({
    method: 'lora',
    labels: ['LABEL_0', 'LABEL_1', 'LABEL_2'],
    config: {
      base_model: { name: 'tiny_bert', model_type: 'bert', sha256: null, dtype: null },
      num_labels: 3,
      pooling: 'cls',
      hyper_parameters: { adapter_size: 4, lora_alpha: 8, lora_dropout: 0, target_modules: ['query', 'value'] },
      seed: null,
    },
  });
  const file = await openSafetensors(bytesOf('x', await readFile(new URL('adapter_model.safetensors', vectors))));
  const stored = 'base_model.model.bert.encoder.layer.2.attention.self.value.lora_B.weight';
  expect(archive.tensors.get('encoder.layer.2.attention.self.value.lora_B.weight')?.data).toEqual(await readFloats(file, stored));
});

test('what is written has the names and tensors that PEFT itself saves, and comes back whole', async () => {
  const read = await readExported(await byPeft(), expectations);
  const config: AdapterConfig = {
    ...read.config,
    pooling: 'mean',
    max_length: 32,
    seed: 7,
    retrace_version: '0.1.0',
    base_model: { name: 'tiny_bert', model_type: 'bert', sha256: 'ab'.repeat(32), dtype: 'F32' },
    self_test: { texts: ['hello'], logits: [[1, 2, 3]] },
  };
  const archive = { ...read, config, labels: ['a', 'b', 'c'] };
  const files = writeExported(archive, facts);
  const byPath = new Map(files.map(({ path, bytes }) => [path, bytes]));
  expect([...byPath.keys()]).toEqual(['adapter_model.safetensors', 'adapter_config.json', 'self_test.json', 'labels.json', 'README.md']);
  const tensorsIn = async (bytes: Uint8Array | undefined) => [
    ...(await openSafetensors(bytesOf('x', bytes ?? new Uint8Array()))).tensors.values(),
  ];
  const names = ({ name, dtype, shape }: { name: string; dtype: string; shape: readonly number[] }) => [name, dtype, shape];
  const saved = await tensorsIn((await byPeft()).get('adapter_model.safetensors'));
  expect((await tensorsIn(byPath.get('adapter_model.safetensors'))).map(names)).toEqual(saved.map(names));
  const written = JSON.parse(new TextDecoder().decode(byPath.get('adapter_config.json'))) as Record<string, unknown>;
  expect(written).toMatchObject({ peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, lora_alpha: 8, modules_to_save: ['classifier'] });
  expect(JSON.parse(new TextDecoder().decode(byPath.get('self_test.json')))).toEqual({
    pooling: 'mean',
    max_length: 32,
    texts: ['hello'],
    logits: [[1, 2, 3]],
  });
  expect(await readExported(byPath, expectations)).toEqual(archive);
  const other = { ...expectations, base: { name: 'other', sha256: 'cd'.repeat(32) } };
  await expect(readExported(byPath, other)).rejects.toMatchObject({ code: 'wrong-base' });
});

test.each([
  ['peft_type', 'IA3'],
  ['task_type', 'TOKEN_CLS'],
  ['bias', 'all'],
  ['use_dora', true],
  ['use_rslora', true],
  ['rank_pattern', { 'layer.0': 8 }],
  ['layers_to_transform', [0]],
  ['modules_to_save', ['classifier', 'pooler']],
  ['target_modules', '.*query'],
  ['r', 0],
])('PEFT with %s %j is refused, for it would mean something else here', async (key, value) => {
  await expect(readExported(await byPeft({ [key]: value }), expectations)).rejects.toMatchObject({
    code: 'unsupported-peft',
    where: `adapter_config.json, ${key}`,
    message: expect.stringContaining(JSON.stringify(value)),
  });
});

test('another rank than the tensors have, and a head that was not saved, are named', async () => {
  await expect(readExported(await byPeft({ r: 8 }), expectations)).rejects.toMatchObject({
    code: 'misshapen-tensor',
    message: expect.stringContaining('lora_A.weight has shape [4, 32], expected [8, 32]'),
  });
  const headless = (await byPeft()).set('adapter_model.safetensors', writeSafetensors([], { format: 'pt' }));
  await expect(readExported(headless, expectations)).rejects.toThrow(/classifier\.weight: its head was not saved/);
});
