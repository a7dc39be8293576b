// What the person has chosen, kept as differences from the defaults, and what follows from it: the run's configuration and the requests for
// memory plans. Pure. Invariant: a value equal to its default is never kept, so the number of kept values is the number of changes.

import { leftToBudget } from '../../src/protocol/budget.ts';
import type { Catalogue, Learned, MethodCard, TaskCard } from '../../src/protocol/cards.ts';
import {
  type Columns,
  type DataRef,
  defaultTraining,
  type MemorySettings,
  type MethodName,
  type MethodOptions,
  type ModelRef,
  type PolicyName,
  type Pooling,
  type RunConfig,
  type TrainingArguments,
  trainingDefaults,
} from '../../src/protocol/config.ts';
import { knownDataset } from '../../src/protocol/hub_data.ts';
import { defaultLength, textPositions } from '../../src/protocol/lengths.ts';
import type { DataReport, PlanRequest } from '../../src/protocol/messages.ts';
import { readsPooling, trainingOf } from './task_options.ts';

export interface Settings {
  readonly model: ModelRef;
  /** Positions of the model, once it is known: the default length depends on them. */
  readonly positions?: number | undefined;
  /** Left out: the pooling that the model's folder says. */
  readonly pooling?: Pooling | undefined;
  /** Pixels along a side of the pictures that the model is to look at. Left out: its own. */
  readonly image_size?: number | undefined;
  /** Of a model that looks at pictures, once it is known: the tokens that a picture is, which is the length of every example. */
  readonly tokens?: number | undefined;
  readonly data: DataRef;
  /** The part of the same data set to evaluate with. Left out: some of `data` is held back. */
  readonly eval_data?: DataRef | undefined;
  readonly columns?: Columns | undefined;
  /** Left out: the first of the catalogue. */
  readonly task?: string | undefined;
  readonly method: MethodName;
  /** Left out: the method's default policy. */
  readonly policy?: PolicyName | undefined;
  readonly checkpoint_every: number;
  /** Settings beyond one policy for all layers. */
  readonly memory: Pick<
    MemorySettings,
    'memory_budget' | 'ranges' | 'snapshot_every' | 'micro_batch_size' | 'granularity' | 'chunks' | 'token_chunk'
  >;
  readonly options: Partial<MethodOptions>;
  readonly training: Partial<TrainingArguments>;
}

export const firstRun: Settings = {
  model: { kind: 'bundled', name: 'all-MiniLM-L6-v2' },
  data: { kind: 'bundled', name: 'clinc150', part: 'train' },
  eval_data: { kind: 'bundled', name: 'clinc150', part: 'validation' },
  columns: { text: 'text', label: 'domain' },
  method: 'meft1',
  checkpoint_every: 1,
  memory: {},
  options: {},
  training: {},
};

export function cardOf(catalogue: Catalogue | undefined, method: MethodName): MethodCard | undefined {
  return catalogue?.methods.find(({ name }) => name === method);
}

/** The chosen task; one of another version falls back to the first. */
export function taskOf(catalogue: Catalogue | undefined, { task }: Pick<Settings, 'task'>): TaskCard | undefined {
  return catalogue?.tasks.find(({ name }) => name === task) ?? catalogue?.tasks[0];
}

/** What is learned; the first task learns classes. */
export const learnedOf = (task: TaskCard | undefined): Learned => task?.learns ?? 'class';

/** The task as requests to the worker carry it. */
export const taskRequest = ({ task }: Pick<Settings, 'task'>): { task?: string } => (task === undefined ? {} : { task });

/** Defaults of the training numbers under a method and the chosen optimizer. */
export function trainingDefaultsOf(
  card: MethodCard | undefined,
  { optim = defaultTraining.optim }: Settings['training'],
): TrainingArguments {
  return { ...trainingDefaults(card?.learning_rate ?? defaultTraining.learning_rate, optim), optim: defaultTraining.optim };
}

/** The length where none is chosen: the usual one, or as much as the model takes under the method. */
export function lengthDefault({ positions, options }: Settings, card: MethodCard | undefined): number {
  if (positions === undefined) return defaultTraining.max_length;
  const num_virtual_tokens = options.num_virtual_tokens ?? card?.defaults.fixed.num_virtual_tokens ?? 0;
  return defaultLength(textPositions(positions, card ?? { uses: [] }, { num_virtual_tokens }));
}

export const lengthOf = (settings: Settings, card: MethodCard | undefined): number =>
  settings.tokens ?? settings.training.max_length ?? lengthDefault(settings, card);

export function optionDefaults(card: MethodCard, chosen: Partial<MethodOptions>): MethodOptions {
  return card.defaults[chosen.streams ?? 'fixed'];
}

/** `chosen` with some values set; a value equal to its default is dropped. */
export const withValues = <T extends object>(chosen: Partial<T>, defaults: T, change: Partial<T>): Partial<T> =>
  (Object.keys(change) as (keyof T)[]).reduce((values, key) => withValue(values, defaults, key, change[key] as T[keyof T]), chosen);

/** `chosen` with one value set; a value equal to its default is dropped. */
export function withValue<T extends object, K extends keyof T>(chosen: Partial<T>, defaults: T, key: K, value: T[K]): Partial<T> {
  const { [key]: _, ...others } = chosen;
  const rest = others as Partial<T>;
  return JSON.stringify(value) === JSON.stringify(defaults[key]) ? rest : { ...rest, [key]: value };
}

export function policyOf(settings: Settings, card: MethodCard | undefined): PolicyName {
  const wanted = settings.policy ?? card?.default_policy ?? 'reversible';
  return card === undefined || card.refusals[wanted] === null ? wanted : card.default_policy;
}

/** The chosen options that this method reads. What was chosen for another method is left out. */
export function optionsOf(settings: Settings, card: MethodCard | undefined): Partial<MethodOptions> {
  const uses = new Set<string>(card?.uses ?? []);
  return Object.fromEntries(Object.entries(settings.options).filter(([key]) => uses.has(key)));
}

/** How a batch goes through: what every method takes, so that a comparison has it alike for all. */
function throughOf({ memory: { micro_batch_size, granularity } }: Settings): Settings['memory'] {
  return { ...(micro_batch_size === undefined ? {} : { micro_batch_size }), ...(granularity === undefined ? {} : { granularity }) };
}

/** Memory settings that the method accepts. Snapshots are left out for fixed streams, which lose nothing that a snapshot could mend. */
export function memoryOf(settings: Settings, card: MethodCard | undefined): Settings['memory'] {
  const { memory_budget, ranges, snapshot_every, chunks, token_chunk } = settings.memory;
  const taken = ranges?.every(({ policy }) => card === undefined || card.refusals[policy] === null) === true;
  return {
    ...(memory_budget === undefined ? {} : { memory_budget }),
    ...throughOf(settings),
    ...(chunks === undefined ? {} : { chunks }),
    ...(token_chunk === undefined ? {} : { token_chunk }),
    ...(snapshot_every === undefined || settings.options.streams !== 'float' ? {} : { snapshot_every }),
    ...(ranges !== undefined && taken ? { ranges } : {}),
  };
}

/** With a memory budget: whether it chooses the policy of the layers. */
export function budgetOn({ policy, memory }: Settings): 'chooses' | 'bound' | undefined {
  if (memory.memory_budget === undefined) return undefined;
  return policy === undefined && memory.ranges === undefined ? 'chooses' : 'bound';
}

/** What a budget may choose of the settings that always have a value: those that nobody has set. */
function leftOpen(settings: Settings): Pick<RunConfig, 'budget_chooses'> {
  const budget = budgetOn(settings);
  if (budget === undefined) return {};
  const open = { policy: budget === 'chooses', checkpoint_every: settings.checkpoint_every === firstRun.checkpoint_every };
  return { budget_chooses: leftToBudget.filter((name) => open[name]) };
}

/** Drops the ranges of layers when the model, the method or the number of frozen layers changes, since they name layers of the old choice. */
export function withoutStaleRanges(settings: Settings, before: Settings): Settings {
  const same =
    settings.model === before.model && settings.method === before.method && settings.options.frozen_layers === before.options.frozen_layers;
  if (same || settings.memory.ranges === undefined) return settings;
  const { ranges: _, ...memory } = settings.memory;
  return { ...settings, memory };
}

export function changedCount(settings: Settings, card: MethodCard | undefined): number {
  const policy = card !== undefined && policyOf(settings, card) !== card.default_policy ? 1 : 0;
  const memory = Object.keys(memoryOf(settings, card)).length + (settings.checkpoint_every === firstRun.checkpoint_every ? 0 : 1);
  return Object.keys(settings.training).length + Object.keys(optionsOf(settings, card)).length + memory + policy;
}

/** The part of the chosen data set that evaluates; of one that has none a tenth is held back. Broken pictures are treated alike in both. */
export function evaluationOf({ data, eval_data }: Pick<Settings, 'data' | 'eval_data'>): { eval_data?: DataRef } {
  if (eval_data?.kind !== data.kind || eval_data.name !== data.name) return {};
  if (data.kind !== 'hub' || eval_data.kind !== 'hub' || data.broken_pictures === undefined) return { eval_data };
  return { eval_data: { ...eval_data, broken_pictures: data.broken_pictures } };
}

/** Further splits of a data set of the hub that its task is measured on, such as MNLI's mismatched one, while its usual split is evaluated with. */
function moreEvaluationOf({ data, eval_data }: Settings): Pick<RunConfig, 'more_eval_data'> {
  if (data.kind !== 'hub' || eval_data?.kind !== 'hub') return {};
  const { more_eval_splits, eval_split } = knownDataset(data.id, data.config) ?? {};
  if (more_eval_splits === undefined || eval_data.split !== eval_split) return {};
  return { more_eval_data: Object.fromEntries(Object.entries(more_eval_splits).map(([name, split]) => [name, { ...eval_data, split }])) };
}

/** The run that is chosen, with what its task reads. */
export function runConfigOf(settings: Settings, card: MethodCard, task?: TaskCard): RunConfig {
  const { model, pooling, image_size, data, columns, method, checkpoint_every } = settings;
  return {
    model,
    ...(pooling === undefined || !readsPooling(task) ? {} : { pooling }),
    ...(image_size === undefined ? {} : { image_size }),
    data,
    ...evaluationOf(settings),
    ...moreEvaluationOf(settings),
    ...(columns === undefined ? {} : { columns }),
    ...taskRequest(settings),
    method,
    policy: policyOf(settings, card),
    checkpoint_every,
    ...memoryOf(settings, card),
    ...leftOpen(settings),
    options: { ...optionsOf(settings, card), ...streamsOf(settings, card) },
    training: {
      ...trainingDefaultsOf(card, settings.training),
      ...trainingOf(settings.training, task),
      max_length: lengthOf(settings, card),
    },
  };
}

function streamsOf(settings: Settings, card: MethodCard): Partial<MethodOptions> {
  return card.uses.includes('streams') ? { streams: settings.options.streams ?? 'fixed' } : {};
}

/** Labels that a plan assumes until the data have been examined. */
const ASSUMED_LABELS = 10;

/** The training numbers that a plan depends on: what the optimizer keeps, and how many texts an evaluation writes together. */
function keptBy({ optim, momentum, head_learning_rate, max_generate_samples }: Settings['training']): Partial<TrainingArguments> {
  return {
    ...(optim === undefined ? {} : { optim }),
    ...(momentum === undefined ? {} : { momentum }),
    ...(head_learning_rate === undefined ? {} : { head_learning_rate }),
    ...(max_generate_samples === undefined ? {} : { max_generate_samples }),
  };
}

type PlanOf = Pick<PlanRequest, 'method' | 'policy' | 'options' | 'budget_chooses' | 'granularities'> & Settings['memory'];

/** A plan at the chosen batch and length: of a whole run where the data are known for this length, or of one `step` at that length. */
export function planRequestOf(
  settings: Settings,
  length: number,
  report: DataReport | undefined,
  of: PlanOf,
  extent: 'run' | 'step',
): PlanRequest {
  const training = { ...defaultTraining, ...settings.training };
  return {
    model: settings.model,
    ...taskRequest(settings),
    ...(settings.pooling === undefined ? {} : { pooling: settings.pooling }),
    ...(settings.image_size === undefined ? {} : { image_size: settings.image_size }),
    num_labels: report?.labels.length ?? ASSUMED_LABELS,
    ...(report?.rows_per_example === undefined ? {} : { rows_per_example: report.rows_per_example }),
    checkpoint_every: settings.checkpoint_every,
    ...throughOf(settings),
    ...of,
    batch_size: training.batch_size,
    length,
    ...(extent === 'run' && report?.max_length === length ? { buckets: report.buckets } : {}),
    dropout: training.dropout,
    optimizer: keptBy(settings.training),
  };
}

/** The chosen plan, then those it is compared with, each once. All at the same batch and length. */
export function planRequestsOf(settings: Settings, catalogue: Catalogue, report: DataReport | undefined): PlanRequest[] {
  const card = cardOf(catalogue, settings.method);
  const request = (of: PlanOf) => planRequestOf(settings, lengthOf(settings, card), report, of, 'run');
  const chosen = request({
    method: settings.method,
    policy: policyOf(settings, card),
    options: optionsOf(settings, card),
    ...memoryOf(settings, card),
    ...leftOpen(settings),
    granularities: 'all',
  });
  const others = (['full', 'lora'] as const)
    .filter((method) => cardOf(catalogue, method) !== undefined && !(method === chosen.method && chosen.policy === 'store'))
    .map((method) => request({ method, policy: 'store', options: {} }));
  return [chosen, ...others];
}
