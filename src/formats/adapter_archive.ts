// A trained adapter in memory, whatever layout it came from or goes to, and the checks that every layout shares. Knows no engine: which
// tensors a method has is told by the caller. Invariant: tensor names are module paths without a prefix, as the model itself has them.

import * as v from 'valibot';
import { methodChoices, mostLabels, poolings } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';
import { headKinds, type TaskModel } from './task_model.ts';
import { decodeUtf8, isRecord, parseJson } from './text.ts';

export const FORMAT_VERSION = 1;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const ClassCount = v.pipe(Count, v.maxValue(mostLabels));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'));
const HyperParameter = v.union([v.pipe(v.number(), v.finite()), v.string(), v.boolean(), v.array(v.string())]);
const Text = v.union([
  v.string(),
  v.tuple([v.string(), v.string()]),
  v.object({
    text: v.string(),
    text_pair: v.optional(v.string()),
    choices: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
    target: v.optional(v.string()),
  }),
]);
const Channels = v.tuple([v.number(), v.number(), v.number()]);
/** Each text runs through the model. */
const mostSelfTestTexts = 64;
const SelfTest = v.object({
  texts: v.pipe(v.array(Text), v.maxLength(mostSelfTestTexts)),
  logits: v.array(v.array(v.pipe(v.number(), v.finite()))),
  /** Of pictures, which are in a file of their own: what makes numbers of their pixels, (x · rescale_factor - image_mean) / image_std. */
  rescale_factor: v.optional(v.number()),
  image_mean: v.optional(Channels),
  image_std: v.optional(Channels),
});

/** adapter_config.json of the retrace layout, byte for byte in docs/format.md. What PEFT's own files do not say is null. */
export const AdapterConfigSchema = v.object({
  format: v.literal('retrace'),
  format_version: v.literal(FORMAT_VERSION),
  method: v.string(),
  base_model: v.object({ name: v.string(), model_type: v.string(), sha256: v.nullable(Sha256), dtype: v.nullable(v.string()) }),
  /** The task by name, and what Transformers calls its kind. Adapters of earlier versions and of others do not say it. */
  task: v.optional(v.string()),
  problem_type: v.optional(v.picklist(['single_label_classification', 'regression'])),
  /** What outputs are made of; left out: one vector of a text. */
  head: v.optional(v.picklist(headKinds)),
  num_labels: ClassCount,
  pooling: v.picklist(poolings),
  max_length: Count,
  /** Of a model of pictures: pixels along a side of those that it was trained on. */
  image_size: v.optional(Count),
  /** Those that a run takes too meet its schema, in `parseConfig`. */
  hyper_parameters: v.record(v.string(), HyperParameter),
  seed: v.nullable(v.number()),
  retrace_version: v.nullable(v.string()),
  self_test: v.optional(SelfTest),
});

export type AdapterConfig = v.InferOutput<typeof AdapterConfigSchema>;
export type HyperParameters = AdapterConfig['hyper_parameters'];

type Outputs = Pick<AdapterConfig, 'head' | 'problem_type' | 'num_labels'>;

/** One output is a number, as Transformers takes it, unless the adapter says that it is a class, or what else. */
export const isRegression = ({ head = 'sequence', problem_type, num_labels }: Outputs): boolean =>
  head === 'sequence' && (problem_type ?? (num_labels === 1 ? 'regression' : 'single_label_classification')) === 'regression';

/** Whether its outputs are classes, which have names. */
export const hasClasses = (config: Outputs): boolean => (config.head ?? 'sequence') === 'sequence' && !isRegression(config);

/** What is recorded of a text: an output for each label, or a number for each of its choices. */
const recordedOf = (text: v.InferOutput<typeof Text> | undefined, num_labels: number): number =>
  typeof text === 'object' && 'choices' in text && text.choices ? text.choices.length : num_labels;

export interface AdapterTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

export interface AdapterArchive {
  readonly method: string;
  readonly config: AdapterConfig;
  /** [num_labels]; none where the one output is a number. */
  readonly labels: readonly string[];
  readonly tensors: ReadonlyMap<string, AdapterTensor>;
  /** Of its self-test, where that is of pictures: [S, S, 3] each. */
  readonly pictures?: readonly Uint8Array<ArrayBuffer>[];
  /** Of one that was read: what people should know of what its own files do not say. */
  readonly notes?: readonly string[];
}

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What the reader of an adapter knows and a file must fit. */
export interface AdapterExpectations {
  readonly methods: readonly string[];
  /** The base that is loaded, where one is. `sha256` is of its model.safetensors, absent before that was read. */
  readonly base?: { readonly name: string; readonly sha256?: string };
  /** The longest text that the method takes on it: what adapters may say at most, and what those have that don't say. */
  positionsOf?(method: string, hyper_parameters: HyperParameters): number;
  /** What is called how in the base. */
  readonly model: TaskModel;
  /** The base's own classifier, as f32, by its parameters; or why there is none, as the rest of a sentence. */
  head?(): Promise<ReadonlyMap<string, AdapterTensor> | string>;
  /** The names that the base's config.json gives to so many classes, where it does. */
  classNames?(count: number): readonly string[] | undefined;
  /** The method's tensors on that base. */
  tensorsOf(config: AdapterConfig): readonly TensorSpec[];
}

const REEXPORT = 'Export the adapter again, or choose the zip that was exported.';

export function refuseAdapter(code: string, message: string, where: string, remedy = REEXPORT): never {
  throw new RetraceError({ code, message, where, remedy });
}

/** The file's bytes, or the error `missing-file` that names those there are. */
export function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes !== undefined) return bytes;
  return refuseAdapter('missing-file', `The adapter has no ${path}; it has ${[...files.keys()].join(', ') || 'no files'}.`, path);
}

/** Labels, settings and a few texts: no more. */
const mostJsonBytes = 16 * 2 ** 20;

export function jsonOf(files: ReadonlyMap<string, Uint8Array>, path: string): Record<string, unknown> {
  const bytes = fileOf(files, path);
  if (bytes.length > mostJsonBytes)
    refuseAdapter('bad-adapter-config', `${path} has ${bytes.length} bytes; at most ${mostJsonBytes} are read.`, path);
  const value = parseJson(path, decodeUtf8(path, bytes));
  return isRecord(value) ? value : refuseAdapter('bad-adapter-config', `${path} is not a JSON object.`, path);
}

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** Checks the config alone. Errors: `unknown-format`, `unknown-method`, `bad-adapter-config`, each naming the key. */
export function parseConfig(value: Record<string, unknown>, where: string, methods: readonly string[]): AdapterConfig {
  const { format, format_version: version, method } = value;
  if (format !== 'retrace' || version !== FORMAT_VERSION) {
    refuseAdapter(
      'unknown-format',
      `${where} says format ${shownValue(format)}, version ${shownValue(version)}; "retrace", version ${FORMAT_VERSION}, and PEFT's adapters are read.`,
      where,
      'Use the version of Retrace that wrote it, or choose another adapter.',
    );
  }
  if (typeof method !== 'string' || !methods.includes(method)) {
    refuseAdapter('unknown-method', `${where} says method ${shownValue(method)}; known are ${methods.join(', ')}.`, `${where}, method`);
  }
  const refuse = (issue: v.BaseIssue<unknown>, within = ''): never => {
    const path = `${within}${v.getDotPath(issue) ?? 'top'}`;
    return refuseAdapter('bad-adapter-config', `${where} is not valid: ${path}: ${issue.message}.`, `${where}, ${path}`);
  };
  const parsed = v.safeParse(AdapterConfigSchema, value);
  if (!parsed.success) return refuse(parsed.issues[0]);
  const config = parsed.output;
  const chosen = v.safeParse(methodChoices, config.hyper_parameters);
  if (!chosen.success) refuse(chosen.issues[0], 'hyper_parameters.');
  const { self_test, num_labels } = config;
  if (isRegression(config) && num_labels !== 1) {
    refuseAdapter(
      'bad-adapter-config',
      `${where} is not valid: a regression has one output, and num_labels is ${num_labels}.`,
      `${where}, num_labels`,
    );
  }
  const misfits = ({ texts, logits }: NonNullable<AdapterConfig['self_test']>) =>
    texts.length !== logits.length || logits.some((row, i) => row.length !== recordedOf(texts[i], num_labels));
  if (self_test && misfits(self_test)) {
    const rows = `${self_test.logits.length} rows of logits for ${self_test.texts.length} texts and ${num_labels} classes`;
    refuseAdapter('bad-adapter-config', `${where} is not valid: its self_test has ${rows}.`, `${where}, self_test`);
  }
  return config;
}

/** Error `wrong-base` where the adapter was trained on other weights than those loaded. An adapter that names no checksum passes. */
export function checkBase(config: AdapterConfig, base: AdapterExpectations['base']): void {
  const { name, sha256 } = config.base_model;
  if (base?.sha256 === undefined || sha256 === null || sha256 === base.sha256) return;
  refuseAdapter(
    'wrong-base',
    `The adapter was trained on ${name} (sha256 ${sha256}), but ${base.name} (sha256 ${base.sha256}) is loaded.`,
    'adapter, base_model.sha256',
    `Load ${name} first, with the very weights that the model card names.`,
  );
}

/** Error `bad-adapter-config` where the adapter takes longer texts than its base has positions for. */
function checkLength({ method, hyper_parameters, max_length }: AdapterConfig, expect: AdapterExpectations, where: string): void {
  const positions = expect.positionsOf?.(method, hyper_parameters) ?? max_length;
  if (max_length <= positions) return;
  refuseAdapter(
    'bad-adapter-config',
    `${where} says max_length ${max_length}; the base has positions for ${positions} tokens of text.`,
    `${where}, max_length`,
  );
}

/** What a path, or an id of the hub, ends in. */
const lastName = (name: string): string | undefined => name.split(/[\\/]/).findLast((part) => part !== '');

/** An error of tensors that do not fit, with the base that the adapter names where another is loaded: most often that is why. */
function namingBase(thrown: unknown, { base_model }: AdapterConfig, base: AdapterExpectations['base']): unknown {
  const misfit = thrown instanceof RetraceError && ['missing-tensor', 'misshapen-tensor', 'unknown-tensor'].includes(thrown.code);
  if (!misfit || base === undefined || lastName(base.name) === lastName(base_model.name)) return thrown;
  const remedy = `The adapter was trained on ${base_model.name}, and ${base.name} is loaded. Load the model that it was trained on.`;
  return new RetraceError({ ...thrown.toReport(), remedy });
}

/**
 * What every layout does once it knows what the configuration says: that is judged, then labels and tensors are read, by `read`. Errors: those of
 * `parseConfig` and `read`, `wrong-base`, `bad-adapter-config`.
 */
export async function readArchive(
  said: Record<string, unknown>,
  where: string,
  expect: AdapterExpectations,
  read: (config: AdapterConfig, specs: readonly TensorSpec[]) => Promise<Omit<AdapterArchive, 'method' | 'config'>>,
): Promise<AdapterArchive> {
  const config = parseConfig(said, where, expect.methods);
  checkBase(config, expect.base);
  checkLength(config, expect, where);
  const specs = expect.tensorsOf(config);
  try {
    return { method: config.method, config, ...(await read(config, specs)) };
  } catch (thrown) {
    throw namingBase(thrown, config, expect.base);
  }
}

/** What two records of one run have alike; the base's name and the version are for people, and may be corrected by hand. */
const ofOneRun = [
  'method',
  'task',
  'problem_type',
  'head',
  'num_labels',
  'pooling',
  'max_length',
  'hyper_parameters',
  'seed',
  'self_test',
] as const;

/** Error `mixed-runs`, where what rides in the tensor file's metadata says something else than the file beside it: weights of one run, config of another. */
export function requireOneRun(beside: Record<string, unknown>, mirror: Record<string, unknown>, paths: readonly [string, string]): void {
  const other = ofOneRun.filter((key) => key in beside && key in mirror && !same(beside[key], mirror[key]));
  const [first] = other;
  if (first === undefined) return;
  const values = first === 'self_test' ? '' : ` (${shownValue(beside[first])} and ${shownValue(mirror[first])})`;
  refuseAdapter(
    'mixed-runs',
    `${paths[0]} and ${paths[1]} are of two runs: they differ in ${other.join(', ')}${values}.`,
    `${paths[0]}, ${first}`,
    'Put the files of one export side by side: unpack its zip again, or export the adapter again.',
  );
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
