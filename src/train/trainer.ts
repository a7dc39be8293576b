// One run's numbers: takes batches through the programs of a plan, step by step, and gives and takes the state that a checkpoint holds.
// Not here: where batches come from, when to evaluate or save (src/session). Invariant: a step depends on its number, its batches, the seed and the
// state before it, on nothing else; so a resumed run makes the same steps.

import type { Batch } from '../data/batches.ts';
import type { Executor, StepScalars, TimedCall } from '../gpu/executor.ts';
import { WatchedPlaces } from '../graph/ops/watch.ts';
import type { Registry } from '../graph/registry.ts';
import { type Parameter, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { HostBytes } from '../offload/offload.ts';
import { packedKind } from '../plan/persistent.ts';
import type { TrainingArguments } from '../protocol/config.ts';
import type { HostStep, LayerError } from '../protocol/messages.ts';
import { initialValues } from './initialise.ts';
import { OffloadedState } from './offloaded.ts';
import { optimizers } from './optimizers/registry.ts';
import { programName } from './programs.ts';
import { scheduleFactor, warmupSteps } from './schedule.ts';
import { type Magnitude, readStatus, requireFinite } from './status.ts';
import { metricSlots } from './update.ts';

export interface StepResult {
  /** Steps done, this one included. */
  readonly step: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly learning_rate: number;
  /** Tokens without padding. */
  readonly tokens: number;
  readonly magnitude: Magnitude;
  readonly reconstruction?: readonly LayerError[];
  /** Where a part of the model lives off the GPU. */
  readonly host?: HostStep;
}

/** Numbers by parameter name. */
export type ValuesByName = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

/** What a checkpoint holds of a trainer. */
export interface TrainerState {
  readonly step: number;
  readonly parameters: ValuesByName;
  /** What the optimizer keeps, by the name of the state: `exp_avg`, `exp_avg_sq`... */
  readonly states: ReadonlyMap<string, ValuesByName>;
}

export interface TrainerOptions {
  readonly training: TrainingArguments;
  readonly max_steps: number;
  /** Magnitude at which fixed streams overflow; infinity for float ones. */
  readonly streamLimit: number;
  /** [V]: how often an example of each class counts; left out: once. */
  readonly class_weights?: Float32Array<ArrayBuffer> | undefined;
}

/** chain[n] = index of the next token with the same id + 1 (0 at the end), with the top bit where n is the first. */
export function tokenChain(ids: Uint32Array): Uint32Array<ArrayBuffer> {
  const chain = new Uint32Array(ids.length);
  const last = new Map<number, number>();
  for (const [n, id] of ids.entries()) {
    const before = last.get(id);
    if (before === undefined) chain[n] = 0x80000000;
    else chain[before] = ((chain[before] as number) | (n + 1)) >>> 0;
    last.set(id, n);
  }
  return chain;
}

export class Trainer {
  readonly #executor: Executor;
  readonly #registry: Registry;
  readonly #options: TrainerOptions;
  readonly #offload: OffloadedState;
  /** Until all that was asked for before may be submitted. */
  #submitting: Promise<unknown> = Promise.resolve();

  constructor(executor: Executor, registry: Registry, options: TrainerOptions) {
    this.#offload = new OffloadedState(executor, registry, options.training);
    this.#executor = executor;
    this.#registry = registry;
    this.#options = options;
  }

  get trainables(): Parameter[] {
    return [...this.#registry.parameters.values()].filter(({ trainable }) => trainable);
  }

  /** Writes the starting values of everything that is not in the checkpoint. */
  initialise(seed: number): void {
    for (const parameter of this.#registry.parameters.values()) {
      if (parameter.initial.from === 'checkpoint') continue;
      this.#writeParameter(parameter, initialValues(parameter, seed, this.#registry.parameters));
    }
  }

  #writeParameter(parameter: Parameter, values: Float32Array<ArrayBuffer>): void {
    if (parameter.tensors.length === 0) this.#offload.write(parameter.name, 'parameter', values);
    for (const tensor of parameter.tensors) {
      const begin = firstElement(tensor);
      this.#executor.writeTensor(tensor, values.subarray(begin, begin + sizeOf(tensor.shape)));
    }
  }

  /** How much the examples of a batch count. */
  #countOf({ inputs, counted }: Batch): number {
    const { class_weights } = this.#options;
    if (class_weights === undefined) return counted;
    let sum = 0;
    for (const label of inputs['labels'] ?? []) sum += class_weights[label] ?? 0;
    return sum;
  }

  #feed(program: string, { inputs }: Batch): void {
    const { class_weights } = this.#options;
    if (class_weights && this.#executor.reads(program, 'class_weights')) this.#executor.writeInput(program, 'class_weights', class_weights);
    for (const [name, values] of Object.entries(inputs)) {
      if (this.#executor.reads(program, name)) this.#executor.writeInput(program, name, values);
      const chain = `${name}_chain`;
      if (values instanceof Uint32Array && this.#executor.reads(program, chain))
        this.#executor.writeInput(program, chain, tokenChain(values));
    }
  }

  #scalars(step: number, micro: number, first_example: number, counted: number): StepScalars {
    const { training, max_steps } = this.#options;
    return {
      seed: training.seed,
      micro_step: step * training.gradient_accumulation_steps + micro,
      first_example,
      learning_rate: this.learningRate(step, max_steps),
      max_grad_norm: training.max_grad_norm,
      inverse_count: counted > 0 ? 1 / counted : 1,
      ...{ bias_correction1: 1, bias_correction2_sqrt: 1, beta2_t: 0 },
      ...optimizers[training.optim].scalars(step + 1, training),
    };
  }

  learningRate(step: number, max_steps: number): number {
    const { learning_rate, lr_scheduler_type, warmup_ratio } = this.#options.training;
    return learning_rate * scheduleFactor(lr_scheduler_type, step, max_steps, warmupSteps(max_steps, warmup_ratio));
  }

  /**
   * Submits optimizer step `step` (from 0) over its batches, each of which may come in slices, in order; the result comes when the GPU is there. Errors:
   * `not-finite`, `stream-overflow`.
   */
  step(step: number, batches: readonly Batch[]): Promise<StepResult> {
    return this.#offload.inTurn(() => this.#step(step, batches));
  }

  /** The same step, bit for bit, with each of its dispatches timed alone. */
  async timedStep(step: number, batches: readonly Batch[]): Promise<StepResult & { readonly calls: readonly TimedCall[] }> {
    const calls: TimedCall[] = [];
    const replay = async (names: readonly string[]) => {
      for (const call of await this.#executor.timed(names)) calls.push(call);
    };
    const result = await this.#offload.inTurn(() => this.#step(step, batches, replay), true);
    return { ...result, calls };
  }

  /** Settles when these programs can run and all before them were submitted: what follows at once is submitted in the order in which it was asked for. */
  #compiled(names: readonly string[]): Promise<void> {
    const ready = this.#submitting.then(() => this.#executor.ready(names));
    this.#submitting = ready.catch(() => undefined);
    return ready;
  }

  async #step(step: number, batches: readonly Batch[], replay?: (names: readonly string[]) => Promise<void>): Promise<StepResult> {
    await this.#compiled(['begin', ...batches.map(({ length }) => programName('training', length)), 'update']);
    const counted = batches.reduce((sum, batch) => sum + this.#countOf(batch), 0);
    let micro = -1;
    for (const [i, batch] of batches.entries()) {
      const { first_example = 0 } = batch;
      if (first_example === 0) micro++;
      const program = programName('training', batch.length);
      this.#feed(program, batch);
      this.#executor.writeStep(this.#scalars(step, micro, first_example, counted));
      const [first, last] = [i === 0 ? ['begin'] : [], i === batches.length - 1 ? ['update'] : []];
      if (this.#offload.used) await this.#offload.run([...first, program], last, replay);
      else if (replay) await replay([...first, program, ...last]);
      else this.#executor.run([...first, program, ...last]);
    }
    const read = await this.#executor.readResults();
    const metrics = new Float32Array(read('metrics'));
    const clip = metrics[metricSlots.clip] as number;
    const host = await this.#offload.update(step + 1, this.learningRate(step, this.#options.max_steps), clip);
    const { largest, ...status } = readStatus(
      read('status'),
      this.#registry.shared(WatchedPlaces).names,
      this.#options.streamLimit,
      step + 1,
    );
    const loss = metrics[metricSlots.loss] as number;
    const grad_norm = metrics[metricSlots.grad_norm] as number;
    requireFinite('loss', loss, step + 1);
    requireFinite('grad_norm', grad_norm, step + 1, status.reconstruction);
    const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
    return {
      step: step + 1,
      loss,
      grad_norm,
      learning_rate: this.learningRate(step, this.#options.max_steps),
      tokens,
      magnitude: largest,
      ...status,
      ...(host ? { host } : {}),
    };
  }

  /** What an evaluation program makes of one batch, without dropout: logits [B, V], or the log-likelihood of each word in its order. */
  outputs(batch: Batch): Promise<Float32Array<ArrayBuffer>> {
    return this.#offload.inTurn(() => this.#outputs(batch));
  }

  async #outputs(batch: Batch): Promise<Float32Array<ArrayBuffer>> {
    const program = programName('evaluation', batch.length);
    await this.#compiled(['watch', program]);
    this.#feed(program, batch);
    this.#executor.writeStep(this.#scalars(0, 0, 0, 1));
    if (this.#offload.used) await this.#offload.run(['watch', program]);
    else this.#executor.run(['watch', program]);
    const read = await this.#executor.readResults();
    readStatus(read('status'), this.#registry.shared(WatchedPlaces).names, this.#options.streamLimit, 0);
    return new Float32Array(read('outputs'));
  }

  /** One packed kind by parameter name: `parameter`, `gradient` as the last step left it, or a state. Parameters that have none are left out. */
  async read(kind: string): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const found = new Map<Tensor, Float32Array>();
    for (const { kinds } of this.#executor.plan.slabs) {
      const packed = kinds.get(kind);
      if (!packed) continue;
      const whole = new Float32Array(await this.#executor.readTensor(packed.whole));
      for (const { of, tensor, offset } of packed.members) found.set(of, whole.subarray(offset / 4, offset / 4 + sizeOf(tensor.shape)));
    }
    const named = this.trainables.map(({ name, tensors }) => [name, tensors.flatMap((tensor) => found.get(tensor) ?? [])] as const);
    const onDevice = named.filter(([, parts]) => parts.length > 0).map(([name, parts]) => [name, joined(parts)] as const);
    return new Map([...onDevice, ...(await this.#offload.read(kind))]);
  }

  #write(kind: string, values: ValuesByName): void {
    this.#offload.restore(kind, values);
    const written = new Map<string, number>();
    for (const slab of this.#executor.plan.slabs) {
      for (const { of, tensor, offset } of slab.kinds.get(kind)?.members ?? []) {
        const own = values.get(of.name);
        // Pieces of a table stand in order, in the slabs too.
        const begin = written.get(of.name) ?? 0;
        const end = begin + sizeOf(tensor.shape);
        if (!own || own.length < end) throw new Error(`the state has no '${kind}' of '${of.name}' with ${end} elements`);
        written.set(of.name, end);
        this.#executor.writeTensor(packedKind(slab, kind).whole, own.subarray(begin, end), offset);
      }
    }
  }

  /** Names of what the optimizer keeps. */
  get #states(): string[] {
    const kinds = new Set([...this.#executor.plan.slabs.flatMap((slab) => [...slab.kinds.keys()]), ...this.#offload.states]);
    return [...kinds].filter((kind) => kind !== 'parameter' && kind !== 'gradient');
  }

  /** Bytes off the GPU, where there are any. */
  hostBytes(): Promise<HostBytes | undefined> {
    return this.#offload.bytes();
  }

  async save(step: number): Promise<TrainerState> {
    const states = new Map<string, ValuesByName>();
    for (const kind of this.#states) states.set(kind, await this.read(kind));
    return { step, parameters: await this.read('parameter'), states };
  }

  /** Puts a state back; every trainable must be there in its size, with all that the optimizer keeps for it. */
  restore({ parameters, states }: TrainerState): void {
    this.#write('parameter', parameters);
    for (const kind of this.#states) this.#write(kind, states.get(kind) ?? new Map());
  }

  /** Replaces values of f32 parameters, as by the best ones after a run or by an imported adapter. */
  setParameters(values: ValuesByName): void {
    for (const [name, own] of values) {
      const parameter = this.#registry.parameters.get(name);
      if (!parameter || sizeOf(parameter.shape) !== own.length)
        throw new Error(`there is no parameter '${name}' of ${own.length} elements`);
      this.#writeParameter(parameter, own);
    }
  }
}

/** Index in its parameter of a piece's first element. */
const firstElement = ({ rowBegin = 0, shape }: Tensor): number => (rowBegin * sizeOf(shape)) / (shape[0] ?? 1);

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let begin = 0;
  for (const part of parts) {
    values.set(part, begin);
    begin += part.length;
  }
  return values;
}
