// What a task is: one row with everything that it decides, from the columns of a file to the number that says how well it was learned. Sessions, programs
// and the command line ask the row and know no task by name. Not here: the tasks themselves (one file each) and which there are (registry.ts).
// Invariant: names of metrics are those of GLUE and `evaluate`, in records, events and model cards alike.

import type { Targets } from '../data/batches.ts';
import type { Check } from '../data/checks/labels.ts';
import type { SplitCheck } from '../data/checks/split.ts';
import type { ChosenColumns } from '../data/columns/choose.ts';
import type { TokenizedExample, TokenRow } from '../data/dataset.ts';
import type { ColumnChoice, Dataset, Example, Unlabelled } from '../data/examples.ts';
import type { Table } from '../data/table/table.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Inputs, Learned } from '../protocol/cards.ts';
import type { ColumnParts, DataRef, NamedColumns } from '../protocol/config.ts';
import type { KnownDataset } from '../protocol/hub_data.ts';
import type { Answer, Metrics, Scores } from '../protocol/messages.ts';

export interface TaskMetric {
  /** As GLUE and `evaluate` spell it. */
  readonly name: string;
  /** As people read it. */
  readonly title: string;
  readonly greater_is_better: boolean;
}

/** How an example becomes rows. */
export interface Encoding {
  /** Tokens of a row at most, special ones included. */
  readonly max_length: number;
  /** Tokens that a decoder writes at most; left out: as many as a row has. */
  readonly max_target_length?: number;
  /** A task may train on the right answer alone, say, and evaluate by all that could be chosen. */
  readonly purpose: 'training' | 'evaluation';
  /** Whether the model writes with another stack than that which reads. */
  readonly decoder: boolean;
  /** Whether texts are joined and cut into rows of one length. */
  readonly packing: boolean;
}

/** An example, and what the model made of each of its rows: V outputs of a sequence head, one score of a choice, the log-likelihood of each of its words. */
export interface Judged {
  readonly example: TokenizedExample;
  readonly outputs: readonly Float32Array[];
}

/** What a run may ask of the loss of classes or words; tasks of numbers know none of it. */
export interface LossOptions {
  readonly label_smoothing?: number;
  /** [V]: how often an example of each class counts; the losses are then divided by the sum of the weights of the step's labels. */
  readonly weights?: Tensor | undefined;
  /** Words of a vocabulary, whose outputs are [N, width]; left out: every output is a class. */
  readonly words?: number;
}

export interface Task {
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** What is learned, in a sentence. */
  readonly summary: string;
  /** What an example is made of. */
  readonly inputs: Inputs;
  /** By it forms and pictures go; programs do not ask. */
  readonly learns: Learned;

  /** The data set of the hub that the task is, where it is one. */
  readonly dataset?: KnownDataset;
  /** How its files are read where nothing is said of it. */
  reads?(data: DataRef): DataRef;
  /** The parts that columns play for it. */
  readonly parts: ColumnParts;
  /** Reading: the columns' parts, those named and the rest guessed; `known` are the classes that were trained, of data to evaluate with. */
  columnsOf(table: Table, named?: NamedColumns, known?: readonly string[]): ChosenColumns;
  /** The rows that are examples: those without what is learned may be passed over, which a note of the table then says. */
  rowsOf(table: Table, choice: ColumnChoice): Table;
  /** The rows as examples with their targets; `known` as above. Errors name rows and values. */
  examplesOf(table: Table, choice: ColumnChoice, known?: readonly string[]): Dataset;
  /** Of rows to predict of, which need not hold what is learned: their columns' parts, as above without it, and what is asked of each. */
  readonly unlabelled: {
    columnsOf(table: Table, named?: NamedColumns): ChosenColumns;
    examplesOf(table: Table, choice: ColumnChoice): readonly Unlabelled[];
  };
  /** What the model reads where people ask this: rows of files stand in the same context. Left out: what is asked, as it stands. */
  inContext?(asked: Unlabelled): Unlabelled;
  /** What is looked for in the rows of a file, and between those trained on and those evaluated with. Nothing is refused for it. */
  readonly checks: { readonly rows: readonly Check[]; readonly split: readonly SplitCheck[] };

  /** Tokens of an example: rows that go through the model each by itself, with the words that they are to give where the head is that of words. */
  encode(example: Example, tokenizer: Tokenizer, encoding: Encoding): readonly TokenRow[];

  /** Makes other examples of those that are there, such as rows of one length of texts of many. */
  gathered?(examples: readonly TokenizedExample[], tokenizer: Tokenizer, encoding: Encoding): readonly TokenizedExample[];

  /**
   * Which head of the backbone makes the outputs: `sequence`, one row [V] for each row of tokens; `choices`, a score for each, and the rows of an example
   * stand for what is chosen among; `words`, the words of the vocabulary for each word to predict.
   */
  readonly head: 'sequence' | 'choices' | 'words';
  readonly targets: Targets;
  /** V of the sequence head, given how many classes the data have. */
  outputs(classes: number): number;
  /** Losses [N] of outputs [N, V] (consumed) and targets [N], each divided by the number of targets in the step. */
  loss(g: Graph, outputs: Tensor, targets: Tensor, options?: LossOptions): Tensor;

  /** What is measured on examples: the metrics that are defined there, the mean `loss`, a picture. */
  score(examples: readonly Judged[], classes: readonly string[]): Scores;
  /** Of tasks that are measured by what the model writes, too: of greedily written texts beside those that were to be written. */
  scoreWritten?(texts: readonly string[], references: readonly string[]): Metrics;
  /** In the order to show; the loss, which every task has, is not among them. */
  readonly metrics: readonly TaskMetric[];
  /** The metric that chooses the best checkpoint. */
  readonly metric_for_best_model: string;
  /** What the model says of an example; `classes` are its choices where it has any. */
  answer(judged: Judged, classes: readonly string[]): Answer;

  /** What a model must be like, beside having the head; left out: anything. */
  readonly needs?: 'one stack';
  /** The task by which models that lack the head learn the same. */
  readonly instead?: string;

  /** The hub's name for it. */
  readonly pipeline_tag: 'text-classification' | 'image-classification' | 'multiple-choice' | 'text-generation' | 'text2text-generation';
  /** Transformers' name for what a sequence head learns. */
  readonly problem_type?: 'single_label_classification' | 'regression';
}

/** Whether a value of the metric that chooses the best is better than the best so far. */
export function isBetter(task: Task, value: number, best: number): boolean {
  const metric = task.metrics.find(({ name }) => name === task.metric_for_best_model);
  return metric?.greater_is_better === false ? value < best : value > best;
}

/** The outputs of all rows of examples, one after the other: [N, V] of a sequence head. */
export function outputsOf(examples: readonly Judged[]): Float32Array {
  const rows = examples.flatMap(({ outputs }) => outputs);
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let begin = 0;
  for (const row of rows) {
    all.set(row, begin);
    begin += row.length;
  }
  return all;
}

/** Their classes, choices or numbers. */
export const targetsOf = (examples: readonly Judged[]): number[] => examples.map(({ example: { label } }) => label);

/** Of each row the log-likelihood of all its words, summed in f64. */
export const sumsOf = ({ outputs }: Judged): number[] => outputs.map((words) => words.reduce((sum, word) => sum + word, 0));
