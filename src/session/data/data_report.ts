// What loaded data are like: the padded sizes and rows that a run over them has, and the counts that people decide by. Reads nothing (data.ts).

import { bucketsFor } from '../../data/batches.ts';
import type { Bucket } from '../../protocol/lengths.ts';
import type { AnswersReport, DataReport, NumbersReport } from '../../protocol/messages.ts';
import type { RunData } from './data.ts';

/** Padded sizes of a run over these data. */
export const bucketsOf = ({ train, evaluation, more }: Pick<RunData, 'train' | 'evaluation' | 'more'>): Bucket[] =>
  bucketsFor(
    [train, evaluation, ...more.values()].flatMap(({ examples }) => examples),
    train.maxLength,
  );

/** The most rows that an example has in training; only choices stand together. */
export const rowsPerExample = ({ task, train }: Pick<RunData, 'task' | 'train'>): number =>
  task.head === 'choices' ? train.examples.reduce((most, { rows }) => Math.max(most, rows.length), 1) : 1;

/** Parts into which a picture of numbers puts them. */
const PARTS = 20;

function numbersOf(examples: readonly { readonly label: number }[]): NumbersReport {
  const count = Math.max(1, examples.length);
  const mean = examples.reduce((sum, { label }) => sum + label, 0) / count;
  const least = examples.reduce((a, { label }) => Math.min(a, label), Number.POSITIVE_INFINITY);
  const most = examples.reduce((a, { label }) => Math.max(a, label), Number.NEGATIVE_INFINITY);
  const standard_deviation = Math.sqrt(examples.reduce((sum, { label }) => sum + (label - mean) ** 2, 0) / count);
  const counts = Array.from({ length: most > least ? PARTS : 1 }, () => 0);
  for (const { label } of examples) {
    const part = most > least ? Math.min(PARTS - 1, Math.floor(((label - least) / (most - least)) * PARTS)) : 0;
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return { least, most, mean, standard_deviation, counts };
}

/** counts[n] = how many of the values are n. */
function countsOf(values: Iterable<number>, least = 0): number[] {
  const counts: number[] = Array.from({ length: least }, () => 0);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

/** Of an evaluation every answer is a row; of training it may be the right one alone. */
function answersOf({ train, evaluation }: Pick<RunData, 'train' | 'evaluation'>): AnswersReport {
  const offered = evaluation.examples.map(({ rows }) => rows.length);
  const most = offered.reduce((a, b) => Math.max(a, b), 0);
  const places = countsOf(
    train.examples.map(({ label }) => label),
    most,
  );
  return { fewest: offered.reduce((a, b) => Math.min(a, b), most), most, places };
}

/** Of tasks that write something of its own for a text: its tokens. A text that goes on is written whole. */
function writtenOf({ task, train }: Pick<RunData, 'task' | 'train'>): Pick<DataReport, 'written'> {
  if (task.head !== 'words' || task.learns === 'continuation') return {};
  return { written: countsOf(train.examples.flatMap(({ rows }) => rows.map(({ words }) => words?.at.length ?? 0))) };
}

export function reportData(data: RunData): DataReport {
  const { train, evaluation, labels, heldBack, sampledFrom, reading, warnings } = data;
  const rows = rowsPerExample(data);
  return {
    task: data.task.name,
    labels,
    train: { examples: train.examples.length, per_label: train.classCounts },
    evaluation: { examples: evaluation.examples.length, per_label: evaluation.classCounts, held_back: heldBack },
    ...(data.task.learns === 'number' ? { numbers: numbersOf(train.examples) } : {}),
    ...(data.task.learns === 'choice' ? { answers: answersOf(data) } : {}),
    ...writtenOf(data),
    warnings,
    lengths: countsOf(train.lengths),
    truncated: train.truncated + evaluation.truncated,
    ...(sampledFrom === undefined ? {} : { sampled_from: sampledFrom }),
    reading,
    max_length: train.maxLength,
    buckets: bucketsOf(data),
    ...(rows > 1 ? { rows_per_example: rows } : {}),
  };
}
