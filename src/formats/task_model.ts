// The base of an adapter as Transformers' model for the task has it: what its parts are called, and what PEFT would take of its configuration. Told by the
// caller, from the backbone, so that no layout knows an architecture. Invariant: names are the backbone's own; only `prefix` stands before them in files.

import type { Inputs } from '../protocol/cards.ts';

/** What outputs are made of: one vector of a text, one of each choice, or the hidden states that are to give a word. */
export const headKinds = ['sequence', 'choices', 'words'] as const;
export type HeadKind = (typeof headKinds)[number];

/** A kind of model as Transformers and PEFT name it. */
export interface TaskType {
  /** null: PEFT has no name for it. */
  readonly task_type: 'SEQ_CLS' | 'CAUSAL_LM' | 'SEQ_2_SEQ_LM' | null;
  /** Transformers' class that makes such a model of any architecture. */
  readonly auto_class: string;
  /** What classes of single architectures are called. */
  readonly classes: RegExp;
}

/** By what they make outputs of; models that write go on with what they read, or write for it with a decoder. A new kind is a row here. */
export const taskTypes = {
  sequence: { task_type: 'SEQ_CLS', auto_class: 'AutoModelForSequenceClassification', classes: /ForSequenceClassification$/ },
  pictures: { task_type: null, auto_class: 'AutoModelForImageClassification', classes: /ForImageClassification(?:WithTeacher)?$/ },
  words: { task_type: 'CAUSAL_LM', auto_class: 'AutoModelForCausalLM', classes: /(?:ForCausalLM|LMHeadModel)$/ },
  target_words: { task_type: 'SEQ_2_SEQ_LM', auto_class: 'AutoModelForSeq2SeqLM', classes: /ForConditionalGeneration$/ },
} as const satisfies Readonly<Record<string, TaskType>>;

/** Parameters of a head. */
export interface HeadNames {
  /** Those with a row for each class, the matrix first. */
  readonly classes: readonly string[];
  readonly before: readonly string[];
}

/** Names in the base's backbone, under its own head. */
export interface BackboneNames {
  /** Dense layers. */
  readonly dense: readonly string[];
  /** From the embeddings upwards. */
  readonly parameters: readonly string[];
  /** Parameters that checkpoints store [in, out], as GPT-2's Conv1D has them. */
  readonly transposed: readonly string[];
}

export interface TaskModel {
  readonly model_type: string;
  /** What stands before the backbone's names, such as `bert.`; a head's stand without. */
  readonly prefix: string;
  /** Parameters of the backbone that stand without it, as a head's do. */
  readonly beside: readonly string[];
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly hidden_act: string;
  readonly inputs: Inputs;
  /** Transformers' class of the model whose classifier has this pooling, where there is one. */
  architecture(pooling: string): string | undefined;
  /** What an older Transformers calls a module or parameter; left out where none was renamed. */
  older?(name: string): string;
  /** What its own classifier reads, and so one of an adapter that does not say. */
  readonly pooling: string;
  /** What its outputs are made by; the table of words is the backbone's, and no head. Error: `unsupported-pooling`. */
  head(pooling: string, kind?: HeadKind | undefined): HeadNames;
  /** Parameters that several of its modules hold at once under this head, with the tensor of another of these modules. */
  shared(kind?: HeadKind | undefined): ReadonlyMap<string, string>;
  /** The task that models with words learn where an adapter does not say which, and its type; left out where the model writes none. */
  readonly writes?: { readonly task: string; readonly type: TaskType };
  /** Modules that PEFT adapts where none is named. */
  readonly defaults: {
    readonly lora: { readonly target_modules: readonly string[] };
    readonly ia3: { readonly target_modules: readonly string[]; readonly feedforward_modules: readonly string[] };
  };
  /** Asked for where an adapter chooses modules by more than the ends of their names. */
  names(kind?: HeadKind): BackboneNames;
}

const MATRIX = /\.weight$/;

/** Dense layers of a head, the last first: `classifier`, or `classifier.out_proj` and `classifier.dense`. */
export const headLayers = ({ classes, before }: HeadNames): readonly string[] =>
  [...classes, ...before].filter((name) => MATRIX.test(name)).map((name) => name.replace(MATRIX, ''));

/** Modules of a head as the task model holds them: `classifier`, whatever is in it. */
export const headModules = (head: HeadNames): readonly string[] => [
  ...new Set([...head.before, ...head.classes].map((name) => name.slice(0, name.indexOf('.')))),
];

export const isHeadOf = ({ classes, before }: HeadNames): ((name: string) => boolean) => {
  const names = new Set([...classes, ...before]);
  return (name) => names.has(name);
};

/**
 * The type of a model with such a head. Transformers has a class of its own for choices, and PEFT no type: a choice is scored by a classifier of one
 * output, which is the same function. Error: none; a model that writes no words has no such adapters.
 */
export const typeOfHead = ({ writes, inputs }: TaskModel, kind: HeadKind = 'sequence'): TaskType =>
  kind === 'words' && writes ? writes.type : inputs === 'image' ? taskTypes.pictures : taskTypes.sequence;
