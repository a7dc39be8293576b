// Which column is the text and which the label, guessed so that most files need no choice. A proposal to show, never a decision.
// Invariant: names decide before content does, so that adding rows to a well-named file changes nothing.

import type { Table } from './table.ts';

export interface ColumnGuess {
  readonly text: string;
  readonly textPair?: string;
  /** Absent where no other column is left. */
  readonly label?: string;
}

// As GLUE, SuperGLUE and common data sets name them.
const PAIRS: readonly (readonly [string, string])[] = [
  ['sentence1', 'sentence2'],
  ['question1', 'question2'],
  ['premise', 'hypothesis'],
  ['question', 'sentence'],
  ['question', 'passage'],
  ['query', 'passage'],
  ['text', 'text_pair'],
  ['text1', 'text2'],
];
const TEXTS = [
  'text',
  'sentence',
  'sentence1',
  'question',
  'query',
  'utterance',
  'content',
  'review',
  'message',
  'tweet',
  'comment',
  'title',
  'input',
];
const LABELS = ['label', 'labels', 'class', 'target'];
const KINDS = ['intent', 'domain', 'category', 'topic', 'sentiment', 'emotion', 'language', 'genre', 'tag', 'type'];
const ROW_IDS = ['idx', 'id', 'index', 'guid', 'pairid', '0'];

/** Counts are taken on this many rows: enough to tell a label from a text. */
const SAMPLE_ROWS = 2000;

export function guessColumns(table: Table): ColumnGuess {
  const names = table.columns.map((column) => column.toLowerCase());
  const sample = table.rows.slice(0, SAMPLE_ROWS);
  const distinct = table.columns.map((_, i) => new Set(sample.map((row) => row[i])).size);
  const meanLength = table.columns.map((_, i) => sample.reduce((sum, row) => sum + (row[i]?.length ?? 0), 0) / sample.length);
  const named = (wanted: readonly string[]): number[] => wanted.map((name) => names.indexOf(name)).filter((i) => i >= 0);
  const least = (candidates: readonly number[], score: readonly number[]): number | undefined =>
    candidates.toSorted((a, b) => (score[a] ?? 0) - (score[b] ?? 0) || a - b)[0];

  const pair = table.header ? PAIRS.map((two) => named(two)).find((found) => found.length === 2) : undefined;
  const all = names.map((_, i) => i);
  const free = all.filter((i) => !(pair?.includes(i) ?? false) && !(table.header && ROW_IDS.includes(names[i] ?? '')));
  const textByName = table.header ? (pair?.[0] ?? named(TEXTS)[0]) : undefined;
  const labelByName = table.header ? (named(LABELS)[0] ?? least(named(KINDS), distinct)) : undefined;
  // By content: the text is the longest column, a label the one with the fewest values, at least two.
  const text = textByName ?? free.filter((i) => i !== labelByName).toSorted((a, b) => (meanLength[b] ?? 0) - (meanLength[a] ?? 0))[0] ?? 0;
  const others = free.filter((i) => i !== text);
  const varied = others.filter((i) => (distinct[i] ?? 0) >= 2);
  const label = labelByName ?? least(varied.length > 0 ? varied : others, distinct);
  const nameOf = (i: number): string => table.columns[i] ?? String(i);
  return {
    text: nameOf(text),
    ...(pair?.[1] === undefined ? {} : { textPair: nameOf(pair[1]) }),
    ...(label === undefined || label === text ? {} : { label: nameOf(label) }),
  };
}
