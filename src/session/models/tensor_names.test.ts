import { expect, test } from 'vitest';
import type { TensorEntry } from '../../formats/tensor_file.ts';
import type { Checkpoint } from '../../hub/checkpoint.ts';
import { backboneOf } from '../../models/registry.ts';
import { tinyBert } from '../../models/testing.ts';
import { tensorNames } from './tensor_names.ts';

const backbone = backboneOf({ model_type: 'bert', ...tinyBert }, 'config.json');
const anchor = 'embeddings.position_embeddings.weight';

function checkpointOf(...tensors: string[]): Checkpoint {
  const file = { format: 'safetensors', metadata: {}, tensors: new Map<string, TensorEntry>(), notes: [] } as const;
  const source = { name: 'model.safetensors', size: 0, read: () => Promise.resolve(new Uint8Array(0)) };
  const entries = tensors.map((name): TensorEntry => ({ name, dtype: 'F32', shape: [1], begin: 0, end: 4 }));
  return {
    files: [{ ...file, source }],
    tensors: new Map(entries.map((entry) => [entry.name, { file: { ...file, source }, entry }])),
    notes: [],
  };
}

const found = (name: string, ...tensors: string[]) => tensorNames(checkpointOf(...tensors), backbone).find(name)?.entry.name;

test.each([
  ['', ''],
  ['bert.', ''],
  ['model.', ''],
  ['module.bert.', 'module.'],
  ['_orig_mod.bert.', '_orig_mod.'],
  ['module._orig_mod.', 'module._orig_mod.'],
  ['0.auto_model.', '0.auto_model.'],
  ['encoder_of_mine.', 'encoder_of_mine.'],
])('names behind %o are found, and the head behind %o', (prefix, outside) => {
  const all = [`${prefix}${anchor}`, `${prefix}pooler.dense.weight`, `${outside}classifier.weight`];
  expect(found(anchor, ...all)).toBe(all[0]);
  expect(found('pooler.dense.weight', ...all)).toBe(all[1]);
  expect(found('classifier.weight', ...all)).toBe(all[2]);
  expect(found('classifier.bias', ...all)).toBeUndefined();
});

test('old names of a LayerNorm are found, and the word table where only the decoder that shares it was saved', () => {
  const all = [`bert.${anchor}`, 'bert.embeddings.LayerNorm.gamma', 'bert.embeddings.LayerNorm.beta', 'cls.predictions.decoder.weight'];
  expect(found('embeddings.LayerNorm.weight', ...all)).toBe(all[1]);
  expect(found('embeddings.LayerNorm.bias', ...all)).toBe(all[2]);
  expect(found('embeddings.word_embeddings.weight', ...all)).toBe(all[3]);
  expect(found('embeddings.word_embeddings.weight', ...all, 'bert.embeddings.word_embeddings.weight')).toContain('word_embeddings');
});

test('of two models in one file the one with the own prefix is meant, never a mixture', () => {
  const all = [`bert.${anchor}`, `teacher.${anchor}`, 'teacher.pooler.dense.weight'];
  expect(found(anchor, ...all)).toBe(`bert.${anchor}`);
  expect(found('pooler.dense.weight', ...all)).toBeUndefined();
});

test('of two models in one file none of which has it, both are named', () => {
  expect(() => found(anchor, `query.${anchor}`, `passage.${anchor}`)).toThrow(/2 models, under 'query\.', 'passage\.'/);
});
