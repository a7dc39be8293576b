// What is said of a file of rows: its first rows and the columns that were guessed, and, once it is tokenised, what it is like. Plain data. Not here: how
// files are read (reading.ts).

import type { ColumnReasons, Columns } from './config.ts';
import type { Bucket } from './lengths.ts';
import type { ColumnKind, Reading } from './reading.ts';

/** A picture as a preview shows it. */
export interface PreviewPicture {
  readonly path: string;
  /** Its class, where it has one. */
  readonly label?: string;
  readonly file: Blob;
}

export interface DataPreview {
  readonly name: string;
  readonly columns: readonly string[];
  /** What stands in each column: its kind, and in words. */
  readonly kinds: readonly { readonly kind: ColumnKind; readonly is: string }[];
  readonly header: boolean;
  readonly reading: Reading;
  /** Remarks on how the file was read, a sentence each. */
  readonly notes: readonly string[];
  readonly rows: number;
  /** A large file is not read to its end for a preview: then `rows` is about right. */
  readonly rows_counted: 'exactly' | 'estimated';
  /** The first rows, cell by cell. */
  readonly sample: readonly (readonly string[])[];
  /** Of pictures: some of each class, in the order of the classes. */
  readonly pictures?: readonly PreviewPicture[];
  /** Of a folder or zip of pictures: the parts that it has, `train` first. */
  readonly parts?: readonly string[];
  readonly guess: Columns;
  /** Of those columns that were guessed, not named. */
  readonly reasons: ColumnReasons;
}

/** Rows of a file: how many, and the first of them, numbered as a spreadsheet does. */
export interface RowsIn {
  readonly file: string;
  readonly count: number;
  readonly first: readonly number[];
}

/** Something in the data that will probably mislead a run. Nothing is refused for it. */
export interface DataWarning {
  readonly code: string;
  /** What it is, with counts and rows. */
  readonly message: string;
  readonly remedy: string;
  readonly rows: readonly RowsIn[];
}

/** Numbers to predict. */
export interface NumbersReport {
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  readonly standard_deviation: number;
  /** How many lie in each part of equal width from the least to the most. */
  readonly counts: readonly number[];
}

/** Answers to choose among. */
export interface AnswersReport {
  /** That a question has. */
  readonly fewest: number;
  readonly most: number;
  /** places[i] = examples that are trained on whose right answer is number i. */
  readonly places: readonly number[];
}

/** What the tokenised data are like. */
export interface DataReport {
  /** The name of the task that they were read for. */
  readonly task: string;
  /** Names of the classes; none where something else is learned. */
  readonly labels: readonly string[];
  readonly train: { readonly examples: number; readonly per_label: readonly number[] };
  readonly evaluation: { readonly examples: number; readonly per_label: readonly number[]; readonly held_back: boolean };
  /** Where numbers are predicted, what those that are trained on are like. */
  readonly numbers?: NumbersReport;
  readonly answers?: AnswersReport;
  /** Where a text is written for another, or the words of an answer: written[n] = examples that are trained on with n tokens of these. */
  readonly written?: readonly number[];
  readonly warnings: readonly DataWarning[];
  /** lengths[n] = examples of n tokens after truncation. */
  readonly lengths: readonly number[];
  readonly truncated: number;
  /** Rows that the training file has, where a sample of them was taken. */
  readonly sampled_from?: number;
  /** How the files were read, and remarks on them, a sentence each; nothing of bundled data. */
  readonly reading: readonly string[];
  readonly max_length: number;
  /** Padded sizes that a run on these data uses, ascending. */
  readonly buckets: readonly Bucket[];
  /** Rows of tokens that an example is in training: one for each of its choices. Left out: 1. */
  readonly rows_per_example?: number;
}
