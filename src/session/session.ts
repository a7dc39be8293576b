import type { Waiting } from '../hub/client.ts';
import { defaultTraining, type ModelRef, parseRunConfig, type RunConfig } from '../protocol/config.ts';
import { stepsOf } from '../protocol/epochs.ts';
import { RetraceError, reportOf } from '../protocol/errors.ts';
import { longestOf, longestTarget } from '../protocol/lengths.ts';
import type {
  Calls,
  DataProgress,
  Environment,
  EvaluationReport,
  ImportResult,
  Phase,
  PlanReport,
  RunEvent,
} from '../protocol/messages.ts';
import { taskNamed, taskOf } from '../tasks/registry.ts';
import { planPrograms } from '../train/programs.ts';
import { describe } from './base_model.ts';
import { catalogue } from './catalogue.ts';
import { classWeights } from './class_weights.ts';
import { classifierStart } from './classifier.ts';
import { loadData, loadEvaluation } from './data.ts';
import { bucketsOf, reportData, rowsPerExample } from './data_report.ts';
import { DeviceHolder, startEngine } from './engine.ts';
import { evaluate, evaluationTexts } from './evaluation.ts';
import { Gate, stopped } from './gate.ts';
import { Texts } from './generating.ts';
import type { Host, StoredRun } from './host.ts';
import { type Answering, type HubCalls, hubCalls } from './hub_calls.ts';
import { Fetching } from './hub_models.ts';
import { readAdapterFor, startImported } from './importing.ts';
import { planMerge } from './merging.ts';
import { Occupancy, type Occupation } from './occupancy.ts';
import { OpenModels } from './open_models.ts';
import { phaseEvent } from './phase.ts';
import { startOwnHead } from './plain_model.ts';
import { predict } from './predict.ts';
import { exportReady, mergeReady, nothingTrained, originOf, type Ready } from './ready.ts';
import { requireRunnable, requireWeights } from './required_weights.ts';
import { previewOf } from './rows.ts';
import { Run, withCheckpoint } from './run.ts';
import { methodUnder, reportPlan, requireTextLength, resolveMethod, setupOf } from './setup.ts';
import { startFromAdapter } from './starting_adapter.ts';
import { Study } from './study.ts';
import { hasDecoder, poolingFor, requireTask, writtenTask } from './task_fit.ts';

/** Texts of most data are shorter, and Transformers' encoders have so many positions. */
const usualLength = 512;

export class Session {
  readonly #host: Host;
  readonly #emit: (event: RunEvent) => void;
  readonly #device: DeviceHolder;
  readonly #models: OpenModels;
  #ready: Ready | undefined;
  /** Steers the run or study that goes on. */
  #gate: Gate | undefined;
  readonly #occupancy = new Occupancy();
  readonly #texts: Texts;
  readonly #fetching: Fetching;
  readonly #onData = (progress: DataProgress): void => this.#emit({ type: 'preparing', ...progress });

  constructor(host: Host, emit: (event: RunEvent) => void) {
    this.#host = host;
    this.#emit = emit;
    this.#device = new DeviceHolder(host);
    this.#fetching = new Fetching(host.hub, (progress) => emit({ type: 'fetching', ...progress }));
    this.#models = new OpenModels(host, this.#fetching);
    this.#texts = new Texts(emit);
    this.calls = { ...this.#own, ...hubCalls(host.hub, this.#fetching, () => this.#models.forget()) };
  }

  /** Answers one call. */
  readonly calls: Answering<keyof Calls>;

  readonly #own: Answering<Exclude<keyof Calls, keyof HubCalls>> = {
    catalogue: () => catalogue(this.#host),
    environment: () => this.#environment(),
    describeModel: async ({ model: ref }) => {
      const { model } = await this.#models.open(ref);
      requireWeights(model, model.ownPooling ?? 'mean');
      return describe(model);
    },
    previewData: ({ data, named, task }) => previewOf(data, named, this.#host, task),
    examineData: async ({ model, ...request }) => {
      const { model: opened, tokenizer } = await this.#models.open(model);
      const asked = { ...request, decoder: hasDecoder(opened.backbone()) };
      return reportData(await loadData(asked, await tokenizer, this.#host, this.#onData));
    },
    plan: (request) => this.#plan(request),
    start: async (config) => {
      await this.#steered('run', (gate) => this.#start(gate, parseRunConfig(config)));
    },
    resume: async ({ id }) => {
      const stored = await this.#host.runs.load(id);
      if (!stored)
        throw new RetraceError({ code: 'unknown-run', message: `There is no saved run '${id}'.`, remedy: 'Choose one of the list.' });
      await this.#steered('run', async (gate) => this.#start(gate, parseRunConfig(await this.#fetching.foundAgain(stored)), stored));
    },
    study: (request) => this.#steered('study', (gate) => this.#measureStarts(gate, request)),
    pause: async () => {
      this.#gate?.pause();
    },
    proceed: async ({ steps }) => {
      this.#gate?.proceed(steps === 'one' ? 1 : steps === 'all' ? Number.POSITIVE_INFINITY : steps);
    },
    stop: async ({ keep }) => {
      if (!this.#gate) return;
      this.#gate.stop(keep);
      await this.#occupancy.vacant();
    },
    predict: ({ texts }) => this.#occupancy.reading(async () => predict(this.#requireReady().engine, texts)),
    generate: (request) => {
      // Steps would change the weights in the middle of a text.
      this.#occupancy.refuseDuring('run');
      return this.#occupancy.reading(async () => this.#texts.write(this.#requireReady().engine, request));
    },
    stopWriting: async () => {
      this.#texts.stop();
    },
    openLanguageModel: async ({ model }) => {
      await this.#occupancy.alone('import', () => this.#openLanguageModel(model));
    },
    evaluationTexts: async ({ at }) => evaluationTexts(this.#requireReady().data?.texts ?? [], at),
    evaluate: (request) => this.#occupancy.alone('evaluation', () => this.#evaluate(request)),
    exportAdapter: async (request) => {
      // What is read back is written over the parameters, which a run would have changed meanwhile.
      this.#occupancy.refuseDuring('run');
      return this.#occupancy.reading(async () => exportReady(this.#requireReady(), request, await this.#place()));
    },
    mergePlan: async () => planMerge(this.#requireReady().engine),
    mergeModel: async (request) => {
      this.#occupancy.refuseDuring('run');
      return this.#occupancy.reading(async () => mergeReady(this.#requireReady(), request, await this.#place()));
    },
    openClassifier: ({ model, max_length }) => this.#occupancy.alone('import', () => this.#openClassifier(model, max_length)),
    importAdapter: ({ model, ...adapter }) =>
      this.#occupancy.alone('import', async () => this.#import((await this.#fetching.adapter(adapter)).files, model)),
    savedRuns: () => this.#host.runs.list(),
    deleteRun: async ({ id }) => {
      await this.#host.runs.delete(id);
    },
  };

  async #environment(): Promise<Environment> {
    try {
      const { info, device } = await this.#device.open();
      const adapter = info.description || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'unnamed adapter';
      const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
      return { available: true, adapter, software: info.isFallback, maxBufferSize, maxStorageBufferBindingSize };
    } catch (error) {
      return { available: false, error: reportOf(error) };
    }
  }

  async #plan(request: Calls['plan']['argument']): Promise<PlanReport> {
    const { model } = await this.#models.open(request.model);
    const resolved = resolveMethod(request.method, request.policy, request.options, model.backbone().defaults);
    // Also where the texts at hand are all shorter: what is planned must be what is trained and exported.
    requireTextLength(model, resolved, request.length);
    const task = taskNamed(request.task);
    requireTask(task, model.backbone());
    requireWeights(model, poolingFor(task, request.pooling, model));
    const training = { ...defaultTraining, ...request.optimizer };
    const setup = setupOf({
      task,
      model,
      resolved,
      memory: request,
      pooling: request.pooling,
      num_labels: task.outputs(request.num_labels),
      batch_size: request.batch_size,
      rows_per_example: request.rows_per_example,
      buckets: request.buckets ?? [{ length: request.length }],
      dropout: request.dropout,
      optimizer: training,
      loss: training,
      purposes: request.buckets ? ['training', 'evaluation'] : ['training'],
    });
    return reportPlan(model.name, setup, planPrograms(setup));
  }

  #requireReady(): Ready {
    if (!this.#ready) throw nothingTrained();
    return this.#ready;
  }

  /** Does alone what can be paused and stopped. */
  #steered<T>(occupation: Occupation, work: (gate: Gate) => Promise<T>): Promise<T> {
    return this.#occupancy.alone(occupation, async () => {
      const gate = new Gate();
      this.#gate = gate;
      try {
        return await work(gate);
      } finally {
        this.#gate = undefined;
      }
    });
  }

  /** Says why data do not come, and ends the waiting where the run is to stop. */
  #waiting(id: string, { signal }: Gate): Waiting {
    return { signal, onRest: (waiting) => this.#emit({ type: 'fetching', id, done: 0, of: 0, state: 'waiting', waiting }) };
  }

  async #measureStarts(gate: Gate, request: Calls['study']['argument']): Promise<Calls['study']['answer']> {
    const device = await this.#device.open();
    const { model, tokenizer } = await this.#models.runnable(request.model, request, gate);
    const { max_length, seed, packing } = request.training;
    const decoder = hasDecoder(model.backbone());
    const waiting = this.#waiting(request.data.name, gate);
    const data = await loadData({ ...request, max_length, seed, packing, decoder }, tokenizer, this.#host, this.#onData, waiting);
    await this.#release();
    const study = new Study(request, { device, model, tokenizer, data, emit: this.#emit, gate });
    try {
      return await Promise.race([study.toEnd(), device.lost.then(() => Promise.reject(new Error('device lost')))]);
    } catch (thrown) {
      throw await this.#lossOr(thrown);
    }
  }

  /** Frees what the last run or import left on the device, once nobody reads it. */
  async #release(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    this.#texts.stop();
    await this.#occupancy.unread();
    ready?.engine.executor.destroy();
  }

  async #start(gate: Gate, config: RunConfig, stored?: StoredRun): Promise<void> {
    methodUnder(config.method, config.policy);
    await this.#release();
    try {
      await this.#train(gate, config, stored);
    } catch (thrown) {
      const left = thrown === stopped || (gate.stopping && thrown instanceof RetraceError && thrown.code === 'fetch-stopped');
      if (left) return this.#stoppedEarly(gate, stored);
      const error = withCheckpoint(await this.#lossOr(thrown), this.#ready?.run?.saved ?? stored?.summary);
      this.#emit({ type: 'phase', phase: 'failed' });
      this.#emit({ type: 'error', error: reportOf(error) });
      await this.#release();
      throw error;
    }
  }

  /** A run that was stopped before it stood where it could step: there is nothing of it to keep. */
  async #stoppedEarly({ keep }: Gate, stored?: StoredRun): Promise<void> {
    if (stored && keep === 'nothing') await this.#host.runs.delete(stored.summary.id);
    this.#emit({ type: 'phase', phase: 'stopped' });
    this.#emit({ type: 'finished', step: stored?.summary.step ?? 0, reason: 'stopped' });
  }

  /** The loss of the device where that is what went wrong: it fails whatever was under way with errors of its own, a moment before it shows. */
  async #lossOr(thrown: unknown): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { loss } = this.#device;
    if (!loss) return thrown;
    return new RetraceError({
      code: 'device-lost',
      message: `The graphics device was lost (${loss.reason}): ${loss.message || 'no reason given'}.`,
      where: 'device',
      remedy: 'Resume the run from its last checkpoint; with a smaller batch if it happens again.',
    });
  }

  async #train(gate: Gate, config: RunConfig, stored?: StoredRun): Promise<void> {
    const { training } = config;
    const onPhase = (phase: Phase, done?: number, of?: number) => {
      gate.requireOpen();
      this.#emit(phaseEvent(phase, done, of));
    };
    const device = await this.#device.open();
    const begun = config.init_adapter && !stored ? (await this.#fetching.adapter(config.init_adapter)).files : undefined;
    const { ref, model, tokenizer } = await this.#models.runnable(config.model, config, gate, (done, of) =>
      onPhase('loading model', done, of),
    );
    requireTextLength(model, resolveMethod(config.method, config.policy, config.options, model.backbone().defaults), training.max_length);
    const { max_length, seed, packing } = training;
    const asked = { ...config, max_length, seed, packing, decoder: hasDecoder(model.backbone()) };
    const onProgress = ({ work, done, of }: DataProgress) => onPhase(work === 'reading' ? 'reading data' : work, done, of);
    const data = await loadData(asked, tokenizer, this.#host, onProgress, this.#waiting(config.data.name, gate));
    this.#emit({ type: 'data', ...reportData(data) });
    const { start, text } = classifierStart(model, poolingFor(data.task, config.pooling, model), data.labels);
    this.#emit({ type: 'model', classifier: start, notes: [text, ...model.notes] });
    const max_steps = stepsOf(training, data.train.examples.length);
    const engine = await startEngine(device, {
      config,
      model,
      tokenizer,
      labels: data.labels,
      buckets: bucketsOf(data),
      rows_per_example: rowsPerExample(data),
      max_steps,
      class_weights: classWeights(training.class_weights, data.train),
      purposes: ['training', 'evaluation'],
      offload: this.#host.offload,
      onPhase,
      onPlan: (report) => this.#emit({ type: 'plan', ...report }),
    });
    if (begun !== undefined) await startFromAdapter(engine, config, begun);
    const id = stored?.summary.id ?? `${config.method}-${Date.now().toString(36)}`;
    const name = config.data.kind === 'bundled' ? `${config.data.name} ${data.columns.label}` : config.data.name;
    const run = new Run({
      id,
      name,
      config: { ...config, model: ref, columns: data.columns, ...data.from },
      engine,
      data,
      max_steps,
      store: this.#host.runs,
      emit: this.#emit,
      gate,
    });
    this.#ready = {
      engine,
      config: { ...config, training: { ...training, max_steps } },
      data,
      run,
    };
    if (stored) await run.restore(stored);
    const ended = new Error('device lost');
    await Promise.race([run.toEnd(), device.lost.then(() => Promise.reject(ended))]);
  }

  /** A pretrained model, ready to write. */
  async #openLanguageModel(asked: ModelRef): Promise<void> {
    const { model, tokenizer } = await this.#models.open(await this.#models.fetched(asked));
    const task = taskNamed(writtenTask(model.backbone()));
    requireTask(task, model.backbone());
    await requireRunnable(model, undefined);
    await this.#release();
    const onPhase = (phase: Phase, done?: number, of?: number) => this.#emit(phaseEvent(phase, done, of));
    // What it writes with is planned beside it, for each text.
    const least = { batch_size: 1, buckets: [{ length: 8 }], max_length: defaultTraining.max_length };
    this.#ready = await startOwnHead({ device: await this.#device.open(), model, tokenizer: await tokenizer, task, ...least, onPhase });
  }

  async #evaluate(request: Calls['evaluate']['argument']): Promise<EvaluationReport> {
    const { engine, config } = this.#requireReady();
    const max_length = longestOf(engine.buckets);
    const reading = {
      max_length,
      max_target_length: longestTarget(engine.buckets),
      packing: config.training.packing,
      decoder: hasDecoder(engine.setup.backbone),
    };
    const asked = { ...request, task: engine.task, labels: engine.labels, ...reading };
    const { dataset, columns, reasons, reading: read } = await loadEvaluation(asked, engine.tokenizer, this.#host, this.#onData);
    const of = dataset.examples.length;
    const evaluation = await evaluate(engine, dataset, (done) => this.#emit({ type: 'phase', phase: 'evaluating', done, of }));
    return { ...evaluation, truncated: dataset.truncated, max_length, columns, reasons, reading: read };
  }

  async #place() {
    return { device: await this.#device.open(), host: this.#host, emit: this.#emit };
  }

  async #import(files: ReadonlyMap<string, Uint8Array>, asked: ModelRef): Promise<ImportResult> {
    const ref = await this.#models.fetched(asked);
    const opened = await this.#models.open(ref);
    const { model } = opened;
    const known = this.#ready?.engine;
    const archive = await readAdapterFor(files, model, known?.model === model ? known.sha256 : undefined);
    await requireRunnable(model, poolingFor(taskOf(archive.config), archive.config.pooling, model));
    await this.#release();
    const device = await this.#device.open();
    const { engine, config, verified } = await startImported(archive, {
      device,
      model,
      tokenizer: await opened.tokenizer,
      offload: this.#host.offload,
      onPhase: (phase, done, of) => this.#emit(phaseEvent(phase, done, of)),
    });
    this.#ready = { engine, config, origin: originOf(archive, files) };
    this.#emit({ type: 'phase', phase: 'finished' });
    const { labels, notes = [] } = archive;
    return { name: archive.config.base_model.name, method: config.method, task: engine.task.name, labels, notes, verified };
  }

  async #openClassifier(asked: ModelRef, max_length?: number): Promise<ImportResult> {
    const { model, tokenizer } = await this.#models.runnable(asked, {}, new Gate());
    const positions = model.backbone().config.max_position_embeddings;
    await this.#release();
    const device = await this.#device.open();
    const { engine, config } = await startOwnHead({
      ...{ device, model, tokenizer, max_length: max_length ?? Math.min(usualLength, positions) },
      onPhase: (phase, done, of) => this.#emit(phaseEvent(phase, done, of)),
    });
    this.#ready = { engine, config };
    this.#emit({ type: 'phase', phase: 'finished' });
    const { method } = config;
    const verified = { texts: [], recorded: [], computed: [], largest_difference: 0 };
    return { name: model.name, method, task: engine.task.name, labels: engine.labels, notes: [engine.classifier.text], verified };
  }
}
