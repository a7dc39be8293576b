// Whether weights fit their configuration, and all that does not, in one error. Traces the plain model; needs no GPU.

import { expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { type FolderChange, randomModelFiles } from '../../../test/random_model.ts';
import { type TensorToWrite, writeSafetensors } from '../../formats/safetensors.ts';
import type { ModelRef } from '../../protocol/config.ts';
import { type BaseModel, describe as describeModel, openBaseModel } from './base_model.ts';
import { requireRunnable, requireWeights } from './required_weights.ts';
import { checkNumbers } from './weights.ts';

const shape = {
  ...{ hidden_size: 16, num_attention_heads: 4, intermediate_size: 16, vocab_size: 20, max_position_embeddings: 16 },
  num_hidden_layers: 3,
};

const opened = (change: FolderChange = {}): Promise<BaseModel> => openBaseModel(randomModelFiles(shape, change), nodeHost());
const without = (pattern: RegExp) => ({ tensors: (all: readonly TensorToWrite[]) => all.filter(({ name }) => !pattern.test(name)) });
const renamed = (rename: (name: string) => string) => ({
  tensors: (all: readonly TensorToWrite[]) => all.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
});

/** One tensor of another type or shape. */
const changed = (name: string, change: Partial<TensorToWrite>) => ({
  tensors: (all: readonly TensorToWrite[]) => all.map((tensor) => (tensor.name === name ? { ...tensor, ...change } : tensor)),
});

test('a whole model fits, every parameter from a tensor of its own', async () => {
  const model = await opened();
  const placements = requireWeights(model, 'cls');
  expect(placements.size).toBe(5 + 16 * 3 + 2);
  expect(new Set([...placements.values()].map(({ entry }) => entry.name)).size).toBe(placements.size);
  expect(requireWeights(model, 'mean').size).toBe(placements.size - 2);
});

test.each([
  ['of a wrapper', (name: string) => `module.bert.${name}`],
  [
    'of TensorFlow',
    (name: string) => `bert.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
  ],
  ['of sentence-transformers', (name: string) => `0.auto_model.${name}`],
])('names %s fit as well', async (_, rename) => {
  const model = await opened(renamed(rename));
  expect(requireWeights(model, 'cls').size).toBe(55);
  expect(model.storedType('encoder.layer.0.output.dense.weight')).toBe('f32');
});

test('shards fit, each parameter in the file that has it', async () => {
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const model = await opened({
    weights: (all) => {
      const of = ({ name }: TensorToWrite) => (name < 'encoder.layer.2' ? names[0] : names[1]);
      const shards = names.map(
        (path) =>
          [
            path,
            writeSafetensors(
              all.filter((tensor) => of(tensor) === path),
              { format: 'pt' },
            ),
          ] as const,
      );
      const weight_map = Object.fromEntries(all.map((tensor) => [tensor.name, of(tensor)]));
      const index = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ weight_map })));
      return { ...Object.fromEntries(shards), 'model.safetensors.index.json': index };
    },
  });
  const placements = requireWeights(model, 'cls');
  expect(placements.get('encoder.layer.1.output.dense.bias')?.file.source.name).toBe(names[0]);
  expect(placements.get('pooler.dense.bias')?.file.source.name).toBe(names[1]);
  expect((await describeModel(model)).parameters).toBe((await describeModel(await opened())).parameters);
});

test.each<[what: string, change: FolderChange, code: string, says: RegExp]>([
  [
    'one tensor',
    without(/^encoder\.layer\.1\.output\.dense\.bias/),
    'missing-tensor',
    /no tensor 'encoder\.layer\.1\.output\.dense\.bias' of shape \[16\]\./,
  ],
  [
    'two layers',
    without(/layer\.[12]\./),
    'missing-tensor',
    /lacks 32 of the 55 tensors that config\.json asks for, all of layers 1 to 2: encoder.* and 29 more\./,
  ],
  [
    'a table and a bias',
    without(/word_embeddings|pooler.dense.bias/),
    'missing-tensor',
    /lacks 2 of the 55 tensors .* asks for: embeddings\.word_embeddings\.weight and pooler\.dense\.bias\./,
  ],
])('%s that is missing is named', async (_, change, code, says) => {
  const model = await opened(change);
  expect(() => requireWeights(model, 'cls')).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }));
});

test('all that is missing, misshapen or of no float type stands in one error', async () => {
  const bytes = new Uint8Array(16);
  const model = await opened({
    tensors: (all) =>
      without(/layer\.2\./)
        .tensors(all)
        .map((tensor) => {
          if (tensor.name === 'embeddings.LayerNorm.bias') return { ...tensor, shape: [4], bytes };
          return tensor.name === 'embeddings.LayerNorm.weight' ? { ...tensor, dtype: 'I8' as const, bytes } : tensor;
        }),
  });
  expect(() => requireWeights(model, 'mean')).toThrow(
    /lacks 16 of the 53 tensors that config\.json asks for, all of layer 2: .*\. The tensor 'embeddings\.LayerNorm\.bias' has the shape \[4\]; config\.json asks for \[16\]\. A tensor holds no floats.*'embeddings\.LayerNorm\.weight' is I8\./,
  );
});

test('integers under names that no parameter has are passed over', async () => {
  const ids: TensorToWrite = { name: 'embeddings.position_ids', dtype: 'I64', shape: [1, 16], bytes: new Uint8Array(128) };
  const model = await opened({ tensors: (all) => [...all, ids] });
  expect(requireWeights(model, 'cls').size).toBe(55);
});

test('without a pooler the first token is not pooled unasked, and asked for it is refused by what it lacks', async () => {
  const model = await opened(without(/^pooler/));
  expect(model.ownPooling).toBeUndefined();
  expect(() => model.pooling).toThrow(expect.objectContaining({ code: 'no-pooler', remedy: expect.stringContaining('--pooling mean') }));
  expect(() => requireWeights(model, 'cls')).toThrow(expect.objectContaining({ remedy: expect.stringContaining('--pooling mean') }));
  expect(requireWeights(model, 'mean').size).toBe(53);
});

test('what a folder lacks for a run is named together, its configuration too', async () => {
  await expect(requireRunnable(await opened(), 'cls')).rejects.toMatchObject({
    code: 'missing-file',
    message: 'random has no tokenizer.json (the tokenizer).',
  });
  const bare = await opened({ weights: () => ({}) });
  expect((await describeModel(bare)).missing).toEqual(['tokenizer.json', 'model.safetensors']);
  await expect(requireRunnable(bare, 'cls')).rejects.toMatchObject({
    message: 'random has no tokenizer.json (the tokenizer), no model.safetensors (the weights).',
    remedy: expect.stringContaining('pytorch_model.bin'),
  });
  const nothing: ModelRef = { kind: 'files', name: 'empty', files: [{ path: 'README.md', blob: new Blob(['']) }] };
  await expect(openBaseModel(nothing, nodeHost())).rejects.toMatchObject({
    message: 'empty has no config.json (the configuration), no tokenizer.json (the tokenizer), no model.safetensors (the weights).',
  });
});

const bias = 'encoder.layer.1.output.dense.bias';
const f64 = (at3: number) =>
  changed(bias, { dtype: 'F64', bytes: new Uint8Array(Float64Array.from({ length: 16 }, (_, i) => (i === 3 ? at3 : 0.5)).buffer) });

test.each<[what: string, change: FolderChange, says: string]>([
  ['f64 beyond f32', f64(1e300), `'${bias}' holds 1e+300 at element 3, which is beyond the range of f32.`],
  ['f64 NaN', f64(Number.NaN), `'${bias}' holds NaN at element 3.`],
  [
    'f32 infinity',
    changed(bias, { bytes: new Uint8Array(Float32Array.from({ length: 16 }, (_, i) => (i === 15 ? -Infinity : 1)).buffer) }),
    'holds -Infinity at element 15.',
  ],
  [
    'f16 infinity',
    changed(bias, { dtype: 'F16', bytes: new Uint8Array(Uint16Array.from({ length: 16 }, () => 0x7c00).buffer) }),
    'holds Infinity at element 0.',
  ],
  [
    'bf16 NaN',
    changed(bias, { dtype: 'BF16', bytes: new Uint8Array(Uint16Array.from({ length: 16 }, (_, i) => (i === 7 ? 0x7fc1 : 0)).buffer) }),
    'holds NaN at element 7.',
  ],
])('%s is named with tensor and element', async (_, change, says) => {
  const model = await opened(change);
  await expect(checkNumbers(model, requireWeights(model, 'cls'))).rejects.toMatchObject({
    code: 'weights-not-finite',
    message: expect.stringContaining(says),
    where: `random/model.safetensors: ${bias}`,
  });
});

test('f64 within f32 is sound', async () => {
  const model = await opened(f64(0.1));
  const progress: number[] = [];
  await checkNumbers(model, requireWeights(model, 'cls'), (done, of) => progress.push(done / of));
  expect(progress.at(-1)).toBe(1);
});

test('a configuration without model_type is known by its classes or its keys, and that is said', async () => {
  const keys = { model_type: null, type_vocab_size: 2, hidden_act: 'gelu' };
  for (const config of [keys, { model_type: undefined, architectures: ['BertForMaskedLM'] }]) {
    const model = await opened({ config });
    expect(model.backbone().config.model_type).toBe('bert');
    expect(model.notes).toContain('config.json has no model_type; its keys are those of bert, and as that it is read.');
  }
  for (const config of [
    { ...keys, architectures: ['AlbertModel'] },
    { ...keys, embedding_size: 16 },
  ]) {
    await expect(opened({ config })).rejects.toMatchObject({
      code: 'unsupported-model-type',
      message: expect.stringContaining('has no model_type'),
      remedy: expect.stringContaining('"model_type": "bert"'),
    });
  }
});
