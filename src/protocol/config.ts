// What a run is: model, data, method, numbers. Plain data that goes from the page or the command line to the session, into checkpoints and into
// exports. Not here: defaults of methods (src/methods). Invariant: a valid RunConfig and a seed determine a run on a given device.

import * as v from 'valibot';
import { RetraceError } from './errors.ts';
import { type OptimizerName, optimizerCards, optimizerNames } from './optimizers.ts';

/** A method by name; src/methods/registry.ts knows which there are. */
export type MethodName = string;

export const policyNames = ['store', 'checkpoint', 'reversible'] as const;
export type PolicyName = (typeof policyNames)[number];

export const streamKinds = ['float', 'fixed'] as const;
export type StreamKind = (typeof streamKinds)[number];

export const poolings = ['mean', 'cls'] as const;
export type Pooling = (typeof poolings)[number];

/** Schedules of the learning rate, as Transformers names them. */
export const schedulerNames = ['linear', 'cosine', 'constant_with_warmup'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

/** Classes that a head may have. The counts of a confusion table are their square. */
export const mostLabels = 4096;

/** Memory categories of the one allocator. */
export const categories = ['weights', 'adapter', 'gradient', 'optimizer', 'activation', 'workspace', 'staging'] as const;
export type Category = (typeof categories)[number];
export type CategoryBytes = Record<Category, number>;

const file = v.object({ path: v.string(), blob: v.instance(Blob) });
const modelRef = v.variant('kind', [
  v.object({ kind: v.literal('bundled'), name: v.string() }),
  /** A model folder from disk: its files with paths relative to the folder. */
  v.object({ kind: v.literal('files'), name: v.string(), files: v.array(file) }),
]);
export type ModelRef = v.InferOutput<typeof modelRef>;

const dataRef = v.variant('kind', [
  /** `part` is `train`, `validation` or `test`. */
  v.object({ kind: v.literal('bundled'), name: v.string(), part: v.string() }),
  /** A CSV or TSV; `header` false where its first row is data. */
  v.object({ kind: v.literal('file'), name: v.string(), blob: v.instance(Blob), header: v.optional(v.boolean()) }),
]);
export type DataRef = v.InferOutput<typeof dataRef>;

const columns = v.object({
  /** Names, or 0-based numbers as strings where the table has no header. */
  text: v.string(),
  text_pair: v.optional(v.string()),
  label: v.string(),
});
export type Columns = v.InferOutput<typeof columns>;
/** Columns as people name them, the others to be guessed; a `text_pair` of null: there is none. */
export type NamedColumns = Readonly<Partial<Omit<Columns, 'text_pair'>> & { text_pair?: string | null | undefined }>;
/** Why a column was guessed to be what it is, in words; only of those that were guessed. */
export type ColumnReasons = Readonly<Partial<Record<keyof Columns, string>>>;

/** Numbers that kernels take as f32. */
const most = 1e30;
const positive = v.pipe(v.number(), v.gtValue(0), v.maxValue(most));
const notNegative = v.pipe(v.number(), v.minValue(0), v.maxValue(most));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const probability = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const unsigned = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));

export const finalCombinations = ['mean', 'weighted'] as const;
export const loraBiases = ['none', 'all', 'lora_only'] as const;
export const rnnTypes = ['gru', 'lstm', 'rnn'] as const;
export const aggregations = ['mean', 'last'] as const;
export const activationRules = ['token', 'union'] as const;

/** Each is compared with every dense layer. */
const modules = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000))), v.maxLength(4096));

/** Hyper-parameters of all methods; each method says which it reads. */
const methodOptions = v.object({
  /** Bottom layers that stay plain and frozen, without what the method adds. */
  frozen_layers: v.pipe(v.number(), v.integer(), v.minValue(0)),
  streams: v.picklist(streamKinds),
  lambda: v.pipe(positive, v.maxValue(1)),
  beta: v.pipe(positive, v.maxValue(1)),
  /** Bottleneck of adapters, rank of LoRA. */
  adapter_size: v.pipe(count, v.maxValue(65536)),
  adapter_init_std: notNegative,
  /** LayerNorm before the stand-alone adapter of a reversible layer. */
  adapter_layer_norm: v.boolean(),
  /** Factor on a parallel adapter's output. */
  adapter_scaling: positive,
  /** Bits after the point of fixed streams. */
  fraction_bits: v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(26)),
  /** How two streams become one: their mean, or 1 for the pretrained one and `combination_weight` for the other. */
  final_combination: v.picklist(finalCombinations),
  combination_weight: notNegative,
  lora_alpha: positive,
  lora_dropout: probability,
  target_modules: modules,
  /** Those of target_modules whose input is scaled by (IA)³, not their output. */
  feedforward_modules: modules,
  bias: v.picklist(loraBiases),
  num_virtual_tokens: v.pipe(count, v.maxValue(256)),
  rnn_type: v.picklist(rnnTypes),
  rnn_hidden_size: v.pipe(count, v.multipleOf(4), v.maxValue(65536)),
  aggregation: v.picklist(aggregations),
  joiner: v.boolean(),
  output_scale: positive,
  reduction_factor: count,
  gate_temperature: positive,
  /** 0: 4·√adapter_size. */
  num_experts: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65536)),
  num_probed_experts: v.pipe(count, v.maxValue(65536)),
  num_activated: v.pipe(count, v.maxValue(65536)),
  activation_rule: v.picklist(activationRules),
  /** Start away from the pretrained behaviour by this constant, to study what that costs; 0: as the method starts. */
  init_factor: notNegative,
});
export type MethodOptions = Readonly<v.InferOutput<typeof methodOptions>>;
/** Names and schemas of the hyper-parameters, for forms and flags. */
export const methodOptionSchemas = methodOptions.entries;
/** Every way in meets it: forms, flags, imported adapters and stored runs. */
export const methodChoices = v.partial(methodOptions);
/** Those options that differ from a method's defaults. */
export type MethodChoices = Readonly<v.InferOutput<typeof methodChoices>>;

/** Names and meanings as in Transformers' TrainingArguments. */
const trainingArguments = v.object({
  batch_size: count,
  max_length: v.pipe(count, v.minValue(4)),
  /** Optimizer steps; -1: as many as `epochs` gives. */
  max_steps: v.pipe(v.number(), v.integer(), v.minValue(-1)),
  epochs: positive,
  optim: v.optional(v.picklist(optimizerNames), 'adamw'),
  lr_scheduler_type: v.optional(v.picklist(schedulerNames), 'linear'),
  learning_rate: positive,
  /** Of the classifier; left out: as the rest. */
  head_learning_rate: v.optional(positive),
  weight_decay: notNegative,
  warmup_ratio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** 0: no clipping. */
  max_grad_norm: notNegative,
  gradient_accumulation_steps: v.pipe(count, v.maxValue(65536)),
  /** Replaces the dropout probabilities of the model's configuration. */
  dropout: probability,
  adam_beta1: probability,
  adam_beta2: probability,
  adam_epsilon: positive,
  /** Of SGD. */
  momentum: v.optional(probability, 0.9),
  /** Steps between evaluations; 0: at the end only. */
  eval_steps: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Evaluations without improvement before the run stops; 0: never. */
  early_stopping_patience: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Steps between checkpoints; 0: only when paused or stopped. */
  save_steps: v.pipe(v.number(), v.integer(), v.minValue(0)),
  seed: unsigned,
});
export type TrainingArguments = Readonly<v.InferOutput<typeof trainingArguments>>;
export const trainingNames = Object.keys(trainingArguments.entries) as readonly (keyof TrainingArguments)[];

export const defaultTraining: TrainingArguments = {
  batch_size: 16,
  max_length: 64,
  max_steps: 200,
  epochs: 3,
  optim: 'adamw',
  lr_scheduler_type: 'linear',
  learning_rate: 3e-3,
  weight_decay: 0.1,
  warmup_ratio: 0.06,
  max_grad_norm: 1,
  gradient_accumulation_steps: 1,
  dropout: 0.1,
  adam_beta1: 0.9,
  adam_beta2: 0.98,
  adam_epsilon: 1e-6,
  momentum: 0.9,
  eval_steps: 50,
  early_stopping_patience: 0,
  save_steps: 25,
  seed: 42,
};

/** The defaults for a method's learning rate and an optimizer: its own numbers stand above those of all. */
export function trainingDefaults(learning_rate: number, optim: OptimizerName): TrainingArguments {
  const { defaults, learning_rate_factor } = optimizerCards[optim];
  return { ...defaultTraining, ...defaults, optim, learning_rate: Number((learning_rate * learning_rate_factor).toPrecision(6)) };
}

const layer = v.pipe(v.number(), v.integer(), v.minValue(0));
const policyRange = v.object({
  /** Layers [from, to). */
  from: layer,
  to: layer,
  policy: v.picklist(policyNames),
  /** For `checkpoint`: layers a segment; for `reversible`: layers between snapshots of the streams (left out: none). */
  every: v.optional(count),
});

/** How activations come back in the backward pass. */
const memorySettings = {
  policy: v.picklist(policyNames),
  /** Layers per segment under `checkpoint`. */
  checkpoint_every: count,
  /** Under `reversible`: layers between snapshots of the streams, which end what float streams lose. Left out: none. */
  snapshot_every: v.optional(count),
  /** In place of one policy for all layers: ranges that cover them in order, from the first that is not frozen. */
  ranges: v.optional(v.array(policyRange)),
  /** Parts of a batch that a layer works on one after the other where it runs again. Left out: as many as keep 512 tokens in each. */
  chunks: v.optional(count),
  /** Tokens that a feed-forward pair works on at a time where it runs again. Left out: 128. */
  token_chunk: v.optional(count),
};
const memoryObject = v.object(memorySettings);
export type MemorySettings = Readonly<v.InferOutput<typeof memoryObject>>;

const runConfig = v.object({
  model: modelRef,
  /** Left out: what the model's folder says (1_Pooling), else the pooler on the first token. */
  pooling: v.optional(v.picklist(poolings)),
  data: dataRef,
  /** Left out: a seeded tenth of the data is held back. */
  eval_data: v.optional(dataRef),
  /** Left out: guessed. */
  columns: v.optional(columns),
  task: v.literal('classification'),
  method: v.pipe(v.string(), v.nonEmpty()),
  ...memorySettings,
  options: methodChoices,
  training: trainingArguments,
});
export type RunConfig = Readonly<v.InferOutput<typeof runConfig>>;

/** A checked RunConfig, or an error that names the field, what it is and what it may be. */
export function parseRunConfig(input: unknown): RunConfig {
  const result = v.safeParse(runConfig, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new RetraceError({
    code: 'run-config',
    message: issue.message,
    where: v.getDotPath(issue) ?? 'run configuration',
    remedy: 'Correct this setting.',
  });
}
