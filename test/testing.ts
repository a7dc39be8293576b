// For tests: an engine on the recorded tiny BERT (or the bundled model) without files of examples, on Node's GPU.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openGpu } from '../cli/adapter.ts';
import { diskFolder, nodeHost } from '../cli/host.ts';
import type { Batch } from '../src/data/batches.ts';
import { bytesOf } from '../src/formats/bytes.ts';
import { openSafetensors } from '../src/formats/safetensors.ts';
import { readFloats } from '../src/formats/tensor_file.ts';
import { type Device, openDevice } from '../src/gpu/device.ts';
import { Executor } from '../src/gpu/executor.ts';
import { formsOn } from '../src/gpu/forms.ts';
import type { Registry } from '../src/graph/registry.ts';
import type { Forms } from '../src/kernels/forms.ts';
import type { Backbone, ImageShape } from '../src/models/model.ts';
import {
  defaultTraining,
  type MemorySettings,
  type MethodChoices,
  type MethodName,
  type PolicyName,
  type Pooling,
  type TrainingArguments,
} from '../src/protocol/config.ts';
import { offloadFor } from '../src/session/engine/engine.ts';
import { resolveMethod, setupOf } from '../src/session/engine/setup.ts';
import type { Host, MeasuredStore, RunStore } from '../src/session/host.ts';
import { type BaseModel, openBaseModel } from '../src/session/models/base_model.ts';
import { classifierStart, classifierValues } from '../src/session/models/classifier.ts';
import { streamWeights } from '../src/session/models/weights.ts';
import type { Task } from '../src/tasks/task.ts';
import { type ProgramSetup, planPrograms, streamLimitOf } from '../src/train/programs.ts';
import { Trainer } from '../src/train/trainer.ts';

export const vectors = fileURLToPath(new URL('../python/vectors/', import.meta.url));

export const readVectorJson = <T>(path: string): T => JSON.parse(readFileSync(vectors + path, 'utf8')) as T;

export async function readVectorTensors(path: string): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const file = await openSafetensors(bytesOf(path, new Uint8Array(readFileSync(vectors + path))));
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const name of file.tensors.keys()) values.set(name, Float32Array.from(await readFloats(file, name)));
  return values;
}

/** From now on it has one adapter, and that one device, whoever asks. */
export function withOneDevice(gpu: GPU): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  let only: Promise<GPUAdapter | null> | undefined;
  gpu.requestAdapter = (options) => {
    only ??= requestAdapter(options).then((adapter) => {
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      let device: Promise<GPUDevice> | undefined;
      adapter.requestDevice = (descriptor) => {
        device ??= requestDevice(descriptor);
        return device;
      };
      return adapter;
    });
    return only;
  };
  return gpu;
}

let gpu: Promise<GPU> | undefined;
function testGpu(): Promise<GPU> {
  gpu ??= openGpu().then(withOneDevice);
  return gpu;
}

/** The one device of a process of tests: a kernel is compiled once in it. */
export const testDevice = async (): Promise<Device> => openDevice(await testGpu());

/** Node's host, whose sessions all run on that device. */
export const testHost = (runs?: RunStore): Host => ({ ...nodeHost(runs), gpu: testGpu, measured: memoryMeasured() });

/** Remembers what was measured of devices, as long as it lives. */
export function memoryMeasured(known = new Map<string, unknown>()): MeasuredStore {
  return { load: async (name) => known.get(name), save: async (name, measured) => void known.set(name, measured) };
}

/** A model folder on disk, through the session's own reader. */
export async function modelAt(folder: string, image_size?: number): Promise<BaseModel> {
  const host = { ...nodeHost(), bundled: async () => diskFolder(folder, 'tiny') };
  return openBaseModel({ kind: 'bundled', name: 'tiny' }, host, image_size);
}

export interface RecordedBatch {
  readonly lengths: readonly number[];
  readonly input_ids: readonly (readonly number[])[];
  readonly token_type_ids: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** A recorded batch. A model with a decoder reads the same texts there one token later, behind `decoderStart`. */
export function batchOf({ lengths, input_ids, token_type_ids, labels }: RecordedBatch, decoderStart = 0) {
  const length = input_ids[0]?.length ?? 0;
  const places = input_ids.flatMap((row) => row.map((_, i) => i));
  return {
    length,
    inputs: {
      input_ids: Uint32Array.from(input_ids.flat()),
      token_type_ids: Uint32Array.from(token_type_ids.flat()),
      position_ids: Uint32Array.from(places),
      lengths: Uint32Array.from(lengths),
      decoder_input_ids: Uint32Array.from(input_ids.flatMap((row) => [decoderStart, ...row.slice(0, -1)])),
      decoder_position_ids: Uint32Array.from(places),
      decoder_lengths: Uint32Array.from(lengths),
      labels: Int32Array.from(labels),
    },
    counted: labels.filter((label) => label >= 0).length,
    tokens: lengths.reduce((sum, own) => sum + own, 0),
  } satisfies Batch;
}

export interface RecordedPictures {
  /** File of `pixel_values` [B, 3, S, S], in the folder. */
  readonly pixel_values: string;
  readonly labels: readonly number[];
}

/** Patches [P, 3 · p · p] of a picture [3, S, S], as the convolution [C, 3, p, p] reads them: plainly, pixel by pixel. */
export function patchesIn(pixels: Float32Array, { image_size: S, patch_size: p }: ImageShape): number[] {
  const along = Math.floor(S / p);
  return Array.from({ length: along * along * 3 * p * p }, (_, i) => {
    const [patch, inside] = [Math.floor(i / (3 * p * p)), i % (3 * p * p)];
    const [channel, row, column] = [Math.floor(inside / (p * p)), Math.floor(inside / p) % p, inside % p];
    const [y, x] = [Math.floor(patch / along) * p + row, (patch % along) * p + column];
    return pixels[(channel * S + y) * S + x] as number;
  });
}

/** A recorded batch of pictures. */
export async function picturesOf(folder: string, { pixel_values, labels }: RecordedPictures, { config }: Backbone) {
  const { image, max_position_embeddings: T } = config;
  if (!image) throw new Error(`${folder} reads texts`);
  const pixels = (await readVectorTensors(`${folder}/${pixel_values}`)).get('pixel_values') as Float32Array;
  const [B, size] = [labels.length, pixels.length / labels.length];
  return {
    length: T,
    inputs: {
      pixel_values: Float32Array.from(labels.flatMap((_, b) => patchesIn(pixels.subarray(b * size, (b + 1) * size), image))),
      position_ids: Uint32Array.from({ length: B * T }, (_, i) => i % T),
      lengths: new Uint32Array(B).fill(T),
      labels: Int32Array.from(labels),
    },
    counted: B,
    tokens: B * T,
  } satisfies Batch;
}

export interface TestRequest {
  readonly model: BaseModel;
  readonly task?: Task;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly options?: MethodChoices;
  readonly pooling?: Pooling;
  readonly num_labels: number;
  readonly batch_size: number;
  readonly lengths: readonly number[];
  readonly training?: Partial<TrainingArguments>;
  readonly max_steps?: number;
  readonly class_weights?: Float32Array<ArrayBuffer>;
  readonly memory?: Partial<MemorySettings>;
  readonly device?: Device;
  /** Forms of kernels; those that suit the device where left out. */
  readonly forms?: Forms;
  /** Where what lives off the GPU is kept; in memory where left out. */
  readonly offload?: Host['offload'];
  /** Changes of the resolved setup, such as mixed policy ranges. */
  readonly change?: (setup: ProgramSetup) => ProgramSetup;
}

export interface TestEngine {
  readonly trainer: Trainer;
  readonly executor: Executor;
  readonly setup: ProgramSetup;
  readonly registry: Registry;
}

/** Plans, allocates and loads; the caller destroys the executor. */
export async function testEngine(request: TestRequest): Promise<TestEngine> {
  const training = { ...defaultTraining, dropout: 0, ...request.training };
  const resolved = setupOf({
    ...(request.task ? { task: request.task } : {}),
    model: request.model,
    resolved: resolveMethod(request.method, request.policy, request.options ?? {}, request.model.backbone().defaults),
    memory: { policy: request.policy, checkpoint_every: 1, ...request.memory },
    pooling: request.pooling,
    num_labels: request.num_labels,
    batch_size: request.batch_size,
    buckets: request.lengths.map((length) => ({ length })),
    dropout: training.dropout,
    optimizer: training,
    loss: training,
    purposes: ['training', 'evaluation'],
  });
  const device = request.device ?? (await testDevice());
  const own = { ...resolved, forms: request.forms ?? formsOn(device) };
  const setup = request.change?.(own) ?? own;
  const { plan, registry } = planPrograms(setup);
  const host = await offloadFor(registry, request.offload);
  const executor = await Executor.prepare(device, plan, host);
  const trainer = new Trainer(executor, registry, {
    training,
    max_steps: request.max_steps ?? 8,
    streamLimit: streamLimitOf(setup),
    class_weights: request.class_weights,
  });
  trainer.initialise(training.seed);
  const labels = Array.from({ length: request.num_labels }, (_, i) => `LABEL_${i}`);
  const kind = { pooling: setup.pooling, head: setup.task.head };
  trainer.setParameters(await classifierValues(request.model, kind, classifierStart(request.model, kind, labels)));
  await streamWeights(request.model, registry, executor, () => undefined);
  return { trainer, executor, setup, registry };
}
