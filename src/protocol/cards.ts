// Methods, models and data as the page and the help texts present them: names, reasons, pictures. Plain data. Not here: what is said of one run
// (messages.ts).

import type { ColumnParts, MethodName, MethodOptions, PolicyName, StreamKind } from './config.ts';
import type { KnownDataset } from './hub_data.ts';

export const methodGroups = ['reversible', 'off-gpu', 'side-network', 'adapter', 'prompt', 'baseline'] as const;
export type MethodGroup = (typeof methodGroups)[number];

/** Pretrained parts of a model, as a picture of one layer shows them. */
export type ModelPart = 'embeddings' | LayerPart;
export type LayerPart = 'attention' | 'ffn';

/** What a method puts into the picture: `tokens` are virtual ones, `low-rank` is a pair of thin matrices, `scale` a vector that multiplies. */
export type AddedPart = 'adapter' | 'sparse-adapter' | 'low-rank' | 'scale' | 'tokens' | 'recurrent-cell' | 'small-layer';

/** Where: before the sequence; on a block's own projections; beside a block; behind it; alone as F or G between two streams; beside all layers. */
export type AddedPlace =
  | 'input'
  | 'attention'
  | 'attention-parallel'
  | 'attention-after'
  | 'ffn'
  | 'ffn-parallel'
  | 'ffn-after'
  | 'F'
  | 'G'
  | 'side';

/** A method as a picture of one layer between embeddings and head. The head always trains; a pretrained part that is not named is frozen. */
export interface MethodDiagram {
  /** Pretrained parts that train, all of them or their biases alone. */
  readonly trains?: { readonly what: 'weights' | 'biases'; readonly parts: readonly ModelPart[] };
  readonly adds: readonly { readonly part: AddedPart; readonly at: AddedPlace }[];
  /** Two streams: y1 = λ·x1 + F(x2), y2 = β·x2 + G(y1). Which pretrained blocks F and G hold, and whether the streams switch afterwards. */
  readonly coupling?: { readonly F: readonly LayerPart[]; readonly G: readonly LayerPart[]; readonly switches: boolean };
  /** What the forward pass keeps for the backward pass, under the method's default policy. */
  readonly kept: 'everything' | 'last-streams' | 'side' | 'head';
  /** What it adds lives in the processor's memory; only what a step touches is on the GPU. */
  readonly off_gpu?: boolean;
}

/** A hyper-parameter as its card explains it. */
export interface OptionCard {
  readonly key: keyof MethodOptions;
  readonly label: string;
  readonly default: string;
  /** Why this default. */
  readonly reason: string;
}

/** A method as the page draws it. */
export interface MethodCard {
  readonly name: MethodName;
  readonly title: string;
  readonly summary: string;
  readonly paper?: { readonly title: string; readonly url: string };
  readonly learning_rate: number;
  /** For each policy, why the method refuses it, or null where it doesn't. */
  readonly refusals: Readonly<Record<PolicyName, string | null>>;
  readonly default_policy: PolicyName;
  /** Every hyper-parameter with its default, for each kind of streams; `uses` names those that the method reads. */
  readonly defaults: Readonly<Record<StreamKind, MethodOptions>>;
  readonly uses: readonly (keyof MethodOptions)[];
  readonly group: MethodGroup;
  readonly options: readonly OptionCard[];
  readonly diagram: MethodDiagram;
}

/** What a model reads. */
export type Inputs = 'text' | 'image';

/** What people call one of them, and several. */
export const inputWord = { text: 'text', image: 'picture' } as const satisfies Readonly<Record<Inputs, string>>;
export type InputWord = (typeof inputWord)[Inputs];
export const inputWords = { text: 'texts', image: 'pictures' } as const satisfies Readonly<Record<Inputs, string>>;

/** What a task learns of a row: its class, its number, which of its answers is right, the text that belongs to it, or how its own text goes on. */
export type Learned = 'class' | 'number' | 'choice' | 'text' | 'continuation';

/** A task as the page draws it. */
export interface TaskCard {
  readonly name: string;
  readonly title: string;
  /** What is learned, in a sentence. */
  readonly summary: string;
  readonly inputs: Inputs;
  readonly learns: Learned;
  /** Which head of the model makes its outputs: one for a text, one for each choice, or that of words. */
  readonly head: 'sequence' | 'choices' | 'words';
  /** Why it can't be learned by the model that is chosen; left out where it can, or none is known. */
  readonly refusal?: string;
  /** A model of the hub that can. */
  readonly instead?: string;
  /** The parts that columns play for it. */
  readonly parts: ColumnParts;
  readonly metrics: readonly { readonly name: string; readonly title: string; readonly greater_is_better: boolean }[];
  readonly metric_for_best_model: string;
  /** The data set of the hub that the task is, where it is one. */
  readonly dataset?: KnownDataset;
}

export interface BundledItem {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly bytes: number;
}

export interface BundledData extends BundledItem {
  /** What its rows are of. */
  readonly inputs: Inputs;
  readonly parts: readonly string[];
  readonly label_columns: readonly string[];
}

export interface Catalogue {
  /** The first is what a run learns where nothing else is said. */
  readonly tasks: readonly TaskCard[];
  readonly methods: readonly MethodCard[];
  readonly models: readonly BundledItem[];
  readonly data: readonly BundledData[];
}
