// The wire between page and worker. Calls go one way and are answered one by one; events flow back while a run lives. Everything is plain data
// (structured clone). Not here: who sends (src/client) and who answers (src/worker, src/session).

import type { BenchEvent } from './bench.ts';
import type { BudgetReport, GranularityPrice, RatesOf } from './budget.ts';
import type { Catalogue, Inputs, MethodCard, TaskCard } from './cards.ts';
import type {
  AdapterSource,
  CategoryBytes,
  Columns,
  DataRef,
  GranularityName,
  MemorySettings,
  MethodChoices,
  MethodName,
  ModelRef,
  NamedColumns,
  PolicyName,
  Pooling,
  RunConfig,
  StreamKind,
  TrainingArguments,
} from './config.ts';
import type { DataPreview, DataReport } from './data_report.ts';
import type { ErrorReport } from './errors.ts';
import type { GenerationCalls, WritingEvent } from './generation.ts';
import type { FetchProgress } from './hub.ts';
import type { HubCalls } from './hub_calls.ts';
import type { Bucket } from './lengths.ts';
import type { MeasureCalls, ProfileEvent } from './profile.ts';
import type { AskedText, Evaluation, EvaluationReport, Prediction } from './scores.ts';
import type { StudyEvent, StudyReport, StudyRequest } from './study.ts';

export type { AnswersReport, DataPreview, DataReport, DataWarning, NumbersReport, PreviewPicture, RowsIn } from './data_report.ts';
export type {
  Answer,
  AskedText,
  ClassAnswer,
  Confusion,
  Evaluation,
  EvaluationReport,
  Metrics,
  Mistake,
  NumberAnswer,
  Prediction,
  Scatter,
  Scores,
  TextAnswer,
  WrittenAnswer,
} from './scores.ts';

/** What computes, or why nothing can. */
export type Environment =
  | {
      readonly available: true;
      readonly adapter: string;
      readonly software: boolean;
      readonly maxBufferSize: number;
      readonly maxStorageBufferBindingSize: number;
    }
  | { readonly available: false; readonly error: ErrorReport };

export interface ModelDescription {
  readonly name: string;
  readonly model_type: string;
  readonly num_hidden_layers: number;
  readonly hidden_size: number;
  readonly parameters: number;
  readonly stored_type: 'f32' | 'f16';
  readonly bytes: number;
  /** Absent where the folder's own is none of these: one has to be chosen. */
  readonly pooling?: Pooling;
  /** Those that the architecture has. */
  readonly poolings: readonly Pooling[];
  readonly max_position_embeddings: number;
  readonly inputs: Inputs;
  /** Of a model that looks at pictures: pixels along a side of a picture and of a patch, tokens that a picture is, and the size of its own pictures. */
  readonly image?: { readonly image_size: number; readonly patch_size: number; readonly tokens: number; readonly own_size: number };
  /** What people should know of how the folder was read. */
  readonly notes: readonly string[];
  /** Files that a run needs and the folder lacks. */
  readonly missing: readonly string[];
  /** All methods, with this model's defaults, and its reasons where one can't be used with it. */
  readonly methods: readonly MethodCard[];
  /** All tasks, with its reasons where one can't be learned by it. */
  readonly tasks: readonly TaskCard[];
}

/** Live transient bytes at one moment of a step, e.g. `forward encoder.layer.3`. */
export interface TimelineMoment {
  readonly name: string;
  readonly live: number;
  /** Of these, kept by the forward pass for the backward pass. */
  readonly activation: number;
  /** Of these, rows of an adapter that lives off the GPU. Left out: none. */
  readonly rows?: number;
}

export interface PlanReport {
  readonly model: string;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly granularity: GranularityName;
  readonly streams: StreamKind | 'single';
  readonly batch: number;
  /** Examples of it that go through at a time. */
  readonly micro_batch: number;
  readonly length: number;
  readonly trainable_parameters: number;
  readonly bytes: CategoryBytes & { readonly total: number };
  readonly peak: { readonly bytes: number; readonly at: string };
  readonly largest_binding: { readonly bytes: number; readonly name: string };
  readonly dispatches: number;
  /** Floating-point operations of the matrix products and attention of one training step; a multiply-add is two. */
  readonly flops: number;
  /** Milliseconds that such a step is predicted to take, and whose rates say so. Left out: nobody asked for a budget, and this device was never measured. */
  readonly predicted?: { readonly ms: number; readonly rates: RatesOf };
  /** What a memory budget chose. */
  readonly budget?: BudgetReport;
  /** The same plan at each granularity, where that was asked for. */
  readonly granularities?: readonly GranularityPrice[];
  /**
   * What the method keeps in the processor's memory or on disk, and the most that a step moves to the GPU and back: as if it touched every row.
   * `rows` are those on the GPU at the peak, a part of `bytes.adapter`. Left out: nothing.
   */
  readonly host?: { readonly bytes: number; readonly to_gpu: number; readonly from_gpu: number; readonly rows?: number };
  /** What an evaluation takes beside it while it writes texts, so many together, or why none can be written. Left out: it writes none. */
  readonly writing?: { readonly bytes: number; readonly texts: number } | { readonly refusal: string };
  readonly timeline: readonly TimelineMoment[];
}

/** How far the streams below a layer, rebuilt while going backward, are from what they were: largest difference over largest magnitude. */
export interface LayerError {
  readonly layer: string;
  readonly error: number;
}

/** What a step touched of what lives off the GPU, in all layers, and moved. */
export interface HostStep {
  readonly rows: number;
  readonly of: number;
  readonly to_gpu: number;
  readonly from_gpu: number;
}

export interface PlanRequest extends MemorySettings {
  readonly model: ModelRef;
  /** Left out: the first of the tasks. */
  readonly task?: string | undefined;
  readonly num_labels: number;
  /** As in a `DataReport`. */
  readonly rows_per_example?: number | undefined;
  readonly pooling?: Pooling;
  readonly image_size?: number | undefined;
  readonly method: MethodName;
  readonly options: MethodChoices;
  readonly batch_size: number;
  readonly length: number;
  /** All padded sizes of a run: then the plan is that run's, evaluation included, byte for byte; else it is that of one training step. */
  readonly buckets?: readonly Bucket[];
  /** Left out: the model's own. */
  readonly dropout?: number | undefined;
  /** Numbers of training that decide what an update keeps; those left out are the defaults. */
  readonly optimizer?: Partial<TrainingArguments>;
  /** Says what each granularity would take as well. */
  readonly granularities?: 'all' | undefined;
}

export interface SavedRun {
  readonly id: string;
  readonly name: string;
  readonly method: MethodName;
  readonly policy: PolicyName;
  readonly step: number;
  readonly max_steps: number;
  /** The rule that put examples into batches and batches into steps. Left out: one of earlier versions. */
  readonly batch_order?: number;
  readonly best?: { readonly step: number; readonly metric: string; readonly value: number };
  readonly saved_at: string;
  readonly finished: boolean;
  /** Where its model came from the hub: going on finds it, or one that is kept with the same weights, by their SHA-256, else fetches it. */
  readonly hub_model?: { readonly name: string; readonly commit?: string | undefined; readonly sha256?: string | undefined };
}

/** Which texts an export's self-test is made of: made-up ones that come with Retrace, or some of the evaluation data. */
export const selfTestTexts = ['bundled', 'data'] as const;
export type SelfTestTexts = (typeof selfTestTexts)[number];

/**
 * Layouts of an export: `auto` is PEFT's where PEFT has a type for the method, else Retrace's; `older-names` is PEFT's with the names that modules had before
 * Transformers renamed them.
 */
export const exportLayouts = ['auto', 'adapter-hub', 'older-names'] as const;
export type ExportLayout = (typeof exportLayouts)[number];

export interface ExportResult {
  readonly file_name: string;
  readonly zip: Uint8Array;
  /** Why it is in Retrace's own layout; left out where it is in PEFT's. */
  readonly not_peft?: string;
  /** The zip was read back and its logits compared with the trained model's on these many texts. */
  readonly verified: { readonly texts: number; readonly largest_difference: number };
  /** Whose texts the zip carries, with their logits. */
  readonly self_test_texts: SelfTestTexts;
}

/** Types that a merged model's weights may be written in: those of its base, or f32. */
export const mergedTypes = ['base', 'float32'] as const;
export type MergedType = (typeof mergedTypes)[number];

/** What a merge of the model that is ready would give. */
export interface MergePlan {
  /** Why there can be none. */
  readonly refusal?: ErrorReport;
  /** For each type the name that Transformers has for what comes out of it, and the bytes of the weights. */
  readonly choices: readonly { readonly type: MergedType; readonly dtype: string; readonly bytes: number }[];
}

export interface MergeResult {
  /** Those of the folder, or a zip of them. */
  readonly files: readonly { readonly path: string; readonly blob: Blob }[];
  readonly dtype: string;
  /** Of the folder. */
  readonly bytes: number;
  /** Of model.safetensors. */
  readonly sha256: string;
  /** The folder was opened as a model of its own and its logits compared with the trained model's, the largest of which is given too. */
  readonly verified: { readonly texts: number; readonly largest_difference: number; readonly largest_logit: number };
}

export interface ImportResult {
  readonly name: string;
  readonly method: MethodName;
  readonly task: string;
  readonly labels: readonly string[];
  /** What the adapter's own files do not say, and where it came from instead. */
  readonly notes: readonly string[];
  /** Logits recorded in the zip against those computed here. */
  readonly verified: {
    readonly texts: readonly string[];
    readonly recorded: readonly (readonly number[])[];
    readonly computed: readonly (readonly number[])[];
    readonly largest_difference: number;
  };
}

/** What a stopped run leaves: its best trainables, its last, or nothing. */
export type Keep = 'best' | 'last' | 'nothing';

export type Phase =
  | 'loading model'
  | 'reading data'
  | 'tokenising'
  | 'decoding'
  | 'planning'
  | 'compiling'
  | 'training'
  | 'evaluating'
  | 'paused'
  | 'saving'
  | 'finished'
  | 'stopped'
  | 'failed';

/** How far the work on data is: bytes read, examples tokenised, or pictures decoded. */
export interface DataProgress {
  readonly work: 'reading' | 'tokenising' | 'decoding';
  readonly name: string;
  readonly done: number;
  readonly of: number;
}

/** Events of a run, in order. The names and fields of `plan`, `step`, `evaluate`, `memory` and `saved` are those of `train --json`. */
export type RunEvent =
  | { readonly type: 'phase'; readonly phase: Phase; readonly done?: number; readonly of?: number; readonly detail?: string }
  /** Of data that are looked at beside a run or without one; a run has phases for it. */
  | ({ readonly type: 'preparing' } & DataProgress)
  /** Of a model or data set that comes from the hub, beside a run or before it. */
  | ({ readonly type: 'fetching' } & FetchProgress)
  | ({ readonly type: 'data' } & DataReport)
  /** What the classifier starts from, and how the model's folder was read. */
  | { readonly type: 'model'; readonly classifier: 'checkpoint' | 'fresh'; readonly notes: readonly string[] }
  | ({ readonly type: 'plan' } & PlanReport)
  | {
      readonly type: 'step';
      readonly step: number;
      readonly max_steps: number;
      /** Passes over the data so far, this step included, as Transformers' Trainer counts them. */
      readonly epoch: number;
      /** Examples that the run has seen so far. Left out in runs of earlier versions. */
      readonly examples?: number;
      readonly loss: number;
      readonly learning_rate: number;
      readonly grad_norm: number;
      readonly tokens: number;
      readonly ms: number;
      /** What it was predicted to take, where the device was measured. */
      readonly predicted_ms?: number;
      /** Largest magnitude in the streams or layer outputs, and where. */
      readonly magnitude: { readonly value: number; readonly at: string };
      /** Relative error of each layer's rebuilt streams, bottom first, where reversible runs over float streams. */
      readonly reconstruction?: readonly LayerError[];
      /** Where a part of the model lives off the GPU: rows that the step touched, rows there are, and bytes that it moved. */
      readonly host?: HostStep;
    }
  | ({
      readonly type: 'evaluate';
      readonly step: number;
      /** Passes over the data until then. Left out in runs of earlier versions. */
      readonly epoch?: number;
      readonly best: boolean;
      readonly ms: number;
    } & Evaluation)
  | {
      readonly type: 'memory';
      readonly live: CategoryBytes;
      readonly peak: CategoryBytes;
      readonly total: number;
      readonly planned: number;
      /** Bytes off the GPU, in the processor's memory and on disk. Left out: none. */
      readonly host?: { readonly memory: number; readonly disk: number };
    }
  | { readonly type: 'saved'; readonly path: string; readonly sha256: string; readonly step: number }
  | {
      readonly type: 'finished';
      readonly step: number;
      readonly best?: { readonly step: number; readonly metric: string; readonly value: number };
      readonly reason: 'completed' | 'stopped' | 'early stopping';
    }
  | WritingEvent
  | StudyEvent
  | ProfileEvent
  | BenchEvent
  | { readonly type: 'error'; readonly error: ErrorReport };

/** Calls of the page, by name: argument and answer. */
export interface Calls extends HubCalls, GenerationCalls, MeasureCalls {
  catalogue: { argument: undefined; answer: Catalogue };
  environment: { argument: undefined; answer: Environment };
  /** At another size of pictures than its own, where that is said. */
  describeModel: { argument: { model: ModelRef; image_size?: number | undefined }; answer: ModelDescription };
  /** `named` columns stay; the others are guessed around them. */
  previewData: { argument: { data: DataRef; named?: NamedColumns; task?: string | undefined }; answer: DataPreview };
  /** Tokenises, or decodes; says what the data are like. Asked again it leaves what it was at: error `overtaken`. */
  examineData: {
    argument: {
      model: ModelRef;
      image_size?: number;
      data: DataRef;
      eval_data?: DataRef;
      columns?: Columns;
      task?: string | undefined;
      max_length: number;
      packing?: boolean;
      seed: number;
    };
    answer: DataReport;
  };
  plan: { argument: PlanRequest; answer: PlanReport };
  /** Begins a run; events follow. Answers once the run ends. */
  start: { argument: RunConfig; answer: undefined };
  /** Continues a saved run; events follow, beginning with those that it had sent. */
  resume: { argument: { id: string }; answer: undefined };
  /** Measures starting points one after the other; a `study` event follows each. `stop` ends it, and it answers with what it has. */
  study: { argument: StudyRequest; answer: StudyReport };
  pause: { argument: undefined; answer: undefined };
  /** Goes on, after a pause or before one: to the end, or for so many steps and then pauses. */
  proceed: { argument: { steps: 'all' | 'one' | number }; answer: undefined };
  stop: { argument: { keep: Keep }; answer: undefined };
  /** What the model says of texts, each in the context in which the task's examples stand. Error `choices-needed`, of tasks that choose. */
  predict: { argument: { texts: readonly AskedText[] }; answer: readonly Prediction[] };
  /** Texts, or pictures with their paths, of the examples that the trained model is evaluated with, by their places from 0. */
  evaluationTexts: { argument: { at: readonly number[] }; answer: readonly { text: string; text_pair?: string; picture?: Blob }[] };
  /** Metrics of what is trained or imported on these data, whose labels must be among its own. What is left out is guessed, or as in the run. */
  evaluate: { argument: { data: DataRef; columns?: NamedColumns; max_generate_samples?: number }; answer: EvaluationReport };
  /** Its self-test is made of texts that come with Retrace, unless those of the data are asked for. */
  exportAdapter: {
    argument: { name: string; licence: string; self_test_texts?: SelfTestTexts; layout?: ExportLayout };
    answer: ExportResult;
  };
  mergePlan: { argument: undefined; answer: MergePlan };
  /** What is ready as a whole model, what was trained being part of its weights. */
  mergeModel: { argument: { name: string; licence: string; type: MergedType; packing: 'folder' | 'zip' }; answer: MergeResult };
  /** A model with a classifier of its own, without an adapter; longer texts are cut at `max_length` tokens. From then on `predict` uses it. */
  openClassifier: { argument: { model: ModelRef; max_length?: number }; answer: ImportResult };
  /** Reads what `exportAdapter` made, or another library; the model it needs must be `model`. From then on `predict` uses it. */
  importAdapter: { argument: AdapterSource & { model: ModelRef }; answer: ImportResult };
  savedRuns: { argument: undefined; answer: readonly SavedRun[] };
  deleteRun: { argument: { id: string }; answer: undefined };
}

export type CallName = keyof Calls;

export type ToWorker = { [K in CallName]: { readonly id: number; readonly call: K; readonly argument: Calls[K]['argument'] } }[CallName];

export type FromWorker =
  | { readonly id: number; readonly ok: true; readonly answer: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorReport }
  | { readonly event: RunEvent };
