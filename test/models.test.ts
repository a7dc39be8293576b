// Models and methods against PyTorch: logits, loss and the gradient of every parameter of small random models, for every method that python/vectors
// holds cases of. Cases of an architecture that src/models does not have wait for it.

import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { methods } from '../src/methods/registry.ts';
import { supportedTypes } from '../src/models/registry.ts';
import type { MethodChoices, MethodName, Pooling } from '../src/protocol/config.ts';
import { fromStored } from '../src/session/models/stored_form.ts';
import { batchOf, modelAt, type RecordedBatch, readVectorJson, readVectorTensors, testEngine, vectors } from './testing.ts';

interface Result {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
}

interface Case extends Result {
  /** Folder of the base. */
  readonly model: string;
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
function recordedBatch(model: string, decoderStart: number | undefined) {
  const { batch } = readVectorJson<{ batch: Omit<RecordedBatch, 'token_type_ids'> }>(`${model}/expected.json`);
  return batchOf({ token_type_ids: batch.input_ids.map((row) => row.map(() => 0)), ...batch }, decoderStart);
}
const supported = (model: string) => supportedTypes.includes(readVectorJson<{ model_type: string }>(`${model}/config.json`).model_type);

/** Recorded in the names of Transformers and PEFT. */
const unprefixed = (name: string) => name.replace(/^base_model\.model\./, '').replace(/^bert\./, '');

function casesOf(folder: string): Case[] {
  type Recorded = Omit<Case, 'model' | 'method' | 'title' | 'adapter'> & { readonly adapter?: string };
  const {
    model = 'tiny_bert',
    method,
    cases,
    adapter,
  } = readVectorJson<{
    model?: string;
    method?: MethodName;
    adapter?: string;
    cases?: Readonly<Record<string, Recorded>> | readonly unknown[];
  }>(`${folder}/expected.json`);
  if (!method || !cases || Array.isArray(cases) || !supported(model)) return [];
  return Object.entries(cases as Readonly<Record<string, Recorded>>).map(([name, own]) => {
    const file = own.adapter ?? adapter;
    return {
      ...own,
      model,
      method,
      title: `${folder} ${name}`,
      gradients: `${folder}/${own.gradients}`,
      ...(file === undefined ? {} : { adapter: `${folder}/${file}` }),
    };
  });
}

const full = (['mean', 'cls'] as const).map(
  (pooling): Case => ({
    ...tiny[pooling],
    model: 'tiny_bert',
    method: 'full',
    title: `full ${pooling}`,
    pooling,
    hyper_parameters: {},
    gradients: `tiny_bert/grads_${pooling}.safetensors`,
  }),
);
const recorded = readdirSync(vectors)
  .filter((folder) => existsSync(`${vectors}${folder}/expected.json`))
  .flatMap(casesOf);

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

test.each([...full, ...recorded])(
  '$title: the logits, the loss and the gradient of every parameter that PyTorch gives',
  async ({ model: base, method, pooling, hyper_parameters, adapter, gradients, logits, loss }) => {
    const model = await modelAt(`${vectors}${base}`);
    const batch = recordedBatch(base, model.backbone().config.decoder_start_token_id);
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
    const expected = asHere(await readTensors(gradients));
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, data] of expected) expect(relativeError(found.get(name) as Float32Array, data), name).toBeLessThan(1e-3);
  },
);

test('every method but the linear probe, whose gradients are the head of every other, has cases', () => {
  const covered = new Set([...full, ...recorded].map(({ method }) => method));
  expect(methods.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(['linear-probe']);
});
