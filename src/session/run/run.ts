// The life of one training run: steps, evaluations, checkpoints, pause, stop, best. Emits events; keeps nothing on the page's side.
// Invariant: what a checkpoint holds and the RunConfig determine every later step, so a resumed run makes the same steps, bit for bit.

import { type Batch, planEpoch } from '../../data/batches.ts';
import type { TokenizedDataset } from '../../data/dataset.ts';
import type { Augmentation } from '../../data/pictures/augment.ts';
import type { RunConfig } from '../../protocol/config.ts';
import { type EpochArguments, placeOf, type StepPlace } from '../../protocol/epochs.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Evaluation, Phase, RunEvent, SavedRun } from '../../protocol/messages.ts';
import type { DeviceBest, ProfiledStep } from '../../protocol/profile.ts';
import { isBetter } from '../../tasks/task.ts';
import type { StepResult, TrainerState } from '../../train/trainer.ts';
import type { RunData } from '../data/data.ts';
import { type Engine, slicesOf } from '../engine/engine.ts';
import { evaluate, evaluationWork } from '../engine/evaluation.ts';
import type { RunStore, StoredRun } from '../host.ts';
import { phaseEvent } from '../phase.ts';
import { readParameters, readState, writeParameters, writeState } from './checkpoint.ts';
import { type Gate, stopped } from './gate.ts';
import { Profiling } from './profiling.ts';

/** What training does to the pictures of an epoch by chance; undefined where it takes them as they are. */
function augmentationOf(
  { random_resized_crop, random_horizontal_flip: flip, seed }: RunConfig['training'],
  epoch: number,
): ((example: number) => Augmentation) | undefined {
  if (random_resized_crop === 1 && !flip) return undefined;
  const options = { min_scale: random_resized_crop === 1 ? undefined : random_resized_crop, flip };
  return (example) => ({ options, seed, epoch, example });
}

export type Emit = (event: RunEvent) => void;

export interface BestResult {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}

export interface RunRequest {
  readonly id: string;
  readonly name: string;
  readonly config: RunConfig;
  readonly engine: Engine;
  readonly data: RunData;
  readonly max_steps: number;
  readonly store: RunStore;
  readonly emit: Emit;
  readonly gate: Gate;
  /** Milliseconds that a step of these batches is predicted to take, where the device is known. */
  readonly predict?: ((batches: readonly Batch[]) => number) | undefined;
  readonly stored?: StoredRun;
}

/** The rule of this version: Trainer's, by which no step crosses the end of an epoch and a short batch is the last of its epoch. */
const batchOrder = 2;

/** Error `old-run` where a run that was saved under another rule has steps to go, and they would not be those of a run under this one. */
function requireSameOrder({ batch_order, step, max_steps }: SavedRun, training: EpochArguments, examples: number): void {
  const batches = Math.ceil(examples / training.batch_size);
  const alike = examples % training.batch_size === 0 && batches % training.gradient_accumulation_steps === 0;
  if (batch_order === batchOrder || alike || step === 0 || step >= max_steps) return;
  throw new RetraceError({
    code: 'old-run',
    message:
      `An earlier version of Retrace saved this run at step ${step} of ${max_steps}. Its epochs did not end as this version's do: with ` +
      `${examples} examples in batches of ${training.batch_size}, ${training.gradient_accumulation_steps} to a step, some steps took other examples.`,
    where: 'checkpoint',
    remedy: 'Start the run again: going on from here would be neither the old run nor a new one.',
  });
}

/** Steps for which pictures are read ahead. */
const ahead = 2;

/** Steps that may be in flight before the first of them is read back: the GPU never waits for the host. */
const inFlight = 2;

export class Run {
  readonly #request: RunRequest;
  readonly #events: RunEvent[] = [];
  #step = 0;
  #best: BestResult | undefined;
  #bestParameters: TrainerState['parameters'] | undefined;
  #evaluationsWithoutGain = 0;
  #epochBatches: { epoch: number; batches: Uint32Array[] } | undefined;
  readonly #ahead = new Map<number, Promise<Batch[]>>();
  #saved: SavedRun | undefined;
  #lastEvaluation: { step: number; evaluation: Evaluation } | undefined;
  readonly #profiling = new Profiling();

  constructor(request: RunRequest) {
    this.#request = request;
  }

  get step(): number {
    return this.#step;
  }

  /** Of the whole run. */
  get max_steps(): number {
    return this.#request.max_steps;
  }

  /** The last checkpoint that was written. */
  get saved(): SavedRun | undefined {
    return this.#saved;
  }

  get best(): BestResult | undefined {
    return this.#best;
  }

  /** Steps, evaluations and profiles so far. */
  get history(): readonly RunEvent[] {
    return this.#events;
  }

  get evaluation(): Evaluation | undefined {
    return this.#lastEvaluation?.evaluation;
  }

  #emit(event: RunEvent): void {
    if (event.type === 'step' || event.type === 'evaluate' || event.type === 'profile') this.#events.push(event);
    this.#request.emit(event);
  }

  #phase(phase: Phase, done?: number, of?: number): void {
    this.#request.emit(phaseEvent(phase, done, of));
  }

  /** Puts a stored run back: trainables, moments, step, best, curves. Error: `old-run`. */
  async restore(stored: StoredRun): Promise<void> {
    const { config, data } = this.#request;
    requireSameOrder(stored.summary, config.training, data.train.examples.length);
    const state = await readState(stored.state);
    this.#request.engine.trainer.restore(state);
    this.#step = state.step;
    this.#best = stored.summary.best;
    this.#bestParameters = stored.best && (await readParameters(stored.best));
    for (const event of stored.events) this.#emit(event);
    const evaluations = stored.events.filter((event) => event.type === 'evaluate');
    this.#evaluationsWithoutGain = evaluations.toReversed().findIndex(({ best }) => best);
    if (this.#evaluationsWithoutGain < 0) this.#evaluationsWithoutGain = evaluations.length;
    const last = evaluations.at(-1);
    if (last) this.#lastEvaluation = { step: last.step, evaluation: last };
    this.#saved = stored.summary;
  }

  /** Where step `step` (from 0) stands in its epoch. */
  #place(step: number): StepPlace {
    const { config, data } = this.#request;
    return placeOf(step, config.training, data.train.examples.length);
  }

  /** Batches of optimizer step `step`, in slices; the order of an epoch is a function of seed and epoch. */
  async #batchesOf(step: number): Promise<Batch[]> {
    const { config, data, engine } = this.#request;
    const { batch_size: batchSize, seed } = config.training;
    const { epoch, from, to } = this.#place(step);
    if (this.#epochBatches?.epoch !== epoch) {
      this.#epochBatches = { epoch, batches: planEpoch({ lengths: data.train.lengths, batchSize, seed, epoch, groupByLength: true }) };
    }
    const seen = augmentationOf(config.training, epoch);
    const some = this.#epochBatches.batches.slice(from, to);
    return (await Promise.all(some.map((indices) => slicesOf(engine, data.train.examples, indices, seen)))).flat();
  }

  /** Those of a step; where pictures must be read for them, those of the next steps are begun while this one runs. */
  #batches(step: number): Promise<Batch[]> {
    const { engine, max_steps } = this.#request;
    const last = engine.pictures ? Math.min(max_steps - 1, step + ahead) : step;
    for (let next = step; next <= last; next++) {
      if (this.#ahead.has(next)) continue;
      const batches = this.#batchesOf(next);
      // It fails the step that it is for.
      batches.catch(() => undefined);
      this.#ahead.set(next, batches);
    }
    const own = this.#ahead.get(step) as Promise<Batch[]>;
    this.#ahead.delete(step);
    return own;
  }

  /** Takes the step that is `skip` steps ahead dispatch by dispatch, and says where its time went. Errors: `busy`, `no-step-left`. */
  profileStep(skip: number, best: () => Promise<DeviceBest>): Promise<ProfiledStep> {
    return this.#profiling.ask(this.#step + skip, best);
  }

  /** Runs to the end, or until stopped. What is kept is then in the trainer. */
  toEnd(): Promise<void> {
    return this.#toEnd().finally(() => this.#profiling.end());
  }

  async #toEnd(): Promise<void> {
    const { config, max_steps, engine, gate } = this.#request;
    const { eval_steps, save_steps } = config.training;
    this.#phase('training');
    await this.#emitMemory();
    const pending: Promise<StepResult & { predicted_ms?: number }>[] = [];
    let before = performance.now();
    const settleOne = async () => {
      const result = await (pending.shift() as Promise<StepResult>);
      const now = performance.now();
      this.#emitStep(result, now - before);
      before = now;
    };
    const drain = async () => {
      while (pending.length > 0) await settleOne();
    };
    const due = (every: number) => every > 0 && this.#step > 0 && this.#step % every === 0;
    while (this.#step < max_steps && !this.#stopsEarly()) {
      // What is due after a step comes before the next one, and so too in a run that was left and resumed between the two.
      if (due(eval_steps) && this.#lastEvaluation?.step !== this.#step) {
        await drain();
        if (await this.#evaluate()) break;
        before = performance.now();
      }
      if (due(save_steps) && this.#saved?.step !== this.#step) {
        await drain();
        await this.save(false);
        this.#phase('training');
        before = performance.now();
      }
      if (gate.closed) {
        await drain();
        await this.#pause();
      }
      const { stop, waited } = await gate.pass();
      if (stop) break;
      if (waited) {
        this.#phase('training');
        before = performance.now();
      }
      const batches = await this.#batches(this.#step);
      if (this.#profiling.due(this.#step)) {
        await drain();
        const { result, ms, profile } = await this.#profiling.take(engine, this.#step++, batches);
        this.#emitStep(result, ms);
        this.#emit({ type: 'profile', ...profile });
        before = performance.now();
        continue;
      }
      const predicted_ms = this.#request.predict?.(batches);
      const result = engine.trainer
        .step(this.#step, batches)
        .then((done) => ({ ...done, ...(predicted_ms === undefined ? {} : { predicted_ms }) }));
      // Once a step fails the run ends, and nobody waits for the one behind it.
      result.catch(() => undefined);
      pending.push(result);
      this.#step++;
      if (pending.length >= inFlight || gate.closed) await settleOne();
    }
    await drain();
    await this.#finish();
  }

  async #finish(): Promise<void> {
    const { engine, max_steps, gate } = this.#request;
    const keep = gate.keep;
    const early = this.#stopsEarly();
    if (keep === 'nothing') {
      await this.#request.store.delete(this.#request.id);
      this.#phase('stopped');
      this.#request.emit({ type: 'finished', step: this.#step, reason: 'stopped' });
      return;
    }
    // A run that is stopped ends at once, with the evaluations that it has.
    if (!gate.stopping && this.#lastEvaluation?.step !== this.#step && this.#step > 0) await this.#evaluate();
    await this.save(true);
    if (keep !== 'last' && this.#bestParameters) engine.trainer.setParameters(this.#bestParameters);
    const reason = early ? 'early stopping' : this.#step >= max_steps ? 'completed' : 'stopped';
    this.#phase(reason === 'stopped' ? 'stopped' : 'finished');
    this.#request.emit({ type: 'finished', step: this.#step, ...(this.#best ? { best: this.#best } : {}), reason });
  }

  /** A paused run may be left: it is saved as it is. */
  async #pause(): Promise<void> {
    await this.save(false);
    this.#phase('paused');
  }

  #stopsEarly(): boolean {
    const patience = this.#request.config.training.early_stopping_patience;
    return patience > 0 && this.#evaluationsWithoutGain >= patience;
  }

  /** Evaluates, unless it is stopped on the way; true where the run should end. */
  async #evaluate(): Promise<boolean> {
    const { engine, data, gate, config } = this.#request;
    const { max_generate_samples } = config.training;
    const begin = performance.now();
    const sets = [data.evaluation, ...data.more.values()];
    const works = sets.map((set) => evaluationWork(engine, set, { max_generate_samples }));
    const of = works.reduce((sum, work) => sum + work, 0);
    this.#phase('evaluating', 0, of);
    const measured = async (set: TokenizedDataset) => {
      const before = works.slice(0, sets.indexOf(set)).reduce((sum, work) => sum + work, 0);
      const onProgress = async (done: number) => {
        if (gate.closed) await this.#pause();
        await gate.opened();
        gate.requireOpen();
        this.#phase('evaluating', before + done, of);
      };
      return evaluate(engine, set, { max_generate_samples, signal: gate.signal, onProgress });
    };
    const evaluated = async () => {
      const first = await measured(data.evaluation);
      const metrics = { ...first.metrics };
      for (const [name, set] of data.more) {
        for (const [metric, value] of Object.entries((await measured(set)).metrics)) metrics[`${name}_${metric}`] = value;
      }
      return { ...first, metrics };
    };
    const evaluation = await evaluated().catch((thrown: unknown) => {
      if (thrown !== stopped) throw thrown;
    });
    if (!evaluation) return true;
    const { task } = engine;
    const metric = task.metric_for_best_model;
    const value = evaluation.metrics[metric];
    // A metric that is not defined, such as the correlation of predictions that are all alike, is never the best.
    const best = value !== undefined && (this.#best === undefined || isBetter(task, value, this.#best.value));
    if (best) {
      this.#best = { step: this.#step, metric, value };
      this.#bestParameters = await engine.trainer.read('parameter');
      this.#evaluationsWithoutGain = 0;
    } else this.#evaluationsWithoutGain++;
    this.#lastEvaluation = { step: this.#step, evaluation };
    const epoch = this.#step === 0 ? 0 : this.#place(this.#step - 1).passes;
    this.#emit({ type: 'evaluate', step: this.#step, epoch, ...evaluation, best, ms: performance.now() - begin });
    this.#phase('training');
    return this.#stopsEarly();
  }

  #emitStep({ step, ...result }: StepResult & { predicted_ms?: number }, ms: number): void {
    const { passes, seen } = this.#place(step - 1);
    this.#emit({ type: 'step', step, max_steps: this.#request.max_steps, epoch: passes, examples: seen, ...result, ms });
  }

  async #emitMemory(): Promise<void> {
    const { trainer, executor } = this.#request.engine;
    const { allocator, plan } = executor;
    const host = await trainer.hostBytes();
    const { live, peak, total } = allocator.account;
    this.#request.emit({ type: 'memory', live, peak, total, planned: plan.total, ...(host ? { host } : {}) });
  }

  /** Writes a checkpoint of the current step. */
  async save(finished: boolean): Promise<void> {
    const { engine, store, id, name, config, max_steps } = this.#request;
    this.#phase('saving');
    const summary: SavedRun = {
      id,
      name,
      method: config.method,
      policy: config.policy,
      step: this.#step,
      max_steps,
      batch_order: batchOrder,
      ...(this.#best ? { best: this.#best } : {}),
      saved_at: new Date().toISOString(),
      finished,
      ...(config.model.kind === 'hub'
        ? { hub_model: { name: config.model.name, commit: config.model.commit, sha256: engine.sha256 } }
        : {}),
    };
    const state = writeState(await engine.trainer.save(this.#step));
    const best = this.#bestParameters && writeParameters(this.#bestParameters);
    await store.save({ summary, config, events: this.#events, state, best });
    this.#saved = summary;
    await this.#emitMemory();
  }
}

/** The error of a run that left its numbers' range, with where to go back to. */
export const withCheckpoint = (error: unknown, stored: SavedRun | undefined): unknown =>
  error instanceof RetraceError && (error.code === 'not-finite' || error.code === 'stream-overflow')
    ? new RetraceError({
        ...error.toReport(),
        remedy:
          `${error.remedy ?? ''} ${stored ? `The checkpoint of step ${stored.step} is kept.` : 'There is no checkpoint before this step.'}`.trim(),
      })
    : error;
