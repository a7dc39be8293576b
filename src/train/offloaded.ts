// The half of a trainer that lives off the GPU: parameters whose masters and moments the host holds, their part of the gradient's norm, their update.
// Where nothing lives there it does nothing, and steps are submitted one behind the other without waiting.
// Invariant: where a program halts in its middle, because the host is asked or dispatches are timed, steps take turns: the next step's inputs must not come
// in between.

import type { Executor } from '../gpu/executor.ts';
import type { Registry } from '../graph/registry.ts';
import { type Parameter, sizeOf } from '../graph/tensor.ts';
import type { HostBytes, HostParameters } from '../offload/offload.ts';
import type { ParameterKind } from '../offload/sparse_adapter.ts';
import type { TrainingArguments } from '../protocol/config.ts';
import type { HostStep } from '../protocol/messages.ts';

/** What lazy Adam keeps of a parameter. */
const kept = ['exp_avg', 'exp_avg_sq', 'last_step'] as const;
type Kept = (typeof kept)[number];

type Values = Float32Array<ArrayBuffer>;

export class OffloadedState {
  readonly #executor: Executor;
  readonly #registry: Registry;
  readonly #training: TrainingArguments;
  readonly #parameters: readonly Parameter[];
  #turn: Promise<unknown> = Promise.resolve();
  /** Works that take turns and are not done. */
  #halting = 0;

  constructor(executor: Executor, registry: Registry, training: TrainingArguments) {
    this.#executor = executor;
    this.#registry = registry;
    this.#training = training;
    this.#parameters = registry.hostParameters;
  }

  get used(): boolean {
    return this.#parameters.length > 0;
  }

  get #host(): HostParameters {
    if (!this.#executor.host) throw new Error('a part of the model lives off the GPU, and there is no host for it');
    return this.#executor.host;
  }

  /** Runs `work` when all before it is done; at once where neither it nor what is under way `halts`, so that nothing can come into the middle of it. */
  inTurn<T>(work: () => Promise<T>, halts = this.used): Promise<T> {
    if (!halts && this.#halting === 0) return work();
    this.#halting++;
    const done = this.#turn.then(work).finally(() => this.#halting--);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Runs the programs of a micro-batch, then, where there are any, those that update once the host's part of the norm is known. */
  async run(
    programs: readonly string[],
    update: readonly string[] = [],
    replay = (names: readonly string[]): Promise<void> => this.#executor.runHosted(names),
  ): Promise<void> {
    if (programs.includes('begin')) {
      await this.#host.begin();
      this.#executor.takeMoved();
    }
    await replay(programs);
    if (update.length === 0) return;
    const partials = this.#registry.results.get('partials');
    if (!partials) throw new Error('the update has no partial sums of the norm');
    this.#executor.writeTensor(partials, Float32Array.of(await this.#host.squareSum()), 4 * (sizeOf(partials.shape) - 1));
    await replay(update);
  }

  /** Updates the rows that the step touched. */
  async update(step: number, learning_rate: number, clip: number): Promise<HostStep | undefined> {
    if (!this.used) return undefined;
    const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps, weight_decay } = this.#training;
    const { rows, of } = await this.#host.update({ step, learning_rate, beta1, beta2, eps, weight_decay, clip });
    const { up, down } = this.#executor.takeMoved();
    return { rows, of, to_gpu: up, from_gpu: down };
  }

  /** Bytes off the GPU, where there are any. */
  async bytes(): Promise<HostBytes | undefined> {
    return this.used ? this.#host.bytes() : undefined;
  }

  get states(): readonly string[] {
    return this.used ? kept : [];
  }

  async read(kind: string): Promise<[string, Values][]> {
    if (!this.used || !['parameter', 'gradient', ...kept].includes(kind)) return [];
    await this.#turn;
    const readOne = async ({ name }: Parameter): Promise<[string, Values]> => [name, await this.#host.read(name, kind as ParameterKind)];
    const found = await Promise.all(this.#parameters.map(readOne));
    // One that no gradient can reach gives none.
    return found.filter(([, values]) => values.length > 0);
  }

  /** Calls reach the host in order, so the next step waits for this. */
  write(name: string, kind: 'parameter' | Kept, values: Values): void {
    const written = this.#host.write(name, kind, values);
    this.#turn = Promise.all([this.#turn, written]);
    this.#turn.catch(() => undefined);
  }

  /** Puts back all of one kind. */
  restore(kind: string, values: ReadonlyMap<string, Values>): void {
    if (!['parameter', ...kept].includes(kind)) return;
    for (const { name } of this.#parameters) {
      const own = values.get(name);
      if (!own) throw new Error(`the state has no '${kind}' of '${name}'`);
      this.write(name, kind as 'parameter' | Kept, own);
    }
  }
}
