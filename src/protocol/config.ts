// What a run is: model, data, method, numbers. Plain data that goes from the page or the command line to the session, into checkpoints and into
// exports. Not here: the options that it is made of (options/), defaults of methods (src/methods). Invariant: a valid RunConfig and a seed determine a run on a given device.

import * as v from 'valibot';
import { leftToBudget } from './budget.ts';
import { RetraceError } from './errors.ts';
import { type OptimizerName, optimizerCards } from './optimizers.ts';
import { generationOptions } from './options/generation.ts';
import { memoryOptions } from './options/memory.ts';
import { methodOptions } from './options/methods.ts';
import { modelOptions } from './options/model.ts';
import { choicesOf, defaultsOf, entriesOf } from './options/option.ts';
import { trainingOptions } from './options/training.ts';
import { readingSettings } from './reading.ts';

/** A method by name; src/methods/registry.ts knows which there are. */
export type MethodName = string;

export { type GranularityName, granularityNames, type PolicyName, policyNames } from './options/memory.ts';
export { type StreamKind, streamKinds } from './options/methods.ts';
export { type Pooling, poolings } from './options/model.ts';
export { type SchedulerName, schedulerNames } from './options/training.ts';

export const activationRules = methodOptions.activation_rule.schema.options;

/** Classes that a head may have. The counts of a confusion table are their square. */
export const mostLabels = 2000;

/** Memory categories of the one allocator. */
export const categories = ['weights', 'adapter', 'gradient', 'optimizer', 'activation', 'workspace', 'staging'] as const;
export type Category = (typeof categories)[number];
export type CategoryBytes = Record<Category, number>;

const file = v.object({ path: v.string(), blob: v.instance(Blob) });
const modelRef = v.variant('kind', [
  v.object({ kind: v.literal('bundled'), name: v.string() }),
  /** A model folder from disk: its files with paths relative to the folder. */
  v.object({ kind: v.literal('files'), name: v.string(), files: v.array(file) }),
  /** A model of the hub, by id; `revision` left out is `main`. With a `commit` it is that very one, whatever the revision has become since. */
  v.object({ kind: v.literal('hub'), name: v.string(), revision: v.optional(v.string()), commit: v.optional(v.string()) }),
]);
export type ModelRef = v.InferOutput<typeof modelRef>;

const dataRef = v.variant('kind', [
  /** `part` is `train`, `validation` or `test`. */
  v.object({ kind: v.literal('bundled'), name: v.string(), part: v.string() }),
  /** A file of rows, and what is said of how to read it. */
  v.object({
    ...{ kind: v.literal('file'), name: v.string(), blob: v.instance(Blob), ...readingSettings },
    /** Of a zip of pictures with several splits, which. */
    part: v.optional(v.string()),
    /** A file with the label of each of its rows, a line each. */
    labels: v.optional(v.object({ name: v.string(), blob: v.instance(Blob) })),
  }),
  /** A split of a data set on the hub: `id` `nyu-mll/glue`, `config` `sst2`, `split` `train`; `name` is what people call it. */
  v.object({
    ...{ kind: v.literal('hub'), name: v.string(), id: v.string(), config: v.string(), split: v.string() },
    revision: v.optional(v.string()),
    /** What was found when a run began with it, so that it goes on with the very same rows: the commit of the files, which they are, names of classes. */
    commit: v.optional(v.string()),
    files: v.optional(v.pipe(v.array(v.string()), v.readonly())),
    classes: v.optional(v.record(v.string(), v.pipe(v.array(v.string()), v.readonly()))),
    /** For the card of what is trained with it. */
    about: v.optional(v.object({ licence: v.optional(v.string()), citation: v.optional(v.string()) })),
    max_rows: readingSettings.max_rows,
    broken_pictures: readingSettings.broken_pictures,
  }),
  /** Pictures: a folder of class folders, or single ones; `part` is one of its splits where it has several. */
  v.object({
    ...{ kind: v.literal('pictures'), name: v.string(), files: v.array(file), part: v.optional(v.string()) },
    ...{ max_rows: readingSettings.max_rows, broken_pictures: readingSettings.broken_pictures },
  }),
]);
export type DataRef = v.InferOutput<typeof dataRef>;

const columns = v.object({
  /** Names, or 0-based numbers as strings where the table has no header. What is read is a text, or a picture. */
  text: v.optional(v.string()),
  image: v.optional(v.string()),
  text_pair: v.optional(v.string()),
  /** The class, the number, or which of the choices is right; texts alone have none. */
  label: v.optional(v.string()),
  /** Answers to choose among: one column that holds a list of them, or several columns that hold one each. */
  choices: v.optional(v.pipe(v.array(v.string()), v.nonEmpty(), v.readonly())),
  /** The text to be written. */
  target: v.optional(v.string()),
});
export type Columns = v.InferOutput<typeof columns>;
/** Names of all columns that play a part, each once. */
export const columnNames = (columns: Columns): readonly string[] => [...new Set(Object.values(columns).flatMap((name) => name ?? []))];
/** What a column may be for a task. */
export type ColumnPart = keyof Columns;
/** The parts that a task's columns play: those without which nothing can be learned, and those that may be there. */
export interface ColumnParts {
  readonly needed: readonly ColumnPart[];
  readonly optional: readonly ColumnPart[];
}
/** Columns as people name them, the others to be guessed; a `text_pair` of null: there is none. */
export type NamedColumns = Readonly<Partial<Omit<Columns, 'text_pair'>> & { text_pair?: string | null | undefined }>;
/** Why a column was guessed to be what it is, in words; only of those that were guessed. */
export type ColumnReasons = Readonly<Partial<Record<keyof Columns, string>>>;

const methodObject = v.object(entriesOf(methodOptions));
/** Hyper-parameters of all methods. */
export type MethodOptions = Readonly<v.InferOutput<typeof methodObject>>;
/** Every way in meets it: forms, flags, imported adapters and stored runs. */
export const methodChoices = v.object(choicesOf(methodOptions));
/** Those options that differ from a method's defaults. */
export type MethodChoices = Readonly<v.InferOutput<typeof methodChoices>>;

const trainingArguments = v.object(entriesOf(trainingOptions));
export type TrainingArguments = Readonly<v.InferOutput<typeof trainingArguments>>;
export const defaultTraining: TrainingArguments = defaultsOf(trainingOptions);

/** The defaults for a method's learning rate and an optimizer: its own numbers stand above those of all. */
export function trainingDefaults(learning_rate: number, optim: OptimizerName): TrainingArguments {
  const { defaults, learning_rate_factor } = optimizerCards[optim];
  return { ...defaultTraining, ...defaults, optim, learning_rate: Number((learning_rate * learning_rate_factor).toPrecision(6)) };
}

const generationObject = v.object(entriesOf(generationOptions));
/** How texts are written. */
export type GenerationOptions = Readonly<v.InferOutput<typeof generationObject>>;
export const defaultGeneration: GenerationOptions = defaultsOf(generationOptions);

/** Options of which some are left out, checked and filled up. Error `run-config`. */
export const parseGeneration = (input: unknown): GenerationOptions => checked(generationObject, input, 'generation options');

/** How activations come back in the backward pass. A run names its policy: which one a method has is not known here. */
const memorySettings = {
  ...entriesOf(memoryOptions),
  policy: memoryOptions.policy.schema,
  /** With a memory budget: which of these it may choose. Left out: it has chosen already, or there is none, and everything is as it stands here. */
  budget_chooses: v.optional(v.pipe(v.array(v.picklist(leftToBudget)), v.readonly())),
};
const memoryObject = v.object(memorySettings);
export type MemorySettings = Readonly<v.InferOutput<typeof memoryObject>>;

const adapterSource = v.union([
  v.object({ zip: v.instance(Blob), name: v.optional(v.string()) }),
  v.object({ files: v.array(file) }),
  v.object({ hub: v.string() }),
]);
/** An adapter: a zip, by the `name` that errors call it, the files of a folder by their paths in it, or a repository of the hub, `org/name@revision`. */
export type AdapterSource = v.InferOutput<typeof adapterSource>;

const runForms = v.object({ device: v.string(), chosen: v.record(v.string(), v.array(v.string())) });

const runConfig = v.object({
  model: modelRef,
  /** What training begins from, in place of the method's own start: an adapter of this method on this model. A run that is gone on with does not read it. */
  init_adapter: v.optional(adapterSource),
  ...entriesOf(modelOptions),
  data: dataRef,
  /** Left out: a seeded tenth of the data is held back. */
  eval_data: v.optional(dataRef),
  /** Further sets to evaluate with, by name; what is measured there is called `NAME_metric`, as Transformers' Trainer does. The best is chosen by `eval_data`. */
  more_eval_data: v.optional(v.record(v.string(), dataRef)),
  /** Left out: guessed. */
  columns: v.optional(columns),
  /** Left out: the first of the tasks (src/tasks/registry.ts). */
  task: v.optional(v.pipe(v.string(), v.nonEmpty())),
  method: v.pipe(v.string(), v.nonEmpty()),
  ...memorySettings,
  options: methodChoices,
  training: trainingArguments,
  /** Of a run that is gone on with: the device that it began on, and the forms of kernels that it had there. Left out: those of its device. */
  forms: v.optional(runForms),
});
export type RunForms = Readonly<v.InferOutput<typeof runForms>>;
export type RunConfig = Readonly<v.InferOutput<typeof runConfig>>;

/** A checked RunConfig, or an error that names the field, what it is and what it may be. */
export const parseRunConfig = (input: unknown): RunConfig => checked(runConfig, input, 'run configuration');

function checked<S extends v.GenericSchema>(schema: S, input: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new RetraceError({
    code: 'run-config',
    message: issue.message,
    where: v.getDotPath(issue) ?? where,
    remedy: 'Correct this setting.',
  });
}
