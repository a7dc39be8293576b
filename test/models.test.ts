// Models and methods against PyTorch: logits, loss and the gradient of every parameter of small random models, for every method that python/vectors
// holds cases of. Cases of an architecture that src/models does not have wait for it.

import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { Batch } from '../src/data/batches.ts';
import { methods } from '../src/methods/registry.ts';
import type { Backbone } from '../src/models/model.ts';
import { supportedTypes } from '../src/models/registry.ts';
import type { MethodChoices, MethodName, Pooling } from '../src/protocol/config.ts';
import { fromStored } from '../src/session/models/stored_form.ts';
import {
  batchOf,
  modelAt,
  picturesOf,
  type RecordedBatch,
  type RecordedPictures,
  readVectorJson,
  readVectorTensors,
  testEngine,
  vectors,
} from './testing.ts';

interface Result {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
}

interface Case extends Result {
  /** Folder of the base, and the file that holds the batch. */
  readonly model: string;
  readonly batch: string;
  /** Where it looks at pictures of another size than its own. */
  readonly image_size?: number;
  readonly method: MethodName;
  readonly title: string;
  readonly pooling: Pooling;
  readonly hyper_parameters: MethodChoices;
  /** Files; no adapter where the model's own weights train. */
  readonly adapter?: string;
  readonly gradients: string;
}

const tiny = readVectorJson<{ batch: RecordedBatch; cls: Result; mean: Result }>('tiny_bert/expected.json');
/** Token types are 0 where the architecture has none. */
async function recordedBatch(file: string, backbone: Backbone): Promise<Batch> {
  const { batch } = readVectorJson<{ batch: Omit<RecordedBatch, 'token_type_ids'> | RecordedPictures }>(file);
  if ('pixel_values' in batch) return picturesOf(dirname(file), batch, backbone);
  return batchOf({ token_type_ids: batch.input_ids.map((row) => row.map(() => 0)), ...batch }, backbone.config.decoder_start_token_id);
}
const supported = (model: string) => supportedTypes.includes(readVectorJson<{ model_type: string }>(`${model}/config.json`).model_type);

/** Recorded in the names of Transformers and PEFT. */
const unprefixed = (name: string) => name.replace(/^base_model\.model\./, '').replace(/^(?:bert|vit|deit)\./, '');

const expected = 'expected.json';

function casesOf(folder: string, file = expected): Case[] {
  type Recorded = Omit<Case, 'model' | 'batch' | 'method' | 'title' | 'adapter'> & { readonly adapter?: string };
  const {
    model = 'tiny_bert',
    method,
    cases,
    adapter,
    image_size,
  } = readVectorJson<{
    model?: string;
    method?: MethodName;
    adapter?: string;
    image_size?: number;
    cases?: Readonly<Record<string, Recorded>> | readonly unknown[];
  }>(`${folder}/${file}`);
  if (!method || !cases || Array.isArray(cases) || !supported(model)) return [];
  return Object.entries(cases as Readonly<Record<string, Recorded>>).map(([name, own]) => {
    const tensors = own.adapter ?? adapter;
    return {
      ...own,
      ...{ model, batch: `${model}/${folder === model ? file : expected}`, method },
      title: `${folder} ${name}${image_size === undefined ? '' : ` at ${image_size} pixels`}`,
      gradients: `${folder}/${own.gradients}`,
      ...(tensors === undefined ? {} : { adapter: `${folder}/${tensors}` }),
      ...(image_size === undefined ? {} : { image_size }),
    };
  });
}

const full = (['mean', 'cls'] as const).map(
  (pooling): Case => ({
    ...tiny[pooling],
    model: 'tiny_bert',
    batch: `tiny_bert/${expected}`,
    method: 'full',
    title: `full ${pooling}`,
    pooling,
    hyper_parameters: {},
    gradients: `tiny_bert/grads_${pooling}.safetensors`,
  }),
);
const recorded = readdirSync(vectors)
  .filter((folder) => existsSync(`${vectors}${folder}/${expected}`))
  .flatMap((folder) => casesOf(folder));
/** Positions of one size of picture for another. */
const resized = casesOf('tiny_vit', 'resized.json');
/** The same values under the names that they had in Transformers 4, without a prefix. */
const older = casesOf('tiny_vit').map((own) => ({
  ...own,
  model: 'tiny_vit_old',
  title: `${own.title}, older names`,
}));

/** A checkpoint with a head for each of both tokens, under older names: its own head, of which nothing is given. */
const withTeacher = casesOf('tiny_deit')
  .filter(({ pooling }) => pooling === 'distilled')
  .map(({ adapter: _, ...own }): Case => ({ ...own, model: 'tiny_deit_teacher', title: `${own.title}, the checkpoint's own head` }));

/** Largest difference relative to the largest element of the tensor, but not below what f32 can tell from zero. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 1e-4;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i] as number));
    worst = Math.max(worst, Math.abs((found[i] as number) - (expected[i] as number)));
  }
  return worst / scale;
}

const readTensors = async (path: string) => new Map([...(await readVectorTensors(path))].map(([name, data]) => [unprefixed(name), data]));

test.each([...full, ...recorded, ...resized, ...older, ...withTeacher])(
  '$title: the logits, the loss and the gradient of every parameter that PyTorch gives',
  async ({ model: base, batch: file, image_size, method, pooling, hyper_parameters, adapter, gradients, logits, loss }) => {
    const model = await modelAt(`${vectors}${base}`, image_size);
    const batch = await recordedBatch(file, model.backbone());
    const { trainer, executor } = await testEngine({
      model,
      method,
      policy: 'store',
      pooling,
      num_labels: 3,
      batch_size: 4,
      lengths: [11],
      options: hyper_parameters,
    });
    const parameters = new Map(trainer.trainables.map((parameter) => [parameter.name, parameter]));
    const asHere = (recorded: ReadonlyMap<string, Float32Array<ArrayBuffer>>) =>
      new Map([...recorded].map(([name, data]) => [name, fromStored(parameters.get(name) ?? { shape: [] }, data)]));
    if (adapter) trainer.setParameters(asHere(await readTensors(adapter)));
    const ours = await trainer.outputs(batch);
    const result = await trainer.step(0, [batch]);
    const found = await trainer.read('gradient');
    executor.destroy();
    expect(Math.max(...logits.flat().map((x, i) => Math.abs(x - (ours[i] as number))))).toBeLessThan(1e-5);
    expect(Math.abs(result.loss - loss)).toBeLessThan(1e-5);
    const wanted = asHere(await readTensors(gradients));
    expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [name, data] of wanted) expect(relativeError(found.get(name) as Float32Array, data), name).toBeLessThan(1e-3);
  },
);

test('every method but the linear probe, whose gradients are the head of every other, has cases', () => {
  const covered = new Set([...full, ...recorded].map(({ method }) => method));
  expect(methods.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(['linear-probe']);
});
