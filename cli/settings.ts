// From flags to a run: settings are plain data that a folder can remember, and the session's RunConfig is made from them. Defaults come from
// the protocol and from the method's card, never from here.

import { basename } from 'node:path';
import { leftToBudget } from '../src/protocol/budget.ts';
import type { MethodCard } from '../src/protocol/cards.ts';
import {
  type DataRef,
  defaultTraining,
  type MemorySettings,
  type MethodChoices,
  type MethodName,
  type NamedColumns,
  type PolicyName,
  type Pooling,
  parseRunConfig,
  type RunConfig,
  type TrainingArguments,
  trainingDefaults,
} from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { defaultLength, textPositions } from '../src/protocol/lengths.ts';
import { type OptimizerName, optimizerCards, readsArgument } from '../src/protocol/optimizers.ts';
import { memoryOptions } from '../src/protocol/options/memory.ts';
import { taskNamed, taskNames } from '../src/tasks/registry.ts';
import type { Task } from '../src/tasks/task.ts';
import { adapterPlace, adapterSource } from './adapter_files.ts';
import { namedColumns, wholeColumns } from './columns.ts';
import { type DataPlace, dataPlace, dataRef, evaluationPlace } from './data.ts';
import { type Given, usage } from './flags.ts';
import { type ModelPlace, modelPlace, modelRef } from './models.ts';
import type { OpenSession } from './open_session.ts';
import { flagOf, givenOptions, isOption, memoryNames, optionNames, trainingNames } from './option_flags.ts';
import { parseRanges } from './policy_ranges.ts';
import { givenReading, placedReading } from './reading.ts';

export interface Settings extends MemorySettings {
  readonly model: ModelPlace;
  /** The adapter that training began from: an absolute path, or an id of the hub. */
  readonly adapter?: string;
  readonly pooling?: Pooling;
  /** Of pictures; left out: the model's own. */
  readonly image_size?: number;
  /** Left out in runs of earlier versions: the first of the tasks. */
  readonly task?: string;
  readonly data: DataPlace;
  readonly eval_data?: DataPlace;
  readonly more_eval_data?: Readonly<Record<string, DataPlace>>;
  /** Complete once the data were looked at. */
  readonly columns: NamedColumns;
  readonly method: MethodName;
  readonly options: MethodChoices;
  readonly training: TrainingArguments;
}

export const textOf = (given: Given, name: string): string | undefined => given[name] as string | undefined;
export const numberOf = (given: Given, name: string): number | undefined => given[name] as number | undefined;
export const listOf = (given: Given, name: string): readonly string[] | undefined => given[name] as readonly string[] | undefined;

/** A run that is gone on with keeps the commit of its data, whatever has become of them since. */
function atItsCommit(data: DataPlace, kept: DataPlace | undefined): DataPlace {
  if (data.kind !== 'hub' || kept?.kind !== 'hub') return data;
  return (['id', 'config', 'split', 'revision'] as const).every((key) => data[key] === kept[key])
    ? { ...kept, ...placedReading(data) }
    : data;
}

/** What a task is trained on where nothing else is named: its data set of the hub. */
function usualData(task: string): string {
  const { dataset, inputs } = taskNamed(task);
  return dataset === undefined ? { text: 'bundled:clinc150', image: 'bundled:digits' }[inputs] : `${dataset.id}/${dataset.config}/train`;
}

/** Names of further sets: `mismatched` of a split validation_mismatched and of a file dev_mismatched.tsv. Error: `usage`, where two have one name. */
function namedSets(places: readonly DataPlace[]): Record<string, DataPlace> {
  const nameOf = (place: DataPlace): string =>
    (place.kind === 'hub'
      ? place.split
      : place.kind === 'bundled'
        ? place.part
        : (place.part ?? basename(place.path).replace(/\.[^.]*$/, ''))
    )
      .replace(/^(?:validation|dev|test)_/, '')
      .replace(/\W+/g, '_');
  const sets: Record<string, DataPlace> = {};
  for (const place of places) {
    const name = nameOf(place);
    if (name in sets) throw usage(`Two sets of --eval-data would be called '${name}'.`, 'Rename one of the files.', '--eval-data');
    sets[name] = place;
  }
  return sets;
}

/** The further sets that a task of the hub is evaluated with. */
async function furtherPlaces({ dataset }: Task, data: DataPlace, given: Given): Promise<Record<string, DataPlace> | undefined> {
  const splits = Object.entries(dataset?.more_eval_splits ?? {});
  if (dataset === undefined || splits.length === 0 || data.kind !== 'hub' || data.id !== dataset.id || data.config !== dataset.config)
    return undefined;
  const at = data.revision === undefined ? '' : `@${data.revision}`;
  const asked = { flag: '--eval-data', part: 'validation', reading: {}, given } as const;
  const places = await Promise.all(splits.map(([, split]) => dataPlace(`${data.id}/${data.config}/${split}${at}`, asked)));
  return Object.fromEntries(splits.map(([name], i) => [name, places[i] as DataPlace]));
}

/** What the flags say of the data; a training part alone is evaluated on its validation part, where it has one. */
async function dataOf(given: Given, task: string, kept?: Settings): Promise<Pick<Settings, 'data' | 'eval_data' | 'more_eval_data'>> {
  const reading = { ...(kept ? placedReading(kept.data) : {}), ...givenReading(given) };
  const named = textOf(given, 'data');
  const data =
    named !== undefined || !kept
      ? atItsCommit(await dataPlace(named ?? usualData(task), { flag: '--data', part: 'train', reading, given }), kept?.data)
      : kept.data.kind === 'file'
        ? { ...kept.data, ...reading, header: reading.header ?? kept.data.header }
        : { ...kept.data, ...(kept.data.kind === 'hub' ? reading : {}) };
  const evaluations = listOf(given, 'eval-data') ?? [];
  if (evaluations.length > 0) {
    const asked = { flag: '--eval-data', part: 'validation', reading, given } as const;
    const [eval_data, ...more] = await Promise.all(evaluations.map((evaluation) => dataPlace(evaluation, asked)));
    return { data, ...(eval_data ? { eval_data } : {}), ...(more.length > 0 ? { more_eval_data: namedSets(more) } : {}) };
  }
  const eval_data = kept?.eval_data ?? (await evaluationPlace(data, given));
  const more_eval_data = kept ? kept.more_eval_data : await furtherPlaces(taskNamed(task), data, given);
  return { data, ...(eval_data ? { eval_data } : {}), ...(more_eval_data ? { more_eval_data } : {}) };
}

/** Those hyper-parameters that the method reads. */
export function readBy({ uses }: MethodCard, options: MethodChoices): MethodChoices {
  return Object.fromEntries(Object.entries(options).filter(([name]) => (uses as readonly string[]).includes(name)));
}

/** Error `usage` where a number is given that the method, the optimizer or the memory policy does not read. */
export function requireRead(
  given: Given,
  methods: readonly MethodCard[],
  { method, policy, ranges, budget_chooses, training }: Settings,
): void {
  const { optim } = training;
  const read: readonly string[] = methods.find(({ name }) => name === method)?.uses ?? [];
  const refuse = (name: string, where: string, remedy: string) => {
    throw usage(`${flagOf(name)} changes nothing ${where}.`, `Leave it out; ${remedy}.`, flagOf(name));
  };
  for (const name of Object.keys(givenOptions(given, optionNames)).filter((one) => !read.includes(one)))
    refuse(name, `in ${method}`, `${method} reads ${read.map(flagOf).join(', ') || 'no hyper-parameter'}`);
  for (const name of Object.keys(givenOptions(given, trainingNames)).filter((one) => !readsArgument(optim, one)))
    refuse(name, `in ${optim}`, `${optim} reads ${Object.keys(optimizerCards[optim].defaults).map(flagOf).join(', ') || 'no such number'}`);
  for (const [name, owner] of [
    ['checkpoint_every', 'checkpoint'],
    ['snapshot_every', 'reversible'],
  ] as const) {
    if (given[flagOf(name).slice(2)] === undefined) continue;
    if (budget_chooses?.includes('policy')) continue;
    if (ranges) refuse(name, 'beside --ranges', `write FROM-TO:${owner}/N there`);
    if (policy !== owner) refuse(name, `under the policy ${policy}`, `it belongs to ${owner}`);
  }
}

/** How activations come back: one policy, or ranges of layers under several. */
function memoryOf(given: Given, preset: PolicyName, kept?: Settings): MemorySettings {
  const { policy, ranges, ...numbers } = givenOptions(given, memoryNames);
  if (policy !== undefined && ranges !== undefined)
    throw usage('--memory-policy and --ranges both say how activations come back.', 'Give one of them.', '--ranges');
  const before = kept && memoryIn(kept);
  // A policy that is given ends the ranges of the run before.
  const { ranges: _, ...single } = before ?? {};
  const budgeted = numbers['memory_budget'] !== undefined && kept === undefined;
  const open = leftToBudget.filter((name) => given[flagOf(name).slice(2)] === undefined && !(name === 'policy' && ranges !== undefined));
  return {
    ...{ policy: preset, checkpoint_every: memoryOptions.checkpoint_every.default },
    ...(policy === undefined ? before : single),
    ...(policy === undefined ? {} : { policy: policy as PolicyName }),
    ...(ranges === undefined ? {} : { ranges: parseRanges(ranges as readonly string[]) }),
    ...numbers,
    ...(budgeted ? { budget_chooses: open } : {}),
  };
}

/** The columns that flags name, over those that a run `kept`. */
function columnsOf(given: Given, task: string, kept?: Settings): NamedColumns {
  const columns = { ...kept?.columns, ...namedColumns(given) };
  return wholeColumns(columns, taskNamed(task).parts) ?? columns;
}

/** What of settings says how activations come back. */
export const memoryIn = (settings: MemorySettings): MemorySettings =>
  Object.fromEntries(
    ([...memoryNames, 'budget_chooses'] as const).flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])),
  ) as unknown as MemorySettings;

/** What flags say of the model. A run that is gone on with stays at its commit, whatever its revision has become since. */
function modelOf(given: Given, kept?: Settings): ModelPlace {
  const named = textOf(given, 'model') ?? (kept ? undefined : 'bundled');
  const before = kept?.model ?? '';
  if (named === undefined) {
    if (given['revision'] === undefined || typeof before === 'string') return before;
    return modelOf({ model: before.id, revision: given['revision'] }, kept);
  }
  const place = modelPlace(named, given);
  const same = typeof place !== 'string' && typeof before !== 'string' && place.id === before.id && place.revision === before.revision;
  return same ? before : place;
}

/** Settings from flags over defaults, or over those that a run `kept`. `reads`: what a model reads, which the defaults of task and length heed. */
export async function settingsOf(
  given: Given,
  methods: readonly MethodCard[],
  reads: OpenSession['reads'],
  kept?: Settings,
): Promise<Settings> {
  const method = (textOf(given, 'method') ?? kept?.method ?? 'meft1') as MethodName;
  const card = methods.find(({ name }) => name === method) as MethodCard;
  const model = modelOf(given, kept);
  const chosen = givenOptions(given, trainingNames);
  const optim = (textOf(given, 'optim') ?? defaultTraining.optim) as OptimizerName;
  const pooling = (textOf(given, 'pooling') ?? kept?.pooling) as Pooling | undefined;
  const virtual = { num_virtual_tokens: numberOf(given, 'num-virtual-tokens') ?? card.defaults.fixed.num_virtual_tokens };
  const { inputs, positions } = kept ? { inputs: 'text' as const, positions: 0 } : await reads(model);
  const max_length = inputs === 'text' ? defaultLength(textPositions(positions, card, virtual)) : defaultTraining.max_length;
  const named = textOf(given, 'adapter');
  const adapter = named === undefined ? kept?.adapter : adapterPlace(named);
  const task = textOf(given, 'task') ?? kept?.task ?? taskNamed(undefined, inputs).name;
  const image_size = numberOf(given, 'image-size') ?? kept?.image_size;
  return {
    model,
    ...(adapter === undefined ? {} : { adapter }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(image_size === undefined ? {} : { image_size }),
    task,
    ...(await dataOf(given, task, kept)),
    columns: columnsOf(given, task, kept),
    method,
    ...memoryOf(given, card.default_policy, kept),
    options: { ...kept?.options, ...givenOptions(given, optionNames) },
    training: {
      ...(kept?.training ?? { ...trainingDefaults(card.learning_rate, optim), max_length }),
      // Epochs given alone decide the number of steps.
      ...(chosen['epochs'] !== undefined && chosen['max_steps'] === undefined ? { max_steps: -1 } : {}),
      ...chosen,
    },
  };
}

/** What to say of a length that nobody asked for and that is not the usual one; undefined where there is nothing to say. */
export const lengthNote = (given: Given, { training: { max_length } }: Settings): string | undefined =>
  given['max-length'] === undefined && given['resume'] !== true && max_length < defaultTraining.max_length
    ? `length: at most ${max_length} tokens a text, for the model has positions for no more (--max-length)`
    : undefined;

async function dataRefs(places: Readonly<Record<string, DataPlace>>): Promise<Record<string, DataRef>> {
  const refs = await Promise.all(Object.entries(places).map(async ([name, place]) => [name, await dataRef(place)] as const));
  return Object.fromEntries(refs);
}

/** The session's configuration, checked; of a run that is gone on with, without what it began from. Error: `usage`, naming the flag. */
export async function configOf(settings: Settings, run: 'new' | 'saved' = 'saved'): Promise<RunConfig> {
  const { model, adapter, data, eval_data, more_eval_data, columns: named, ...rest } = settings;
  const columns = wholeColumns(named, taskNamed(rest.task).parts);
  try {
    return parseRunConfig({
      ...rest,
      model: await modelRef(model),
      ...(adapter === undefined || run === 'saved' ? {} : { init_adapter: await adapterSource(adapter) }),
      data: await dataRef(data),
      ...(eval_data ? { eval_data: await dataRef(eval_data) } : {}),
      ...(more_eval_data ? { more_eval_data: await dataRefs(more_eval_data) } : {}),
      ...(columns ? { columns } : {}),
    });
  } catch (thrown) {
    throw asUsage(thrown);
  }
}

/** What is wrong with a value of the configuration, said of its flag. */
export function asUsage(thrown: unknown): unknown {
  if (!(thrown instanceof RetraceError) || thrown.code !== 'run-config') return thrown;
  const path = thrown.where?.split('.') ?? [];
  // Of a list the path goes on into its items.
  const name = flagOf(path.find(isOption) ?? path.at(-1) ?? '');
  const [, expected, received] = /Expected (.+) but received (.+)$/.exec(thrown.message) ?? [];
  return usage(
    expected === undefined ? `${name}: ${thrown.message}` : `${name} is ${received}; allowed: ${expected.replace(/^%/, 'multiples of ')}.`,
    'Correct this value; see --help.',
    name,
  );
}

function readingFlags(data: DataPlace): Record<string, unknown> {
  const { header: _, ...reading } = placedReading(data);
  return reading;
}

/** Fields in which two runs differ, as `name: kept, given`; where files lie does not count. */
export function differences(kept: Settings, given: Settings): string[] {
  const flat = (settings: Settings): Record<string, unknown> => {
    const { training, options, data, columns, method, pooling, image_size, adapter, task = taskNames[0] } = settings;
    return {
      task,
      method,
      adapter,
      ...memoryIn(settings),
      pooling,
      image_size,
      header: data.kind === 'file' && data.header === true,
      'no-header': data.kind === 'file' && data.header === false,
      ...readingFlags(data),
      ...Object.fromEntries(
        Object.entries(columns).map(([part, value]) => [part === 'choices' ? 'choice-columns' : `${part}-column`, value]),
      ),
      ...options,
      ...training,
    };
  };
  const [before, now] = [flat(kept), flat(given)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `${flagOf(name)} (${JSON.stringify(before[name])} in the run, ${JSON.stringify(now[name])} given)`);
}
