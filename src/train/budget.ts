// A budget of bytes in, the fastest plan out: chooses policy, stored layers, checkpoint interval, granularity and micro-batch for a method, so that all that is
// planned fits and the predicted time of a step is the smallest. What was chosen by hand binds it. Not here: how a device's rates are measured
// (src/measure/rates.ts), what is said to people. Invariant: whatever is chosen was planned whole, and takes no more bytes than the budget.

import { type DeviceRates, stepTimes } from '../plan/time.ts';
import { type GranularityName, granularityNames, type PolicyName } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { PolicyRange } from '../stack/stack.ts';
import { type ProgramSetup, planPrograms, programName } from './programs.ts';
import { stackOf } from './stacks.ts';

/** Settings that the budget may choose; the others are as the setup has them. */
export interface Free {
  /** The policy of all layers, and so stored layers beside others. */
  readonly policy: boolean;
  readonly checkpoint_every: boolean;
  readonly granularity: boolean;
  readonly micro_batch_size: boolean;
}

export interface BudgetRequest {
  /** Bytes that all buffers of a run may take together. */
  readonly budget: number;
  /** With the settings that bind; of the others it says nothing. */
  readonly setup: ProgramSetup;
  readonly free: Free;
  readonly rates: DeviceRates;
  /** Layers a segment where that is not free, and layers between snapshots, which go along with the policy reversible. */
  readonly checkpoint_every: number;
  readonly snapshot_every?: number | undefined;
  /** Bytes of the largest binding of the device, where one is at hand. */
  readonly largest_binding?: number | undefined;
}

/** A plan that was made, and what it takes. */
export interface Candidate {
  readonly ranges: readonly PolicyRange[];
  readonly granularity: GranularityName;
  /** Examples that go through at a time. */
  readonly micro_batch_size: number;
  readonly setup: ProgramSetup;
  /** Bytes of all buffers. */
  readonly total: number;
  readonly activation_and_workspace: number;
  /** Of a step, all its slices. */
  readonly dispatches: number;
  /** Predicted milliseconds of a step of the longest texts. */
  readonly ms: number;
}

export interface Choice {
  /** The fastest that fits; undefined where nothing does. */
  readonly chosen: Candidate | undefined;
  /** What half of the budget, and twice as much, would give. */
  readonly half: Candidate | undefined;
  readonly twice: Candidate | undefined;
  /** The smallest that was planned. */
  readonly smallest: Candidate;
  /** The fastest that was planned, whatever it takes. */
  readonly fastest: Candidate;
  /** How many plans were made. */
  readonly plans: number;
}

/** How the layers that are not stored come back. */
interface Base {
  readonly policy: PolicyName;
  readonly every?: number | undefined;
}

/** Layers a segment that are tried: bytes are least near the root of the layers that there are, and the time is the same. */
const intervals = [1, 2, 3, 4, 6];

const keyOf = (ranges: readonly PolicyRange[], granularity: GranularityName, rows: number): string =>
  `${ranges.map(({ from, to, policy, every }) => `${from}-${to}:${policy}/${every ?? ''}`).join()} ${granularity} ${rows}`;

/** Divisors, the largest first. */
const divisorsOf = (count: number): number[] => Array.from({ length: count }, (_, i) => count - i).filter((one) => count % one === 0);

const bytesThenTime = (a: Candidate, b: Candidate): number => a.total - b.total || a.ms - b.ms;
const timeThenBytes = (a: Candidate, b: Candidate): number => a.ms - b.ms || a.total - b.total;

class Search {
  readonly #request: BudgetRequest;
  /** One training program alone, and all of the run. */
  readonly #single = new Map<string, Candidate | undefined>();
  readonly #whole = new Map<string, Candidate | undefined>();
  #plans = 0;
  #fault: unknown;

  constructor(request: BudgetRequest) {
    this.#request = request;
  }

  get plans(): number {
    return this.#plans;
  }

  get fault(): unknown {
    return this.#fault;
  }

  get made(): Candidate[] {
    return [...this.#single.values(), ...this.#whole.values()].filter((one) => one !== undefined);
  }

  /** Whether the programs of a run are more than the training program of its longest texts. */
  get #isOne(): boolean {
    const { buckets, purposes } = this.#request.setup;
    return buckets.length === 1 && purposes.length === 1;
  }

  #plan(setup: ProgramSetup, granularity: GranularityName): Candidate | undefined {
    this.#plans++;
    try {
      const { plan } = planPrograms(setup);
      const { largest_binding = Number.POSITIVE_INFINITY, rates } = this.#request;
      if (plan.largestBinding.bytes > largest_binding) return undefined;
      const micro_batch_size = setup.batch_size / (setup.rows_per_example ?? 1);
      const slices = Math.ceil((setup.step_batch_size ?? micro_batch_size) / micro_batch_size);
      const name = programName('training', setup.buckets.at(-1)?.length ?? 0);
      const program = plan.programs.get(name);
      return {
        ...{ ranges: setup.ranges, granularity, micro_batch_size, setup, total: plan.total },
        activation_and_workspace: plan.bytes.activation + plan.bytes.workspace,
        dispatches: slices * (program?.lowered.nodes.reduce((sum, { calls }) => sum + calls.length, 0) ?? 0),
        ms: stepTimes(plan, rates)(new Array<string>(slices).fill(name)),
      };
    } catch (thrown) {
      // What can't be planned is no candidate; where nothing can, this is why.
      if (!(thrown instanceof RetraceError)) throw thrown;
      this.#fault ??= thrown;
      return undefined;
    }
  }

  #setupOf(ranges: readonly PolicyRange[], granularity: GranularityName, micro: number): ProgramSetup {
    const { setup } = this.#request;
    return { ...setup, ranges, granularity, batch_size: micro * (setup.rows_per_example ?? 1) };
  }

  /** The plan of the training program of the longest texts: never more than that of the run. */
  single(ranges: readonly PolicyRange[], granularity: GranularityName, micro: number): Candidate | undefined {
    const key = keyOf(ranges, granularity, micro);
    if (!this.#single.has(key)) {
      const setup = this.#setupOf(ranges, granularity, micro);
      this.#single.set(key, this.#plan({ ...setup, buckets: setup.buckets.slice(-1), purposes: ['training'] }, granularity));
    }
    return this.#single.get(key);
  }

  /** The plan of the run. */
  whole({ ranges, granularity, micro_batch_size, ms }: Candidate): Candidate | undefined {
    const key = keyOf(ranges, granularity, micro_batch_size);
    if (this.#isOne) return this.#single.get(key);
    if (!this.#whole.has(key)) {
      const made = this.#plan(this.#setupOf(ranges, granularity, micro_batch_size), granularity);
      this.#whole.set(key, made && { ...made, ms });
    }
    return this.#whole.get(key);
  }
}

/** Ranges with the top `stored` layers stored, and those below them under `base`. */
function rangesOf({ from, to }: { from: number; to: number }, { policy, every }: Base, stored: number): PolicyRange[] {
  const rest = { from, to: to - stored, policy, ...(every === undefined ? {} : { every }) };
  return [rest, { from: to - stored, to, policy: 'store' as const }].filter((range) => range.from < range.to);
}

/** Ways in which layers come back that the method takes and the setup leaves open. */
function basesOf({ setup, free, checkpoint_every, snapshot_every }: BudgetRequest): { recomputed: Base[][]; stores: boolean } {
  const { from, to } = stackOf(setup);
  const every = free.checkpoint_every ? intervals.filter((one) => one <= to - from) : [checkpoint_every];
  const recomputed: Base[][] = [];
  if (!setup.method.refuses('reversible')) recomputed.push([{ policy: 'reversible', every: snapshot_every }]);
  if (!setup.method.refuses('checkpoint')) recomputed.push(every.map((one) => ({ policy: 'checkpoint' as const, every: one })));
  return { recomputed, stores: !setup.method.refuses('store') };
}

/**
 * Plans what may be the fastest within a budget. Larger micro-batches come first, and a smaller one only while a step that stores all of it would be faster than
 * the best so far. Of stored layers as many as fit: each takes bytes and saves the time of running it again.
 */
function searchWithin(search: Search, request: BudgetRequest, budget: number): void {
  const { setup, free } = request;
  const stack = stackOf(setup);
  const layers = stack.to - stack.from;
  const examples = setup.step_batch_size ?? setup.batch_size / (setup.rows_per_example ?? 1);
  const sliceable = free.micro_batch_size && setup.method.wire(setup.backbone, setup.options).wholeBatch !== 'always';
  const micros = sliceable ? divisorsOf(examples) : [setup.batch_size / (setup.rows_per_example ?? 1)];
  // What takes the fewest dispatches first: where it fits, smaller parts only make room for stored layers.
  const granularities = free.granularity ? granularityNames.toReversed() : [setup.granularity ?? 'frugal'];
  let best = Number.POSITIVE_INFINITY;
  const note = (candidate: Candidate | undefined): boolean => {
    const fits = candidate !== undefined && candidate.total <= budget;
    if (fits) best = Math.min(best, candidate.ms);
    return fits;
  };
  const bases = basesOf(request);
  for (const micro of micros) {
    if (!free.policy) {
      const { policy } = setup.ranges[0] ?? { policy: 'store' };
      const varied = setup.ranges.length === 1 && policy === 'checkpoint' && free.checkpoint_every;
      const choices = varied ? (bases.recomputed.at(-1) ?? []).map((base) => rangesOf(stack, base, 0)) : [setup.ranges];
      for (const granularity of granularities) for (const ranges of choices) note(search.single(ranges, granularity, micro));
      continue;
    }
    let bound = 0;
    for (const granularity of granularities) {
      const stored = bases.stores ? search.single(rangesOf(stack, { policy: 'store' }, layers), granularity, micro) : undefined;
      bound = bound === 0 ? (stored?.ms ?? 0) : Math.min(bound, stored?.ms ?? 0);
      if (note(stored)) break;
      for (const family of bases.recomputed)
        mixWithin(search, { stack, family, granularity, micro, stored, budget, note, best: () => best });
    }
    if (best <= bound) break;
  }
}

interface Mixing {
  readonly stack: { readonly from: number; readonly to: number };
  /** The same policy at several intervals. */
  readonly family: readonly Base[];
  readonly granularity: GranularityName;
  readonly micro: number;
  /** All layers stored. */
  readonly stored: Candidate | undefined;
  readonly budget: number;
  note(candidate: Candidate | undefined): boolean;
  best(): number;
}

/** The most stored layers of a family that fit, found by where a line through the bytes of none and of all meets the budget, and from there layer by layer. */
function mixWithin(search: Search, { stack, family, granularity, micro, stored, budget, note, best }: Mixing): void {
  const layers = stack.to - stack.from;
  let least: { base: Base; candidate: Candidate } | undefined;
  for (const base of family) {
    const candidate = search.single(rangesOf(stack, base, 0), granularity, micro);
    note(candidate);
    if (candidate && least && candidate.total > least.candidate.total) break;
    if (candidate) least = { base, candidate };
  }
  if (!least || !stored || least.candidate.total > budget) return;
  const { base, candidate: none } = least;
  const perLayer = (stored.total - none.total) / layers;
  const msPerLayer = (none.ms - stored.ms) / layers;
  let count = Math.max(0, Math.min(layers - 1, perLayer > 0 ? Math.floor((budget - none.total) / perLayer) : layers - 1));
  // A layer more than the line says is the most that it is ever off by; what can't be faster even so is left out.
  if (none.ms - (count + 1) * msPerLayer >= best()) return;
  const fits = (k: number): boolean => k === 0 || note(search.single(rangesOf(stack, base, k), granularity, micro));
  if (fits(count)) while (count + 1 < layers && fits(count + 1)) count++;
  else while (count > 0 && !fits(--count));
}

/** The fastest of what was planned that fits, planned for the whole run. */
function fastestWithin(search: Search, budget: number): Candidate | undefined {
  for (const candidate of search.made.filter(({ total }) => total <= budget).sort(timeThenBytes)) {
    const whole = search.whole(candidate);
    if (whole && whole.total <= budget) return whole;
  }
  return undefined;
}

/** Chooses within a budget, and says what half and twice of it would give. Errors: that of the plan, where none can be made at all. */
export function chooseWithin(request: BudgetRequest): Choice {
  const search = new Search(request);
  const budgets = [request.budget, 2 * request.budget, request.budget / 2];
  for (const budget of budgets) searchWithin(search, request, budget);
  const [chosen, twice, half] = budgets.map((budget) => fastestWithin(search, budget));
  const [smallest] = search.made.sort(bytesThenTime);
  const [fastest] = search.made.sort(timeThenBytes);
  if (!smallest || !fastest) throw search.fault;
  return { chosen, half, twice, smallest: search.whole(smallest) ?? smallest, fastest, plans: search.plans };
}
