// A model on a device, ready to step and to predict: plan, executor with the weights in place, trainer. What training, evaluation, prediction and a
// check of an export share.

import { type Batch, type CollateOptions, collateSlices } from '../../data/batches.ts';
import type { TokenizedExample } from '../../data/dataset.ts';
import type { Augmentation } from '../../data/pictures/augment.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import { type Device, type Loss, openDevice } from '../../gpu/device.ts';
import { Executor } from '../../gpu/executor.ts';
import { formsOn } from '../../gpu/forms.ts';
import type { KernelCall } from '../../graph/op.ts';
import type { Registry } from '../../graph/registry.ts';
import type { Forms } from '../../kernels/forms.ts';
import { OffloadedModules } from '../../methods/sparse_adapter.ts';
import { type HostParameters, localParameters, Offload } from '../../offload/offload.ts';
import { callsOf, inForms } from '../../plan/plan.ts';
import type { GranularityName, MemorySettings, RunConfig } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Bucket } from '../../protocol/lengths.ts';
import type { PlanReport } from '../../protocol/messages.ts';
import type { Task } from '../../tasks/task.ts';
import { firstPrograms, type ProgramSetup, planPrograms, streamLimitOf } from '../../train/programs.ts';
import { Trainer } from '../../train/trainer.ts';
import type { Host } from '../host.ts';
import type { BaseModel } from '../models/base_model.ts';
import { type ClassifierStart, classifierStart, classifierValues } from '../models/classifier.ts';
import { taskFor } from '../models/task_fit.ts';
import { streamWeights } from '../models/weights.ts';
import type { PictureReader } from '../pictures/reader.ts';
import { budgetReport, hasToChoose, type KnownDevice, settle } from './budget.ts';
import { withRemedies } from './remedies.ts';
import { reportPlan, resolveMethod, setupOf } from './setup.ts';
import { writingReport } from './written.ts';

export interface Engine {
  /** As a configuration says it, once a budget has chosen. */
  readonly memory: MemorySettings;
  readonly task: Task;
  readonly model: BaseModel;
  readonly tokenizer: Tokenizer;
  /** Of a model that looks at pictures. */
  readonly pictures?: PictureReader | undefined;
  readonly setup: ProgramSetup;
  readonly executor: Executor;
  readonly registry: Registry;
  readonly trainer: Trainer;
  readonly report: PlanReport;
  /** Of the base's weights, as they were streamed. */
  readonly sha256: string;
  readonly buckets: readonly Bucket[];
  readonly labels: readonly string[];
  /** What the classifier started from. */
  readonly classifier: ClassifierStart;
}

/** What of a RunConfig decides the programs. */
export type EngineConfig = Pick<RunConfig, keyof MemorySettings | 'task' | 'method' | 'options' | 'training' | 'pooling'>;

export interface EngineRequest {
  readonly config: EngineConfig;
  readonly model: BaseModel;
  readonly tokenizer: Tokenizer;
  readonly pictures?: PictureReader | undefined;
  readonly labels: readonly string[];
  /** Padded sizes, ascending. */
  readonly buckets: readonly Bucket[];
  /** Of an example in training; left out: 1. */
  readonly rows_per_example?: number | undefined;
  readonly max_steps: number;
  /** [labels], where the run weighs its classes. */
  readonly class_weights?: Float32Array<ArrayBuffer> | undefined;
  readonly purposes: ProgramSetup['purposes'];
  readonly offload?: Host['offload'] | undefined;
  /** How fast the device is, where that is known. */
  readonly known?: KnownDevice | undefined;
  /** The forms of kernels for these calls; left out: those that suit the device. */
  readonly forms?: (calls: readonly KernelCall[]) => Promise<Forms>;
  onPhase(phase: 'planning' | 'loading model' | 'compiling', done?: number, of?: number): void;
  onPlan(report: PlanReport): void;
}

/** The device of a session: opened once, opened again after a loss. */
export class DeviceHolder {
  readonly #host: Host;
  #device: Promise<Device> | undefined;
  #loss: Loss | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  open(): Promise<Device> {
    if (!this.#device) {
      this.#loss = undefined;
      const opening = this.#host.gpu().then((gpu) => openDevice(gpu, { asked: this.#host.forms }));
      this.#device = opening;
      const forget = (loss?: Loss) => {
        if (this.#device === opening) this.#device = undefined;
        this.#loss = loss;
      };
      opening.then(
        ({ lost }) => lost.then(forget),
        () => forget(),
      );
    }
    return this.#device;
  }

  /** How the device that was open last was lost, if it was. */
  get loss(): Loss | undefined {
    return this.#loss;
  }
}

/** The granularity that a device wants, where none is chosen: small dispatches leave a GPU idle, and a processor as fast as large ones. */
export const granularityOn = ({ info }: Pick<Device, 'info'>): GranularityName => (info.isFallback ? 'frugal' : 'balanced');

/** A place for what of a run lives off the GPU, where anything does. */
export async function offloadFor(registry: Registry, make?: Host['offload']): Promise<HostParameters | undefined> {
  const modules = [...registry.shared(OffloadedModules).values()];
  if (modules.length === 0) return undefined;
  return make ? make(modules) : localParameters(new Offload(modules));
}

/** Error `nothing-trains`, where neither the method nor the task adds anything and the model is frozen, as with a linear probe on words. */
function requireTrainables({ parameters }: Registry, { method, task, purposes }: ProgramSetup): void {
  if (!purposes.includes('training') || [...parameters.values()].some(({ trainable }) => trainable)) return;
  throw new RetraceError({
    code: 'nothing-trains',
    message: `Nothing trains: ${method.title} trains the head, and ${task.head === 'words' ? 'words are written by the frozen table of the model' : 'there is none'}.`,
    where: 'method',
    remedy: 'Choose a method that adds something to the layers, such as meft1 or lora.',
  });
}

/** Streams the weights in while these programs are compiled; what is told is what is waited for. */
async function loadAndCompile(
  executor: Executor,
  first: readonly string[],
  onPhase: EngineRequest['onPhase'],
  stream: (onProgress: (done: number, of: number) => void) => Promise<string>,
): Promise<string> {
  let loaded = false;
  let failed: unknown;
  const compiling = executor.compile(first, (done, of) => {
    if (loaded) onPhase('compiling', done, of);
  });
  compiling.catch((error) => {
    failed = error;
  });
  const sha256 = await stream((done, of) => {
    if (failed !== undefined) throw failed;
    onPhase('loading model', done, of);
  });
  loaded = true;
  await compiling;
  return sha256;
}

/** Plans, allocates, compiles what runs first, and streams the weights in. Starting values are drawn from the seed. */
export async function startEngine(device: Device, request: EngineRequest): Promise<Engine> {
  const { config, model, tokenizer, pictures, labels, max_steps } = request;
  const { training } = config;
  request.onPhase('planning');
  const resolved = resolveMethod(config.method, config.policy, config.options, model.backbone().defaults);
  const task = taskFor(config.task, model.backbone());
  const asked = setupOf({
    task,
    model,
    resolved,
    memory: hasToChoose(config) ? config : { ...config, granularity: config.granularity ?? granularityOn(device) },
    pooling: config.pooling,
    num_labels: task.outputs(labels.length),
    batch_size: training.batch_size,
    rows_per_example: request.rows_per_example,
    buckets: request.buckets,
    dropout: training.dropout,
    optimizer: training,
    loss: training,
    purposes: request.purposes,
    forms: formsOn(device),
  });
  const settled = settle(config, asked, request.known);
  const { setup } = settled;
  const planned = planPrograms(setup);
  requireTrainables(planned.registry, setup);
  const plan = request.forms ? inForms(planned.plan, await request.forms(callsOf(planned.plan))) : planned.plan;
  const trains = request.purposes.includes('training');
  const writing = trains ? writingReport(task, setup, planned, training.max_generate_samples) : {};
  const report = { ...reportPlan(model.name, setup, planned), ...budgetReport(settled, planned.plan, request.known), ...writing };
  if (trains) request.onPlan(report);
  const host = await offloadFor(planned.registry, request.offload);
  const executor = await Executor.allocate(device, plan, host).catch((error) => {
    host?.close();
    throw withRemedies(error, setup, planned.plan.total);
  });
  try {
    const trainer = new Trainer(executor, planned.registry, {
      ...{ training, max_steps, streamLimit: streamLimitOf(setup) },
      class_weights: request.class_weights,
    });
    trainer.initialise(training.seed);
    const kind = { pooling: setup.pooling, head: task.head };
    const classifier = classifierStart(model, kind, labels);
    trainer.setParameters(await classifierValues(model, kind, classifier));
    const sha256 = await loadAndCompile(executor, firstPrograms(setup), request.onPhase, (onProgress) =>
      streamWeights(model, planned.registry, executor, onProgress),
    );
    // The rest is compiled beside the first steps; a program that does not compile says so where it is needed.
    executor.ready([...planned.plan.programs.keys()]).catch(() => undefined);
    const { registry } = planned;
    const { buckets } = setup;
    const { memory } = settled;
    return { memory, task, model, tokenizer, pictures, setup, executor, registry, trainer, report, sha256, buckets, labels, classifier };
  } catch (error) {
    executor.destroy();
    throw error;
  }
}

/** What of an engine decides how its batches are made. */
export const collatingOf = ({ tokenizer, task, model }: Engine): Omit<CollateOptions, 'batchSize' | 'buckets'> => ({
  ...{ padTokenId: tokenizer.padTokenId, targets: task.targets },
  decoderStart: model.backbone().config.decoder_start_token_id,
});

/** Examples `indices` as a batch of a training step, in slices of as many as go through at a time; pictures as they are, or as training sees them by chance. */
export function slicesOf(
  engine: Engine,
  examples: readonly TokenizedExample[],
  indices: Uint32Array,
  augmentationOf?: (index: number) => Augmentation,
): Promise<Batch[]> {
  const { batch_size, rows_per_example = 1 } = engine.setup;
  const options = {
    ...collatingOf(engine),
    batchSize: batch_size / rows_per_example,
    rowsPerExample: rows_per_example,
    buckets: engine.buckets,
  };
  return Promise.all(
    collateSlices(examples, indices, options).map((slice, i) => {
      const own = indices.slice(i * options.batchSize, (i + 1) * options.batchSize);
      return engine.pictures?.filled(slice, augmentationOf && Array.from(own, augmentationOf)) ?? slice;
    }),
  );
}
