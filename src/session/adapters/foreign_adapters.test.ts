// Adapters that other libraries saved (python/vectors/peft, python/vectors/adapter_hub), in every variant: read for the tiny BERT, run by the f64 interpreter,
// against that library's own logits.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { Interpreter } from '../../../test/reference/interpreter.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, vectors } from '../../../test/testing.ts';
import type { AdapterArchive } from '../../formats/adapter_archive.ts';
import { writeAdapterHub } from '../../formats/adapter_hub/layout.ts';
import { bytesOf } from '../../formats/bytes.ts';
import { f32ToF16 } from '../../formats/half.ts';
import { safetensorsLayout, type TensorToWrite, writeSafetensors } from '../../formats/safetensors.ts';
import { readFloats } from '../../formats/tensor_file.ts';
import { openTensorFile } from '../../formats/tensor_formats.ts';
import { cardFacts as facts } from '../../formats/testing.ts';
import { Registry } from '../../graph/registry.ts';
import type { Parameter, Tensor } from '../../graph/tensor.ts';
import { usualDefaults } from '../../models/registry.ts';
import { traceEvaluation } from '../../train/programs.ts';
import { resolveMethod, setupOf } from '../engine/setup.ts';
import { type BaseModel, openBaseModel } from '../models/base_model.ts';
import { engineConfigOf, taskModelOf } from './adapter_expectations.ts';
import { filesOf, readAdapterFor, valuesOf } from './importing.ts';
import { mergedTensors, writeTensors } from './merged_tensors.ts';

type Logits = readonly (readonly number[])[];
const recorded = Object.fromEntries(
  ['peft', 'adapter_hub'].flatMap((library) =>
    Object.entries(readVectorJson<{ logits: Readonly<Record<string, Logits>> }>(`${library}/expected.json`).logits).map(
      ([name, logits]) => [`${library}/${name}`, logits] as const,
    ),
  ),
);
const { batch } = readVectorJson<{ batch: RecordedBatch }>('tiny_bert/expected.json');
const model = await modelAt(`${vectors}tiny_bert`);

/** The files of a folder of python/vectors, by their paths in it. */
function recordedFiles(name: string): Map<string, Uint8Array> {
  const folder = join(vectors, name);
  const paths = (readdirSync(folder, { recursive: true }) as string[])
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
  return new Map(paths.map((path) => [relative(folder, path), new Uint8Array(readFileSync(path))]));
}

/** The tiny BERT with other words in its config.json and another classifier. */
async function tinyWith(config: object, head: (tensor: TensorToWrite) => TensorToWrite[]): Promise<BaseModel> {
  const file = await openTensorFile(bytesOf('x', new Uint8Array(readFileSync(`${vectors}tiny_bert/model.safetensors`))));
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of file.tensors.values()) {
    const tensor = { name, dtype: 'F32' as const, shape, bytes: new Uint8Array((await readFloats(file, name)).buffer) };
    tensors.push(...(name.startsWith('classifier.') ? head(tensor) : [tensor]));
  }
  const files = [
    { path: 'config.json', blob: new Blob([JSON.stringify({ ...readVectorJson<object>('tiny_bert/config.json'), ...config })]) },
    { path: 'model.safetensors', blob: new Blob([writeSafetensors(tensors, { format: 'pt' })]) },
  ];
  return openBaseModel({ kind: 'files', name: 'tiny', files }, nodeHost());
}

const inHalf = (tensor: TensorToWrite): TensorToWrite[] => {
  const halves = Uint16Array.from(new Float32Array(tensor.bytes.slice().buffer), f32ToF16);
  return [{ ...tensor, dtype: 'F16', bytes: new Uint8Array(halves.buffer) }];
};
const named = { id2label: { 0: 'bad', 1: 'fine', 2: 'good' } };
const halfHead = await tinyWith(named, inHalf);

const read = (files: ReadonlyMap<string, Uint8Array>, base = model) => readAdapterFor(files, base, undefined);

/** The program of the recorded batch. */
function traced(archive: AdapterArchive, base: BaseModel) {
  const { method, options, pooling, training } = engineConfigOf(archive.config, model);
  const resolved = resolveMethod(method, 'store', options, usualDefaults);
  const setup = setupOf({
    model: base,
    resolved,
    memory: { policy: 'store', checkpoint_every: 1 },
    pooling,
    num_labels: archive.labels.length,
    batch_size: 4,
    buckets: [{ length: 11 }],
    dropout: 0,
    optimizer: training,
    purposes: ['evaluation'],
  });
  const registry = new Registry();
  const tracing = {
    trains: (parameter: Pick<Parameter, 'name' | 'owner' | 'dense'>) => resolved.method.trains(parameter, setup.options),
    storedType: () => 'f32' as const,
  };
  const { graph } = traceEvaluation(registry, tracing, setup, { length: 11 });
  return { setup, registry, graph };
}

/** Logits of the recorded batch, in f64. */
async function logitsOf(archive: AdapterArchive, base: BaseModel): Promise<Float64Array> {
  const { registry, graph } = traced(archive, base);
  const interpreter = new Interpreter();
  for (const { name, tensors } of registry.parameters.values()) {
    const { file, entry } = base.entry(name) ?? {};
    const values = archive.tensors.get(name)?.data ?? (file && entry && (await readFloats(file, entry.name)));
    if (values === undefined) throw new Error(`neither adapter nor base has ${name}`);
    interpreter.set(tensors[0] as Tensor, values);
  }
  const { inputs } = batchOf(batch);
  for (const [name, tensor] of graph.inputs) interpreter.set(tensor, inputs[name as 'input_ids']);
  interpreter.run(graph);
  return interpreter.values(registry.result('outputs', [4, archive.labels.length], 'f32'));
}

test.each(Object.keys(recorded))("%s gives its library's logits", async (name) => {
  const base = name.endsWith('_f16') ? halfHead : model;
  const ours = await logitsOf(await read(recordedFiles(name), base), base);
  const far = (recorded[name] ?? []).flat().map((x, i) => Math.abs(x - (ours[i] as number)));
  expect(far).toHaveLength(12);
  expect(Math.max(...far)).toBeLessThan(1e-5);
});

/** The base with an adapter in its weights, as a folder that is opened like any other; no adapter but the base's own classifier is left. */
async function mergedInto(base: BaseModel, archive: AdapterArchive): Promise<BaseModel> {
  const { setup, registry } = traced(archive, base);
  const trained = { model: base, setup, trainables: [...registry.parameters.values()].filter(({ trainable }) => trainable) };
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const layout = safetensorsLayout(mergedTensors(trained, 'float32'), { format: 'pt' });
  const write = async (bytes: Uint8Array) => void parts.push(new Uint8Array(bytes));
  await writeTensors(layout, trained, valuesOf(archive, trained.trainables), write, () => undefined);
  const files = [
    { path: 'config.json', blob: new Blob([JSON.stringify(base.config)]) },
    { path: 'model.safetensors', blob: new Blob(parts) },
  ];
  return openBaseModel({ kind: 'files', name: 'merged', files }, nodeHost());
}

const merging = Object.keys(recorded).filter((name) => /^peft\/(?!.*(?:prefix|prompt))|^adapter_hub\/lora/.test(name));
test.each(merging)("merged into its base, %s gives its library's logits", async (name) => {
  const base = name.endsWith('_f16') ? halfHead : model;
  const archive = await read(recordedFiles(name), base);
  const merged = await mergedInto(base, archive);
  const probe = { ...archive, method: 'linear-probe', config: { ...archive.config, method: 'linear-probe' }, tensors: new Map() };
  const ours = await logitsOf(probe, merged);
  const far = (recorded[name] ?? []).flat().map((x, i) => Math.abs(x - (ours[i] as number)));
  expect(far).toHaveLength(12);
  expect(Math.max(...far)).toBeLessThan(1e-5);
});

const borrowed = 'The adapter has no classifier of its own: it works with that of tiny.';
const numbered = 'Nothing names the classes of the adapter: they are numbered.';

test('classes that PEFT does not name have the names of the base where it has so many, and numbers elsewhere', async () => {
  const ofBase = 'The adapter does not name its classes: they have the names in config.json of tiny.';
  expect(await read(recordedFiles('peft/ia3'), halfHead)).toMatchObject({ labels: ['bad', 'fine', 'good'], notes: [ofBase] });
  expect(await read(recordedFiles('peft/base_head'), halfHead)).toMatchObject({ notes: [borrowed, ofBase] });
  const two = await tinyWith({ id2label: { 0: 'bad', 1: 'good' } }, (tensor) => [tensor]);
  const labels = ['LABEL_0', 'LABEL_1', 'LABEL_2'];
  expect(await read(recordedFiles('peft/ia3'), two)).toMatchObject({ labels, notes: [numbered] });
  // The recorded base names its three LABEL_0 to LABEL_2.
  expect(await read(recordedFiles('peft/ia3'))).toMatchObject({ labels, notes: [numbered] });
  const files = recordedFiles('peft/ia3');
  files.set('labels.json', new TextEncoder().encode('{"labels": ["x", "y", "z"]}'));
  const own = await read(files, halfHead);
  expect(own.labels).toEqual(['x', 'y', 'z']);
  expect(own.notes).toBeUndefined();
});

test.each([
  ['without a classifier', {}, () => [], 'the checkpoint has no classifier'],
  [
    'for another task',
    { architectures: ['BertForTokenClassification'] },
    (tensor: TensorToWrite) => [tensor],
    'BertForTokenClassification',
  ],
] as const)('an adapter whose head was not saved is refused on a base %s', async (_, config, head, why) => {
  await expect(read(recordedFiles('peft/base_head'), await tinyWith(config, head))).rejects.toMatchObject({
    code: 'missing-tensor',
    message: expect.stringMatching(`its head was not saved, and .*${why}.*PEFT would begin with a random one`),
    remedy: expect.stringContaining('modules_to_save'),
  });
});

test.each([
  ['base_head_adapted', { rank_pattern: {} }, 'misshapen-tensor', 'classifier.lora_A.weight has shape [1, 32], expected [2, 32]'],
  ['base_head_ia3_entering', { feedforward_modules: [] }, 'misshapen-tensor', 'classifier.ia3_l has shape [1, 32], expected [3, 1]'],
] as const)('an adapter on the classifier of %s that does not fit %j is named', async (name, change, code, says) => {
  const files = recordedFiles(`peft/${name}`);
  files.set('adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...json(files.get('adapter_config.json')), ...change })));
  await expect(read(files)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
});

const json = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;

async function tensorsOf(files: ReadonlyMap<string, Uint8Array>): Promise<Record<string, [string, Float32Array]>> {
  const all: [string, [string, Float32Array]][] = [];
  for (const [path, bytes] of files) {
    if (!/\.(safetensors|bin)$/.test(path)) continue;
    const file = await openTensorFile(bytesOf(path, bytes));
    for (const { name, shape } of file.tensors.values()) all.push([name, [shape.join(), await readFloats(file, name)]]);
  }
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const ofHub = Object.keys(recorded).filter((name) => name.startsWith('adapter_hub/') && !name.endsWith('static_head'));
test.each(ofHub)("%s is written again as AdapterHub's library saved it, tensor for tensor", async (name) => {
  const files = recordedFiles(name);
  const written = new Map(writeAdapterHub(await read(files), facts, taskModelOf(model)).map(({ path, bytes }) => [path, bytes] as const));
  expect(await tensorsOf(written)).toEqual(await tensorsOf(files));
  const [ours, theirs] = [written, files].map((these) => json(these.get('adapter_config.json')));
  const { config: own, ...outer } = ours as { config: Record<string, unknown> };
  const { config: saved, ...around } = theirs as { config: Record<string, unknown> };
  expect(outer).toEqual(around);
  // The factor stands for a whole number of neurons.
  for (const [key, value] of Object.entries(own)) {
    if (key === 'reduction_factor') expect(Math.floor(32 / Number(value))).toBe(Math.floor(32 / Number(saved[key])));
    else if (key !== 'init_weights') expect({ [key]: value }).toEqual({ [key]: saved[key] });
  }
  expect(json(written.get('head_config.json'))).toEqual(json(files.get('head_config.json')));
  expect((await read(written)).tensors).toEqual((await read(files)).tensors);
});

test.each([
  ['adapter_hub/seq_bn', 'original_ln_before'],
  ['adapter_hub/learned_scaling', 'scaling'],
  ['adapter_hub/output_alone', 'mh_adapter'],
])('%s is another function than any of ours: refused by %s', async (name, key) => {
  await expect(read(recordedFiles(name))).rejects.toMatchObject({
    code: 'unsupported-adapter-hub',
    where: `adapter_config.json, ${key}`,
    message: expect.stringContaining(key),
  });
});

test.each([
  ['adapter_hub/houlsby', 'adapter_config.json', { non_linearity: 'leakyrelu' }],
  ['adapter_hub/houlsby', 'adapter_config.json', { leave_out: [1] }],
  ['adapter_hub/houlsby', 'adapter_config.json', { reduction_factor: { default: 8 } }],
  ['adapter_hub/houlsby', 'adapter_config.json', { use_gating: true }],
  ['adapter_hub/houlsby', 'adapter_config.json', { phm_layer: true }],
  ['adapter_hub/houlsby', 'adapter_config.json', { architecture: 'prefix_tuning' }],
  ['adapter_hub/lora', 'adapter_config.json', { composition_mode: 'scale' }],
  ['adapter_hub/lora', 'adapter_config.json', { attn_matrices: ['o'] }],
  ['adapter_hub/lora', 'adapter_config.json', { attn_matrices: [['q']] }],
  ['adapter_hub/lora', 'head_config.json', { head_type: 'tagging' }],
  ['adapter_hub/lora', 'head_config.json', { use_pooler: false }],
  ['adapter_hub/par_bn', 'head_config.json', { activation_function: 'relu' }],
  ['adapter_hub/par_bn', 'head_config.json', { layers: 3 }],
] as const)('%s with %s %j is refused by its key', async (name, file, change) => {
  const files = recordedFiles(name);
  const outer = json(files.get(file));
  files.set(file, new TextEncoder().encode(JSON.stringify({ ...outer, config: { ...(outer['config'] as object), ...change } })));
  const [key] = Object.keys(change);
  await expect(read(files)).rejects.toMatchObject({ code: 'unsupported-adapter-hub', where: `${file}, ${key}` });
});

test('a picked folder is read like a zip, and what is no part of an adapter is left where it is', async () => {
  const files = [...recordedFiles('peft/other_name')].map(([path, bytes]) => ({ path, blob: new Blob([Uint8Array.from(bytes)]) }));
  const other = { path: 'mine/optimizer.pt', blob: new Blob(['x']) };
  const found = await filesOf({ files: [...files, other] });
  expect([...found.keys()].toSorted()).toEqual(['mine/adapter_config.json', 'mine/adapter_model.safetensors']);
  expect((await read(found)).method).toBe('lora');
});

test('a head that was not saved is named with how to save it', async () => {
  const files = recordedFiles('adapter_hub/lora');
  files.delete('head_config.json');
  await expect(read(files)).rejects.toMatchObject({ code: 'missing-file', remedy: expect.stringContaining('with_head=True') });
});

test.each([
  ['ia3', {}, 'no adapter that is the same function as ia3'],
  ['lora', { bias: 'all' }, 'no biases'],
  ['lora', { use_rslora: true }, 'one scale'],
  ['houlsby', { modules_to_save: ['LayerNorm'] }, 'LayerNorm was trained'],
] as const)('%s with %j is not written in that layout', async (method, options, says) => {
  const { config, ...rest } = await read(recordedFiles('adapter_hub/lora'));
  const changed = { ...rest, config: { ...config, method, hyper_parameters: { ...config.hyper_parameters, ...options } } };
  expect(() => writeAdapterHub({ ...changed, method } as AdapterArchive, facts, taskModelOf(model))).toThrow(says);
  const mean = { ...rest, config: { ...config, pooling: 'mean' as const } };
  expect(() => writeAdapterHub(mean, facts, taskModelOf(model))).toThrow('mean of all');
});
