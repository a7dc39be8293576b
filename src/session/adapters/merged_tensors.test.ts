// What a merged model's file holds, tensor by tensor, of bases in halves and in several files. That it gives the right logits is judged elsewhere
// (foreign_adapters.test.ts, test/lives.test.ts).

import { describe, expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { smallShape } from '../../../test/outcome.ts';
import { type FolderChange, randomModelFiles } from '../../../test/random_model.ts';
import { bytesOf } from '../../formats/bytes.ts';
import { openSafetensors, safetensorsLayout, type TensorToWrite, writeSafetensors } from '../../formats/safetensors.ts';
import { narrow, readFloats, widen } from '../../formats/tensor_file.ts';
import { Registry } from '../../graph/registry.ts';
import { methodNamed } from '../../methods/registry.ts';
import { defaultTraining, type MethodChoices, type MethodName } from '../../protocol/config.ts';
import type { MergedType } from '../../protocol/messages.ts';
import { traceEvaluation } from '../../train/programs.ts';
import { resolveMethod, setupOf } from '../engine/setup.ts';
import { type BaseModel, openBaseModel } from '../models/base_model.ts';
import { mergedTensors, type Trained, writeTensors } from './merged_tensors.ts';

const shape = { ...smallShape, num_hidden_layers: 2 };
const open = (change: FolderChange = {}, type = 'bert') => openBaseModel(randomModelFiles(shape, change, type), nodeHost());
const asType =
  (dtype: 'F16' | 'BF16') =>
  (tensors: readonly TensorToWrite[]): TensorToWrite[] =>
    tensors.map((tensor) => ({ ...tensor, dtype, bytes: narrow(new Float32Array(tensor.bytes.slice().buffer), dtype) }));
const inTwo = (tensors: readonly TensorToWrite[]) => {
  const parts = [tensors.slice(0, 9), tensors.slice(9)];
  const names = parts.map((_, i) => `model-0000${i + 1}-of-00002.safetensors`);
  const weight_map = Object.fromEntries(parts.flatMap((part, i) => part.map(({ name }) => [name, names[i]])));
  return {
    'model.safetensors.index.json': new TextEncoder().encode(JSON.stringify({ weight_map })),
    ...Object.fromEntries(parts.map((part, i) => [names[i] as string, writeSafetensors(part, {})])),
  };
};

/** What a method would train on a base, and numbers for all of it. */
function trainedOn(
  model: BaseModel,
  name: MethodName,
  options: MethodChoices = {},
  scale = 0.1,
): { trained: Trained; values: Map<string, Float32Array<ArrayBuffer>> } {
  const setup = setupOf({
    model,
    resolved: resolveMethod(name, 'store', options, model.backbone().defaults),
    memory: { policy: 'store', checkpoint_every: 1 },
    pooling: undefined,
    num_labels: 3,
    batch_size: 1,
    buckets: [{ length: 8 }],
    dropout: 0,
    optimizer: defaultTraining,
    purposes: ['evaluation'],
  });
  const registry = new Registry();
  const trains = (parameter: { name: string; owner: 'backbone' | 'method' | 'head' }) => methodNamed(name).trains(parameter, setup.options);
  traceEvaluation(registry, { trains, storedType: () => 'f32' }, setup, { length: 8 });
  const trainables = [...registry.parameters.values()].filter(({ trainable }) => trainable);
  const sized = trainables.map(({ name: own, shape: of }) => [own, of.reduce((a, b) => a * b, 1)] as const);
  const values = new Map(sized.map(([own, size]) => [own, Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i + 1))]));
  return { trained: { model, setup, trainables }, values };
}

/** The file, opened again. */
async function written({ trained, values }: ReturnType<typeof trainedOn>, type: MergedType) {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const layout = safetensorsLayout(mergedTensors(trained, type), {});
  await writeTensors(
    layout,
    trained,
    values,
    async (bytes) => void parts.push(new Uint8Array(bytes)),
    () => undefined,
  );
  const file = new Uint8Array(await new Blob(parts).arrayBuffer());
  expect(file).toHaveLength(layout.bytes);
  return openSafetensors(bytesOf('merged', file));
}

const A = 'bert.encoder.layer.0.attention.self.query.weight';
const untouched = 'bert.encoder.layer.0.attention.self.key.weight';

describe.each(['F16', 'BF16'] as const)('a base in %s and two files', async (dtype) => {
  const model = await open({ tensors: asType(dtype), weights: inTwo });
  const lora = trainedOn(model, 'lora');
  const [half, whole] = [await written(lora, 'base'), await written(lora, 'float32')];

  test('keeps its type, and what nothing trained keeps its bytes', async () => {
    expect(new Set([...half.tensors.values()].map((entry) => entry.dtype))).toEqual(new Set([dtype]));
    expect(new Set([...whole.tensors.values()].map((entry) => entry.dtype))).toEqual(new Set(['F32']));
    const { file, entry } = model.entry(untouched.slice('bert.'.length)) ?? {};
    const { begin, end } = half.tensors.get(untouched) ?? {};
    expect(await half.source.read(begin ?? 0, end ?? 0)).toEqual(await file?.source.read(entry?.begin ?? 0, entry?.end ?? 0));
  });

  test('has each sum rounded once', async () => {
    const exact = await readFloats(whole, A);
    expect([...(await readFloats(half, A))]).toEqual([...(widen(narrow(exact, dtype), dtype) ?? [])]);
    const { file, entry } = model.entry(A.slice('bert.'.length)) ?? {};
    const before = file && entry ? await readFloats(file, entry.name) : new Float32Array();
    expect(exact.some((x, i) => Math.abs(x - (before[i] ?? x)) > 1e-3)).toBe(true);
  });
});

test('a sum that a half cannot hold is refused, and goes into float32', async () => {
  const model = await open({ tensors: asType('F16') });
  const lora = trainedOn(model, 'lora', { lora_alpha: 1e8 });
  await expect(written(lora, 'base')).rejects.toMatchObject({ code: 'merge-not-finite', remedy: 'Write the model in float32.' });
  expect((await readFloats(await written(lora, 'float32'), A)).every(Number.isFinite)).toBe(true);
});

test.each([
  ['bert', 'bert.'],
  ['roberta', 'roberta.'],
  ['distilbert', 'distilbert.'],
  ['gpt2', 'transformer.'],
  ['opt', 'model.'],
  ['bart', 'model.'],
])("%s: all of the backbone behind Transformers' prefix, and the head that was trained behind none", async (type, prefix) => {
  const model = await open({}, type);
  const { tensors } = await written(trainedOn(model, 'full'), 'base');
  const [backbone, head] = [true, false].map((inside) => [...tensors.keys()].filter((name) => name.startsWith(prefix) === inside));
  expect(backbone?.map((name) => name.slice(prefix.length)).toSorted()).toEqual([...(model.checkpoint?.tensors.keys() ?? [])].toSorted());
  expect(head?.length).toBeGreaterThan(0);
  for (const name of head ?? []) expect(name).toMatch(/^(?:pre_)?classif|^score\./);
});

test('a matrix that files have the other way round is merged the right way round', async () => {
  const model = await open({}, 'gpt2');
  const lora = trainedOn(model, 'lora', { adapter_size: 4, lora_alpha: 8 });
  const name = 'h.1.attn.c_attn';
  const [C, O] = [32, 96];
  const { file, entry } = model.entry(`${name}.weight`) ?? {};
  expect(entry?.shape).toEqual([C, O]);
  const before = file && entry ? await readFloats(file, entry.name) : new Float32Array();
  const after = await readFloats(await written(lora, 'base'), `transformer.${name}.weight`);
  const [a, b] = ['A', 'B'].map((letter) => lora.values.get(`${name}.lora_${letter}.weight`) ?? new Float32Array()) as [
    Float32Array,
    Float32Array,
  ];
  let far = 0;
  for (let out = 0; out < O; out++) {
    for (let into = 0; into < C; into++) {
      let update = 0;
      for (let k = 0; k < 4; k++) update += (b[out * 4 + k] as number) * (a[k * C + into] as number);
      far = Math.max(far, Math.abs((after[into * O + out] as number) - (before[into * O + out] as number) - 2 * update));
    }
  }
  expect(far).toBeLessThan(1e-6);
});
