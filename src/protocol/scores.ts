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

/** What was measured on a set of examples. */
export interface Scores {
  /** By GLUE name, and `loss`. A metric that is not defined there (a correlation with predictions that are all alike) is left out. */
  readonly metrics: Metrics;
  /** Where classes were told apart. */
  readonly confusion?: Confusion;
  /** Where numbers were predicted. */
  readonly scatter?: Scatter;
}

/** An adapter or model on a set of examples. */
export interface EvaluationReport extends Scores {
  readonly examples: number;
  /** Texts that were cut to `max_length` tokens. */
  readonly truncated: number;
  readonly max_length: number;
  readonly columns: Columns;
  readonly reasons: ColumnReasons;
  /** As in a `DataReport`. */
  readonly reading: readonly string[];
}

/** The likeliest class, and the probability of each in the order of `labels`. */
export interface ClassAnswer {
  readonly probabilities: readonly number[];
  readonly label: string;
  readonly value?: never;
}

export interface NumberAnswer {
  readonly value: number;
  readonly probabilities?: never;
  readonly label?: never;
}

/** What a model says of a text. */
export type Answer = ClassAnswer | NumberAnswer;

export type Prediction = {
  readonly text: string;
  readonly text_pair?: string;
  readonly truncated: boolean;
  readonly logits: readonly number[];
} & Answer;
