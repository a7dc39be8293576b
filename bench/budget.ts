// What a budget of bytes chooses, and how well the time of a step is predicted. `budget [MODEL]`: budgets by methods at BERT-base's configuration (or another of
// bench/dispatches.ts), batch 16 × 128, with the plan that is chosen, its bytes and its time by the rates of a typical processor; no GPU. `budget measure`: on the
// device at hand, eight plans of the bundled model at a small batch: predicted from rates that are measured by themselves, and measured. Device and steps take
// turns, for a machine's speed drifts: of the rates, as of the steps, the median of all turns counts.

import { markdownTable } from '../cli/format.ts';
import { measureRates } from '../src/measure/rates.ts';
import { methodNamed, resolveOptions } from '../src/methods/registry.ts';
import { ownPooling } from '../src/models/model.ts';
import { type DeviceRates, rateKinds, stepTimes, typicalRates } from '../src/plan/time.ts';
import { type BudgetPlan, choiceText } from '../src/protocol/budget.ts';
import { defaultTraining, type MemorySettings, type MethodName, type PolicyName } from '../src/protocol/config.ts';
import { classification } from '../src/tasks/classification.ts';
import { chooseWithin } from '../src/train/budget.ts';
import { programName } from '../src/train/programs.ts';
import { randomBatch } from '../test/random_model.ts';
import { type TestEngine, testDevice, testEngine } from '../test/testing.ts';
import { bundledModel } from './bundled.ts';
import { planned } from './dispatches.ts';
import { median } from './turns.ts';

const mib = 2 ** 20;
const methods: readonly MethodName[] = ['full', 'lora', 'meft1'];
const shares = [480, 512, 640, 1024, 2048, 4096];

interface BudgetRow {
  readonly method: MethodName;
  readonly budget: number;
  /** Nothing where nothing fits. */
  readonly chosen?: BudgetPlan;
  readonly smallest: number;
  readonly plans: number;
  readonly seconds: number;
}

function choose(model: string, name: MethodName, budget: number): BudgetRow {
  const backbone = planned[model];
  if (!backbone) throw new Error(`there is no configuration '${model}'; there are ${Object.keys(planned).join(', ')}, and 'measure'`);
  const { image, num_hidden_layers: to, max_position_embeddings } = backbone.config;
  const method = methodNamed(name);
  const batch_size = image ? 32 : 16;
  const begin = performance.now();
  const { chosen, smallest, plans } = chooseWithin({
    ...{ budget, rates: typicalRates, checkpoint_every: 1 },
    free: { policy: true, checkpoint_every: true, granularity: true, micro_batch_size: true },
    setup: {
      ...{ task: classification, backbone, method, options: resolveOptions(method, {}, backbone.defaults) },
      ...{ ranges: [{ from: 0, to, policy: 'store' }], pooling: ownPooling(backbone), num_labels: 2, storedType: () => 'f32' },
      ...{ batch_size, step_batch_size: batch_size, buckets: [{ length: image ? max_position_embeddings : 128 }] },
      ...{ optimizer: defaultTraining, purposes: ['training'] },
    },
  });
  const row = { method: name, budget, smallest: smallest.total, plans, seconds: (performance.now() - begin) / 1000 };
  if (!chosen) return row;
  const { setup: _, ...own } = chosen;
  return { ...row, chosen: own };
}

function table(model: string, json: boolean): void {
  const rows = methods.flatMap((method) => shares.map((share) => choose(model, method, share * mib)));
  if (json) {
    console.log(JSON.stringify(rows));
    return;
  }
  console.log(`${model}: milliseconds by the rates of a typical processor\n`);
  const head = ['method', 'budget, MiB', 'chosen', 'MiB', 'dispatches', 'predicted s', 'plans', 'search s'];
  const lines = rows.map(({ method, budget, chosen, smallest, plans, seconds }) => [
    ...[method, String(budget / mib)],
    ...(chosen
      ? [choiceText(chosen, 16), (chosen.total / mib).toFixed(1), String(chosen.dispatches), (chosen.ms / 1000).toFixed(1)]
      : ['nothing fits; the smallest:', (smallest / mib).toFixed(1), '', '']),
    ...[String(plans), seconds.toFixed(1)],
  ]);
  console.log(markdownTable([head, ...lines]));
}

const [B, T, turns] = [4, 32, 5];

interface Case {
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly memory: Partial<MemorySettings>;
}

/** Plans of several methods, policies, granularities and micro-batches. */
const cases: readonly Case[] = [
  { method: 'linear-probe', policy: 'store', memory: { granularity: 'fast' } },
  { method: 'meft1', policy: 'store', memory: { granularity: 'fast' } },
  {
    method: 'meft1',
    policy: 'reversible',
    memory: {
      granularity: 'fast',
      ranges: [
        { from: 0, to: 3, policy: 'reversible' },
        { from: 3, to: 6, policy: 'store' },
      ],
    },
  },
  { method: 'meft1', policy: 'reversible', memory: { granularity: 'fast' } },
  { method: 'lora', policy: 'checkpoint', memory: { granularity: 'frugal', micro_batch_size: 1 } },
  { method: 'full', policy: 'store', memory: { granularity: 'fast' } },
  { method: 'full', policy: 'checkpoint', memory: { granularity: 'fast', checkpoint_every: 2 } },
  { method: 'full', policy: 'checkpoint', memory: { granularity: 'frugal', micro_batch_size: 1 } },
];

const nameOf = ({ method, policy, memory: { ranges, granularity, micro_batch_size } }: Case): string =>
  [
    method,
    ranges ? 'half reversible, half stored' : policy,
    granularity,
    ...(micro_batch_size ? [`micro-batches of ${micro_batch_size}`] : []),
  ].join(', ');

const medianRates = (all: readonly DeviceRates[]): DeviceRates => ({
  dispatch_ms: median(all.map(({ dispatch_ms }) => dispatch_ms)),
  full_groups: median(all.map(({ full_groups }) => full_groups)),
  rates: Object.fromEntries(
    rateKinds.map((kind) => [kind, median(all.map(({ rates }) => rates[kind]))]),
  ) as unknown as DeviceRates['rates'],
});

/** Whether two lists of numbers stand in the same order. */
const order = (values: readonly number[]): string => [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0)).join(' ');

async function measure(json: boolean): Promise<void> {
  const device = await testDevice();
  const model = await bundledModel();
  const engines: TestEngine[] = [];
  for (const { method, policy, memory } of cases) {
    const request = { model, method, policy, memory, pooling: 'mean' as const, num_labels: 10, batch_size: B, lengths: [T] };
    engines.push(await testEngine({ ...request, training: { dropout: 0.1 }, max_steps: 1000 }));
    console.error(`${method} ${policy} ready`);
  }
  const whole = randomBatch(1, B, T, 30522, 10, false);
  const batchesOf = (micro: number) =>
    micro === B
      ? [whole]
      : Array.from({ length: B / micro }, (_, i) => ({ ...randomBatch(1, micro, T, 30522, 10, false), first_example: i * micro }));
  const times: number[][] = cases.map(() => []);
  const rates: DeviceRates[] = [];
  for (let turn = 0; turn <= turns; turn++) {
    const measured = await measureRates(device);
    if (turn > 0) rates.push(measured);
    for (const [i, { trainer, setup }] of engines.entries()) {
      const batches = batchesOf(setup.batch_size);
      const begin = performance.now();
      await trainer.step(turn, batches);
      if (turn > 0) times[i]?.push(performance.now() - begin);
    }
  }
  const of = medianRates(rates);
  const rows = engines.map(({ executor, setup }, i) => {
    const slices = new Array<string>(B / setup.batch_size).fill(programName('training', T));
    const [predicted, measured] = [stepTimes(executor.plan, of)(slices), median(times[i] as number[])];
    return { plan: nameOf(cases[i] as Case), predicted, measured, error: predicted / measured - 1 };
  });
  for (const { executor } of engines) executor.destroy();
  const alike = order(rows.map(({ predicted }) => predicted)) === order(rows.map(({ measured }) => measured));
  const worst = rows.reduce((most, { error }) => Math.max(most, Math.abs(error)), 0);
  const name = device.info.description || device.info.vendor;
  if (json) return console.log(JSON.stringify({ device: name, rates: of, rows, same_order: alike, worst_error: worst }));
  console.log(`${name}: ${JSON.stringify(of)}\n`);
  const lines = rows.map(({ plan, predicted, measured, error }) => [
    ...[plan, predicted.toFixed(0), measured.toFixed(0), `${(100 * error).toFixed(1)} %`],
  ]);
  console.log(markdownTable([['plan', 'predicted ms', 'measured ms', 'error'], ...lines]));
  console.log(
    `\nlargest error ${(100 * worst).toFixed(1)} %; predicted and measured times stand in ${alike ? 'the same order' : 'different orders'}`,
  );
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  if (of[0] === 'measure') return measure(json);
  for (const model of of.length > 0 ? of : ['BERT-base']) table(model, json);
}
