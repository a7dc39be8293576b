// What bad models, plans and numbers get: an error that names the place, with numbers and a remedy, and nothing lost.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeHost } from '../../cli/host.ts';
import { bundledVocabulary, randomBatch, randomModel, randomModelFiles } from '../../test/random_model.ts';
import { testEngine, vectors } from '../../test/testing.ts';
import { openSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { readFloats } from '../formats/tensor_file.ts';
import { blobSource } from '../hub/folder.ts';
import { checkLimits } from '../plan/plan.ts';
import { defaultTraining, type ModelRef, type RunConfig } from '../protocol/config.ts';
import type { RetraceError } from '../protocol/errors.ts';
import type { RunEvent, SavedRun } from '../protocol/messages.ts';
import { planPrograms } from '../train/programs.ts';
import { withRemedies } from './engine/remedies.ts';
import type { Host, StoredRun } from './host.ts';
import { Session } from './session.ts';

const shape = {
  hidden_size: 32,
  num_attention_heads: 4,
  intermediate_size: 64,
  vocab_size: 64,
  max_position_embeddings: 32,
  num_hidden_layers: 3,
};

async function failure(action: Promise<unknown>): Promise<RetraceError> {
  return action.then(
    () => expect.unreachable('it should have failed'),
    (error) => error as RetraceError,
  );
}

/** The tiny BERT as picked files, with its checkpoint's tensors changed. */
async function tinyFiles(
  change: (tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  config: object = {},
): Promise<ModelRef> {
  const bytes = readFileSync(`${vectors}tiny_bert/model.safetensors`);
  const file = await openSafetensors(blobSource('model.safetensors', new Blob([bytes])));
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, entry] of file.tensors) tensors.set(name, { shape: entry.shape, data: await readFloats(file, name) });
  change(tensors);
  const written = writeSafetensors(
    [...tensors].map(([name, { shape: size, data }]) => ({
      name,
      dtype: 'F32',
      shape: size,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    { format: 'pt' },
  );
  const original = JSON.parse(readFileSync(`${vectors}tiny_bert/config.json`, 'utf8')) as object;
  return {
    kind: 'files',
    name: 'tiny',
    files: [
      { path: 'config.json', blob: new Blob([JSON.stringify({ ...original, ...config })]) },
      { path: 'model.safetensors', blob: new Blob([written]) },
    ],
  };
}

async function loadTiny(model: ModelRef): Promise<void> {
  const { openBaseModel } = await import('./models/base_model.ts');
  const { executor } = await testEngine({
    model: await openBaseModel(model, nodeHost()),
    method: 'meft1',
    policy: 'reversible',
    pooling: 'cls',
    num_labels: 3,
    batch_size: 2,
    lengths: [8],
  });
  executor.destroy();
}

test('a checkpoint without a tensor is refused by its name and shape', async () => {
  const name = 'bert.encoder.layer.1.output.dense.weight';
  const error = await failure(loadTiny(await tinyFiles((tensors) => tensors.delete(name))));
  expect(error.code).toBe('missing-tensor');
  expect(error.message).toContain("'encoder.layer.1.output.dense.weight' of shape [32, 64]");
});

test('a tensor of another shape is refused with what was found and what was expected', async () => {
  const name = 'bert.encoder.layer.1.output.dense.weight';
  const error = await failure(
    loadTiny(await tinyFiles((tensors) => tensors.set(name, { shape: [32, 63], data: new Float32Array(32 * 63) }))),
  );
  expect(error.code).toBe('misshapen-tensor');
  expect(error.message).toMatch(/\[32, 63\].*\[32, 64\]/);
  expect(error.where).toContain(name);
});

test('an architecture that is not supported is named, with those that are', async () => {
  const error = await failure(loadTiny(await tinyFiles(() => undefined, { model_type: 'albert' })));
  expect(error.code).toBe('unsupported-model-type');
  expect(error.message).toMatch(/"albert".*bert, roberta, distilbert, gpt2, opt/);
});

test('a plan above the limits of a device says by how much, and the cheapest remedies with what they save', async () => {
  const model = await randomModel(shape);
  const { executor, setup } = await testEngine({
    model,
    method: 'full',
    policy: 'store',
    pooling: 'mean',
    num_labels: 3,
    batch_size: 4,
    lengths: [32],
  });
  executor.destroy();
  const { plan } = planPrograms(setup);
  const limits = { maxBufferSize: 2 ** 16, maxStorageBufferBindingSize: 2 ** 20 };
  let error: RetraceError | undefined;
  try {
    checkLimits(plan, limits);
  } catch (thrown) {
    error = withRemedies(thrown, setup, plan.total) as RetraceError;
  }
  expect(error?.code).toBe('plan-above-limits');
  expect(error?.message).toMatch(/needs \d+ bytes; this device allows 65536 \(\d+ too many\)/);
  const savings = [...(error?.remedy ?? '').matchAll(/saves (\d+) bytes/g)].map(([, bytes]) => Number(bytes));
  expect(savings).toHaveLength(3);
  expect(Math.min(...savings)).toBeGreaterThan(0);
});

test('a number that is not finite stops the step and names the first layer that made it', async () => {
  const model = await randomModel(shape);
  for (const method of ['lora', 'full'] as const) {
    const { trainer, executor } = await testEngine({
      model,
      method,
      policy: 'store',
      pooling: 'mean',
      num_labels: 3,
      batch_size: 2,
      lengths: [8],
    });
    const bad = (await trainer.read('parameter')).get(
      method === 'full' ? 'encoder.layer.1.output.dense.bias' : 'encoder.layer.1.attention.self.value.lora_B.weight',
    ) as Float32Array<ArrayBuffer>;
    const name = method === 'full' ? 'encoder.layer.1.output.dense.bias' : 'encoder.layer.1.attention.self.value.lora_B.weight';
    trainer.setParameters(new Map([[name, bad.fill(Number.NaN)]]));
    const error = await failure(trainer.step(0, [randomBatch(1, 2, 8, 64, 3)]));
    expect(error.code).toBe('not-finite');
    expect(error.message).toContain("'encoder.layer.1'");
    executor.destroy();
  }
});

test('fixed streams that overflow stop the step with layer and magnitude', async () => {
  const model = await randomModel(shape);
  const { trainer, executor } = await testEngine({
    model,
    method: 'meft1',
    policy: 'reversible',
    options: { fraction_bits: 20 },
    pooling: 'mean',
    num_labels: 3,
    batch_size: 2,
    lengths: [8],
  });
  trainer.setParameters(new Map([['encoder.layer.1.adapter_rev.up.bias', new Float32Array(32).fill(3000)]]));
  const error = await failure(trainer.step(0, [randomBatch(1, 2, 8, 64, 3)]));
  expect(error.code).toBe('stream-overflow');
  expect(error.where).toBe('encoder.layer.1.G');
  expect(error.message).toMatch(/magnitude of 300\d.*up to 2048/);
  executor.destroy();
});

/** A host whose runs are kept in memory. */
function memoryHost(): Host & { readonly stored: Map<string, StoredRun> } {
  const stored = new Map<string, StoredRun>();
  return {
    ...nodeHost(),
    stored,
    runs: {
      save: async (run) => {
        stored.set(run.summary.id, run);
        return { path: run.summary.id };
      },
      load: async (id) => stored.get(id),
      list: async (): Promise<SavedRun[]> => [...stored.values()].map(({ summary }) => summary),
      delete: async (id) => {
        stored.delete(id);
      },
    },
  };
}

const tsv = new Blob([
  `text\tlabel\n${Array.from({ length: 24 }, (_, i) => `${i % 2 ? 'turn on the light' : 'book a flight'} number ${i}\t${i % 2 ? 'home' : 'travel'}`).join('\n')}\n`,
]);

const config = (): RunConfig => ({
  model: randomModelFiles({ ...shape, vocab_size: bundledVocabulary }),
  pooling: 'mean',
  data: { kind: 'file', name: 'tiny.tsv', blob: tsv },
  task: 'classification',
  method: 'meft1',
  policy: 'reversible',
  checkpoint_every: 1,
  options: {},
  training: { ...defaultTraining, batch_size: 2, max_length: 16, max_steps: 4, eval_steps: 0, save_steps: 1, dropout: 0.1 },
});

test('a run whose device is lost ends in a typed error, keeps its checkpoint, and resumed reaches the numbers of a run that was not disturbed', async () => {
  const undisturbed = memoryHost();
  await new Session(undisturbed, () => undefined).calls.start(config());
  const [whole] = [...undisturbed.stored.values()];

  const host = memoryHost();
  const events: RunEvent[] = [];
  let device: GPUDevice | undefined;
  const gpu: Host['gpu'] = async () => {
    const real = (await nodeHost().gpu()) as GPU;
    const requestAdapter: GPU['requestAdapter'] = async (options) => {
      const adapter = (await real.requestAdapter(options)) as GPUAdapter;
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const made = await requestDevice(descriptor);
        if (events.length === 0) device = made;
        return made;
      };
      return adapter;
    };
    return { requestAdapter } as GPU;
  };
  const session = new Session({ ...host, gpu }, (event) => {
    events.push(event);
    if (event.type === 'step' && event.step === 3) device?.destroy();
    if (event.type === 'error') device = undefined;
  });
  const error = await failure(session.calls.start(config()));
  expect(error.code).toBe('device-lost');
  expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'device-lost' } });
  const [kept] = [...host.stored.values()];
  expect(kept?.summary.step).toBeGreaterThanOrEqual(2);
  expect(kept?.summary.step).toBeLessThan(4);

  await session.calls.resume({ id: kept?.summary.id as string });
  const [resumed] = [...host.stored.values()];
  expect(resumed?.summary.step).toBe(4);
  expect(resumed?.state).toEqual(whole?.state);
});
