// For tests: an engine on the recorded tiny BERT (or the bundled model) without files of examples, on Node's GPU.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openGpu } from '../cli/adapter.ts';
import { diskFolder, nodeHost } from '../cli/host.ts';
import { bytesOf } from '../src/formats/bytes.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../src/formats/safetensors.ts';
import { readFloats } from '../src/formats/tensor_file.ts';
import { type Device, openDevice } from '../src/gpu/device.ts';
import { Executor } from '../src/gpu/executor.ts';
import {
  defaultTraining,
  type MemorySettings,
  type MethodChoices,
  type MethodName,
  type ModelRef,
  type PolicyName,
  type Pooling,
  type TrainingArguments,
} from '../src/protocol/config.ts';
import { randomKey, randomNormal, randomUniform, siteId } from '../src/random/counter.ts';
import { type BaseModel, openBaseModel } from '../src/session/base_model.ts';
import { classifierStart, classifierValues } from '../src/session/classifier.ts';
import { offloadFor, streamLimitOf } from '../src/session/engine.ts';
import type { Host, RunStore } from '../src/session/host.ts';
import { resolveMethod, setupOf } from '../src/session/setup.ts';
import { streamWeights } from '../src/session/weights.ts';
import { type ProgramSetup, planPrograms } from '../src/train/programs.ts';
import { type MicroBatch, Trainer } from '../src/train/trainer.ts';

export const vectors = fileURLToPath(new URL('../python/vectors/', import.meta.url));

export const readVectorJson = <T>(path: string): T => JSON.parse(readFileSync(vectors + path, 'utf8')) as T;

export async function readVectorTensors(path: string): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const file = await openSafetensors(bytesOf(path, new Uint8Array(readFileSync(vectors + path))));
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const name of file.tensors.keys()) values.set(name, Float32Array.from(await readFloats(file, name)));
  return values;
}

/** From now on it has one adapter, and that one device, whoever asks. */
function withOneDevice(gpu: GPU): GPU {
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
export const testHost = (runs?: RunStore): Host => ({ ...nodeHost(runs), gpu: testGpu });

/** A model folder on disk, through the session's own reader. */
export async function modelAt(folder: string): Promise<BaseModel> {
  const host = { ...nodeHost(), bundled: async () => diskFolder(folder, 'tiny') };
  return openBaseModel({ kind: 'bundled', name: 'tiny' }, host);
}

export interface RecordedBatch {
  readonly lengths: readonly number[];
  readonly input_ids: readonly (readonly number[])[];
  readonly token_type_ids: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

export function batchOf({ lengths, input_ids, token_type_ids, labels }: RecordedBatch): MicroBatch {
  const length = input_ids[0]?.length ?? 0;
  return {
    length,
    input_ids: Uint32Array.from(input_ids.flat()),
    token_type_ids: Uint32Array.from(token_type_ids.flat()),
    position_ids: Uint32Array.from(input_ids.flatMap((row) => row.map((_, i) => i))),
    lengths: Uint32Array.from(lengths),
    labels: Int32Array.from(labels),
    valid: labels.filter((label) => label >= 0).length,
  };
}

export interface TestRequest {
  readonly model: BaseModel;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly options?: MethodChoices;
  readonly pooling: Pooling;
  readonly num_labels: number;
  readonly batch_size: number;
  readonly lengths: readonly number[];
  readonly training?: Partial<TrainingArguments>;
  readonly max_steps?: number;
  readonly memory?: Partial<MemorySettings>;
  readonly device?: Device;
  /** Where what lives off the GPU is kept; in memory where left out. */
  readonly offload?: Host['offload'];
  /** Changes of the resolved setup, such as mixed policy ranges. */
  readonly change?: (setup: ProgramSetup) => ProgramSetup;
}

export interface TestEngine {
  readonly trainer: Trainer;
  readonly executor: Executor;
  readonly setup: ProgramSetup;
}

/** Plans, allocates and loads; the caller destroys the executor. */
export async function testEngine(request: TestRequest): Promise<TestEngine> {
  const training = { ...defaultTraining, dropout: 0, ...request.training };
  const resolved = setupOf({
    model: request.model,
    resolved: resolveMethod(request.method, request.policy, request.options ?? {}, request.model.backbone().defaults),
    memory: { policy: request.policy, checkpoint_every: 1, ...request.memory },
    pooling: request.pooling,
    num_labels: request.num_labels,
    batch_size: request.batch_size,
    lengths: request.lengths,
    dropout: training.dropout,
    optimizer: training,
    purposes: ['training', 'evaluation'],
  });
  const setup = request.change?.(resolved) ?? resolved;
  const { plan, registry } = planPrograms(setup);
  const host = await offloadFor(registry, request.offload);
  const executor = await Executor.prepare(request.device ?? (await testDevice()), plan, undefined, host);
  const trainer = new Trainer(executor, registry, { training, max_steps: request.max_steps ?? 8, streamLimit: streamLimitOf(setup) });
  trainer.initialise(training.seed);
  const labels = Array.from({ length: request.num_labels }, (_, i) => `LABEL_${i}`);
  trainer.setParameters(await classifierValues(request.model, setup.pooling, classifierStart(request.model, setup.pooling, labels)));
  await streamWeights(request.model, registry, executor, () => undefined);
  return { trainer, executor, setup };
}

export interface RandomBertShape {
  readonly num_hidden_layers: number;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
}

/** A BERT of any shape with weights at N(0, 0.05²), opened. */
export const randomBert = (shape: RandomBertShape): Promise<BaseModel> => openBaseModel(randomBertFiles(shape), nodeHost());

/** What a test changes in a random BERT's folder. */
export interface FolderChange {
  /** Beside the shape, and instead of what is there. */
  readonly config?: object;
  tensors?(whole: readonly TensorToWrite[]): readonly TensorToWrite[];
  /** Of weights, by path; one model.safetensors where left out. */
  weights?(tensors: readonly TensorToWrite[]): Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

/** The same as picked files. With the bundled tokenizer where the vocabulary has its size, so that a whole session runs on it in moments. */
export function randomBertFiles(shape: RandomBertShape, change: FolderChange = {}): Extract<ModelRef, { kind: 'files' }> {
  const { hidden_size: C, intermediate_size: I, vocab_size, max_position_embeddings, num_hidden_layers } = shape;
  const tensors: TensorToWrite[] = [];
  const put = (name: string, size: readonly number[], mean: number) => {
    const values = new Float32Array(size.reduce((product, n) => product * n, 1));
    const key = randomKey(7, 0, siteId(name));
    for (let i = 0; i < values.length; i++) values[i] = mean + 0.05 * randomNormal(key, i);
    tensors.push({ name, dtype: 'F32', shape: size, bytes: new Uint8Array(values.buffer) });
  };
  const dense = (name: string, rows: number, columns: number) => {
    put(`${name}.weight`, [rows, columns], 0);
    put(`${name}.bias`, [rows], 0);
  };
  const norm = (name: string) => {
    put(`${name}.LayerNorm.weight`, [C], 1);
    put(`${name}.LayerNorm.bias`, [C], 0);
  };
  put('embeddings.word_embeddings.weight', [vocab_size, C], 0);
  put('embeddings.position_embeddings.weight', [max_position_embeddings, C], 0);
  put('embeddings.token_type_embeddings.weight', [2, C], 0);
  norm('embeddings');
  for (let i = 0; i < num_hidden_layers; i++) {
    const layer = `encoder.layer.${i}`;
    for (const part of ['query', 'key', 'value']) dense(`${layer}.attention.self.${part}`, C, C);
    dense(`${layer}.attention.output.dense`, C, C);
    norm(`${layer}.attention.output`);
    dense(`${layer}.intermediate.dense`, I, C);
    dense(`${layer}.output.dense`, C, I);
    norm(`${layer}.output`);
  }
  dense('pooler.dense', C, C);
  const changed = change.tensors?.(tensors) ?? tensors;
  const weights = change.weights?.(changed) ?? { 'model.safetensors': writeSafetensors(changed, { format: 'pt' }) };
  const files = [
    { path: 'config.json', blob: new Blob([JSON.stringify({ model_type: 'bert', ...shape, ...change.config })]) },
    ...Object.entries(weights).map(([path, bytes]) => ({ path, blob: new Blob([bytes]) })),
  ];
  if (vocab_size === bundledVocabulary) files.push({ path: 'tokenizer.json', blob: new Blob([readFileSync(bundledTokenizer)]) });
  return { kind: 'files', name: 'random', files };
}

export const bundledVocabulary = 30522;
const bundledTokenizer = fileURLToPath(new URL('../public/models/all-MiniLM-L6-v2/tokenizer.json', import.meta.url));

/** A batch of random tokens with ragged lengths, one of them full. */
export function randomBatch(seed: number, B: number, T: number, vocab_size: number, num_labels: number): MicroBatch {
  const key = randomKey(seed, 0, siteId('batch'));
  const draw = (i: number, below: number) => Math.floor(randomUniform(key, i) * below);
  const lengths = Uint32Array.from({ length: B }, (_, b) => (b === 0 ? T : 1 + draw(1000 + b, T)));
  return {
    length: T,
    input_ids: Uint32Array.from({ length: B * T }, (_, i) => draw(i, vocab_size)),
    token_type_ids: new Uint32Array(B * T),
    position_ids: Uint32Array.from({ length: B * T }, (_, i) => i % T),
    lengths,
    labels: Int32Array.from({ length: B }, (_, b) => draw(2000 + b, num_labels)),
    valid: B,
  };
}
