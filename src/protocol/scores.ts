// What a model says of a text, and how well it does on a set of examples, as every task has it. Plain data. Not here: what a task measures (src/tasks).

import type { ColumnReasons, Columns } from './config.ts';

export type Metrics = Readonly<Record<string, number>>;

export interface Confusion {
  readonly labels: readonly string[];
  /** counts[actual][predicted] */
  readonly counts: readonly (readonly number[])[];
}

/** Numbers that were predicted beside the true ones: of all examples, or of some spread evenly where there are many. */
export interface Scatter {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
  /** Which examples of the evaluation they are, counted from 0. */
  readonly at: readonly number[];
}

/** An example that was told to be of another class than it is. */
export interface Mistake {
  /** Which example of the evaluation it is, counted from 0. */
  readonly at: number;
  /** By number, in the order of the labels. */
  readonly actual: number;
  readonly predicted: number;
  /** Of the class that was predicted. */
  readonly probability: number;
}

/** What was measured on a set of examples. */
export interface Scores {
  /** By GLUE name, and `loss`. A metric that is not defined there (a correlation with predictions that are all alike) is left out. */
  readonly metrics: Metrics;
  /** Where classes were told apart. */
  readonly confusion?: Confusion;
  /** Likewise: those told wrong, the most confident first; some of them where there are many. */
  readonly mistakes?: readonly Mistake[];
  /** Where numbers were predicted. */
  readonly scatter?: Scatter;
}

/** What was measured, and on how much. */
export interface Evaluation extends Scores {
  readonly examples: number;
  /** Examples for which a text was written, which `exact_match` is the share of. Left out: none. */
  readonly written?: number;
}

/** An adapter or model on a set of examples. */
export interface EvaluationReport extends Evaluation {
  /** Texts that were cut to `max_length` tokens. */
  readonly truncated: number;
  readonly max_length: number;
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
  /** As in a `DataReport`. */
  readonly reading: readonly string[];
}

/** The likeliest class or choice, and the probability of each in the order of `labels` or of the choices. */
export interface ClassAnswer {
  readonly probabilities: readonly number[];
  readonly label: string;
  /** Of choices that are told by their words: the sum of the words' log-probabilities. */
  readonly log_likelihoods?: readonly number[];
  readonly value?: never;
  readonly perplexity?: never;
}

export interface NumberAnswer {
  readonly value: number;
  readonly probabilities?: never;
  readonly label?: never;
  readonly perplexity?: never;
}

/** How likely a model holds a text. */
export interface TextAnswer {
  readonly log_likelihood: number;
  readonly perplexity: number;
  readonly value?: never;
  readonly probabilities?: never;
  readonly label?: never;
}

/** What a model writes for a text, of tasks that write one: the likeliest token each time, to its end or to the length of the run's texts. */
export interface WrittenAnswer {
  readonly written: string;
  readonly finish: 'end' | 'length';
  readonly value?: never;
  readonly probabilities?: never;
  readonly label?: never;
  readonly perplexity?: never;
}

/** What a model says of a text. */
export type Answer = ClassAnswer | NumberAnswer | TextAnswer | WrittenAnswer;

/** A text, or a picture, that a model is asked about. */
export interface AskedText {
  /** Of a picture, what people call it. */
  readonly text: string;
  /** A file, or the pixels [S, S, 3] that a model of pictures of S × S reads. */
  readonly picture?: Blob | Uint8Array<ArrayBuffer>;
  readonly text_pair?: string;
  /** Answers to choose among. */
  readonly choices?: readonly string[];
  /** How likely it would be written for the text; left out: a task that writes one for it does so. */
  readonly target?: string;
}

export type Prediction = AskedText & {
  readonly truncated: boolean;
  /** Of classes or numbers the outputs of the head; of choices their scores, or the log-likelihoods of their words; of a text that of its words; of a text that was written nothing. */
  readonly logits: readonly number[];
} & Answer;
