// The calls of a page or a command, answered: which model is ready, which work has the device, and how a run goes from its configuration to its end. Not
// here: what each call does beyond that. Invariant: one thing at a time has the device (occupancy.ts), and what is ready stays until another is.

import { adapterName } from '../gpu/device.ts';
import type { Waiting } from '../hub/client.ts';
import { measureBest } from '../measure/ceilings.ts';
import { parseRunConfig, type RunConfig } from '../protocol/config.ts';
import { stepsOf } from '../protocol/epochs.ts';
import { RetraceError, reportOf } from '../protocol/errors.ts';
import type { Calls, DataProgress, Environment, ImportResult, Phase, RunEvent } from '../protocol/messages.ts';
import { planMerge } from './adapters/merging.ts';
import { startFromAdapter } from './adapters/starting_adapter.ts';
import { catalogue } from './catalogue.ts';
import { classWeights } from './data/class_weights.ts';
import { loadData } from './data/data.ts';
import { bucketsOf, reportData, rowsPerExample } from './data/data_report.ts';
import { previewOf } from './data/rows.ts';
import { hasToChoose, type KnownDevice, stepPredictor, typicalDevice } from './engine/budget.ts';
import { DeviceHolder, startEngine } from './engine/engine.ts';
import { evaluationTexts } from './engine/evaluation.ts';
import { Texts } from './engine/generating.ts';
import { answer, isWritten } from './engine/predict.ts';
import { SessionRates } from './engine/rates.ts';
import { formsOfRun, formsRecord, otherDeviceNote } from './engine/run_forms.ts';
import { methodUnder, requireTextLength, resolveMethod } from './engine/setup.ts';
import type { Host, StoredRun } from './host.ts';
import { type Answering, type HubCalls, hubCalls } from './hub_calls.ts';
import { measureHost } from './measuring.ts';
import { describe } from './models/base_model.ts';
import { classifierStart } from './models/classifier.ts';
import { Fetching } from './models/hub_models.ts';
import { OpenModels } from './models/open_models.ts';
import { requireWeights } from './models/required_weights.ts';
import { hasDecoder, poolingFor, rowLength } from './models/task_fit.ts';
import { Occupancy, type Occupation } from './occupancy.ts';
import { type Opened, type Opening, openAdapter, openClassifier, openLanguageModel } from './opening.ts';
import { phaseEvent } from './phase.ts';
import { evaluateReady, exportReady, mergeReady, nothingTrained, type Ready } from './ready.ts';
import { Gate, stopped } from './run/gate.ts';
import { planOf } from './run/planning.ts';
import { Run, withCheckpoint } from './run/run.ts';
import { Study } from './run/study.ts';

const overtaken = (name: string): RetraceError =>
  new RetraceError({
    code: 'overtaken',
    message: `${name} was left: other data are examined now.`,
    where: name,
    remedy: 'Ask again once those are done.',
  });

const noRun = (): RetraceError =>
  new RetraceError({
    code: 'no-run',
    message: 'No run goes on whose step could be profiled.',
    remedy: 'Start a run, or resume one, first.',
  });

export class Session {
  readonly #host: Host;
  readonly #emit: (event: RunEvent) => void;
  readonly #device: DeviceHolder;
  readonly #models: OpenModels;
  readonly #rates: SessionRates;
  #ready: Ready | undefined;
  /** Steers what goes on and can be stopped: a run, a study, a measurement. */
  #gate: Gate | undefined;
  readonly #occupancy = new Occupancy();
  readonly #texts: Texts;
  readonly #fetching: Fetching;
  /** Counts examinations: one that another has followed ends, for nobody waits for it, and thousands of pictures may be left to decode. */
  #examined = 0;
  readonly #onData = (progress: DataProgress): void => this.#emit({ type: 'preparing', ...progress });

  constructor(host: Host, emit: (event: RunEvent) => void) {
    this.#host = host;
    this.#emit = emit;
    this.#device = new DeviceHolder(host);
    this.#rates = new SessionRates(host.measured, () => this.#device.open());
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
    describeModel: async ({ model: ref, image_size }) => {
      const { model } = await this.#models.open(ref, image_size);
      requireWeights(model, model.ownPooling ?? 'mean');
      return describe(model);
    },
    previewData: ({ data, named, task }) => previewOf(data, named, this.#host, task),
    examineData: async ({ model, ...request }) => {
      const mine = ++this.#examined;
      const onData = (progress: DataProgress): void => {
        if (mine !== this.#examined) throw overtaken(progress.name);
        this.#onData(progress);
      };
      const { model: own, tokenizer, pictures } = await this.#models.open(model, request.image_size);
      const max_length = rowLength(own.backbone(), request.max_length);
      const asked = { ...request, max_length, pictures: await pictures(), decoder: hasDecoder(own.backbone()) };
      return reportData(await loadData(asked, await tokenizer, this.#host, onData));
    },
    plan: async (request) => {
      const { model } = await this.#models.open(request.model, request.image_size);
      const device = await this.#device.open().catch(() => undefined);
      return planOf(model, request, { device, known: await (hasToChoose(request) ? this.#forBudget() : this.#rates.known()) });
    },
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
    bench: ({ sizes }) => this.#steered('bench', (gate) => this.#bench(gate, sizes)),
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
    profileStep: async ({ skip = 0 }) => {
      const [run, gate, device] = [this.#ready?.run, this.#gate, await this.#device.open()];
      if (!run || !gate) throw noRun();
      const profiled = run.profileStep(skip, () => measureBest(device));
      if (gate.closed) gate.proceed(skip + 1);
      return profiled;
    },
    predict: ({ texts }) =>
      this.#occupancy.reading(async () => {
        const { engine } = this.#requireReady();
        // Steps would change the weights in the middle of a text.
        if (texts.some((asked) => isWritten(engine.task, asked))) this.#occupancy.refuseDuring('run');
        return answer(engine, texts);
      }),
    generate: (request) => {
      // Steps would change the weights in the middle of a text.
      this.#occupancy.refuseDuring('run');
      return this.#occupancy.reading(async () => this.#texts.write(this.#requireReady().engine, request));
    },
    stopWriting: async () => {
      this.#texts.stop();
    },
    openLanguageModel: async ({ model }) => {
      await this.#occupancy.alone('import', async () => {
        this.#ready = await openLanguageModel(model, this.#opening());
      });
    },
    evaluationTexts: async ({ at }) => evaluationTexts(this.#requireReady().data?.texts ?? [], at),
    evaluate: (request) =>
      this.#occupancy.alone('evaluation', async () => evaluateReady(this.#requireReady(), request, { host: this.#host, emit: this.#emit })),
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
    openClassifier: ({ model, max_length }) =>
      this.#occupancy.alone('import', async () => this.#hold(await openClassifier(model, max_length, this.#opening()))),
    importAdapter: ({ model, ...adapter }) =>
      this.#occupancy.alone('import', async () => {
        const { files } = await this.#fetching.adapter(adapter);
        return this.#hold(await openAdapter(files, model, this.#ready, this.#opening()));
      }),
    savedRuns: () => this.#host.runs.list(),
    deleteRun: async ({ id }) => {
      await this.#host.runs.delete(id);
    },
  };

  /** How fast the device is, for a budget; beside a run it is not measured, which would disturb both. */
  async #forBudget(): Promise<KnownDevice> {
    return this.#gate ? ((await this.#rates.known()) ?? typicalDevice) : this.#rates.measured();
  }

  async #environment(): Promise<Environment> {
    try {
      const { info, device } = await this.#device.open();
      const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
      return { available: true, adapter: adapterName(info), software: info.isFallback, maxBufferSize, maxStorageBufferBindingSize };
    } catch (error) {
      return { available: false, error: reportOf(error) };
    }
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
    const { model, tokenizer, pictures } = await this.#models.runnable(request.model, request, gate);
    const { seed, packing } = request.training;
    const max_length = rowLength(model.backbone(), request.training.max_length);
    const decoder = hasDecoder(model.backbone());
    const waiting = this.#waiting(request.data.name, gate);
    const data = await loadData({ ...request, max_length, seed, packing, decoder, pictures }, tokenizer, this.#host, this.#onData, waiting);
    await this.#release();
    const study = new Study(request, { device, model, tokenizer, pictures, data, emit: this.#emit, gate });
    try {
      return await Promise.race([study.toEnd(), device.lost.then(() => Promise.reject(new Error('device lost')))]);
    } catch (thrown) {
      throw await this.#lossOr(thrown);
    }
  }

  async #bench(gate: Gate, sizes: Calls['bench']['argument']['sizes']): Promise<Calls['bench']['answer']> {
    const device = await this.#device.open();
    await this.#release();
    return measureHost({ host: this.#host, device, emit: this.#emit, gate }, sizes).catch(async (thrown: unknown) => {
      throw await this.#lossOr(thrown);
    });
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
    const { ref, model, tokenizer, pictures } = await this.#models.runnable(config.model, config, gate, (done, of) =>
      onPhase('loading model', done, of),
    );
    requireTextLength(model, resolveMethod(config.method, config.policy, config.options, model.backbone().defaults), training.max_length);
    const { seed, packing } = training;
    const max_length = rowLength(model.backbone(), training.max_length);
    const asked = { ...config, max_length, seed, packing, pictures, decoder: hasDecoder(model.backbone()) };
    const onProgress = ({ work, done, of }: DataProgress) => onPhase(work === 'reading' ? 'reading data' : work, done, of);
    const data = await loadData(asked, tokenizer, this.#host, onProgress, this.#waiting(config.data.name, gate));
    this.#emit({ type: 'data', ...reportData(data) });
    const { start, text } = classifierStart(
      model,
      { pooling: poolingFor(data.task, config.pooling, model), head: data.task.head },
      data.labels,
    );
    this.#emit({ type: 'model', classifier: start, notes: [text, ...model.notes, ...otherDeviceNote(device, config.forms)] });
    const max_steps = stepsOf(training, data.train.examples.length);
    const chooses = hasToChoose(config);
    if (chooses) onPhase('planning');
    const known = await (chooses ? this.#rates.measured() : this.#rates.known());
    const engine = await startEngine(device, {
      config,
      known,
      forms: formsOfRun(device, this.#host.measured, config.forms),
      model,
      tokenizer,
      pictures,
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
    const { budget_chooses: _, ...settled } = { ...config, ...engine.memory };
    const id = stored?.summary.id ?? `${config.method}-${Date.now().toString(36)}`;
    const name = config.data.kind === 'bundled' ? `${config.data.name} ${data.columns.label}` : config.data.name;
    const run = new Run({
      id,
      name,
      config: { ...settled, forms: formsRecord(device, engine.executor.plan.forms), model: ref, columns: data.columns, ...data.from },
      engine,
      data,
      max_steps,
      store: this.#host.runs,
      emit: this.#emit,
      gate,
      predict: known && stepPredictor(engine.executor.plan, known),
    });
    this.#ready = {
      engine,
      config: { ...settled, training: { ...training, max_steps } },
      data,
      run,
    };
    if (stored) await run.restore(stored);
    const ended = new Error('device lost');
    await Promise.race([run.toEnd(), device.lost.then(() => Promise.reject(ended))]);
  }

  async #place() {
    return { device: await this.#device.open(), host: this.#host, emit: this.#emit };
  }

  #opening(): Opening {
    return {
      ...{ models: this.#models, offload: this.#host.offload, device: () => this.#device.open(), release: () => this.#release() },
      onPhase: (phase, done, of) => this.#emit(phaseEvent(phase, done, of)),
    };
  }

  /** From now on what was opened is what is ready. */
  #hold({ ready, result }: Opened): ImportResult {
    this.#ready = ready;
    this.#emit({ type: 'phase', phase: 'finished' });
    return result;
  }
}
