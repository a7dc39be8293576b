import { expect, test } from 'vitest';
import { exampleOf, type TokenizedDataset, type TokenRow } from '../data/dataset.ts';
import { taskNamed } from '../tasks/registry.ts';
import type { RunData } from './data.ts';
import { reportData } from './data_report.ts';

const rowOf = (length: number, words?: number): TokenRow => ({
  ...{ input_ids: new Uint32Array(length), token_type_ids: new Uint32Array(length), length, fullLength: length, truncated: false },
  ...(words === undefined ? {} : { words: { at: new Uint32Array(words), ids: new Uint32Array(words) } }),
});

function datasetOf(rows: readonly (readonly TokenRow[])[], labels: readonly number[]): TokenizedDataset {
  const examples = rows.map((own, i) => exampleOf(own, labels[i] ?? 0));
  const lengths = Uint32Array.from(examples, ({ length }) => length);
  return { examples, labels: [], lengths, maxLength: 16, truncated: 0, histogram: [], classCounts: [] };
}

const dataOf = (task: string, train: TokenizedDataset, evaluation: TokenizedDataset): RunData => ({
  ...{ task: taskNamed(task), train, evaluation, from: { data: { kind: 'bundled', name: 'a', part: 'train' } }, more: new Map() },
  ...{ texts: [], labels: [], columns: { text: 'a' }, heldBack: true, sampledFrom: undefined, reading: [], warnings: [] },
});

test('of answers it says how many there are, where the right ones stand, and how long they are where they are written', () => {
  const train = datasetOf([[rowOf(4, 1)], [rowOf(5, 3)], [rowOf(6, 1)]], [1, 0, 1]);
  const evaluation = datasetOf(
    [
      [rowOf(4, 1), rowOf(4, 2)],
      [rowOf(5, 1), rowOf(5, 1), rowOf(7, 3)],
    ],
    [0, 2],
  );
  expect(reportData(dataOf('question_answering', train, evaluation))).toMatchObject({
    task: 'question_answering',
    answers: { fewest: 2, most: 3, places: [1, 2, 0] },
    written: [0, 2, 0, 1],
    lengths: [0, 0, 0, 0, 1, 1, 1],
  });
  expect(reportData(dataOf('multiple_choice', train, evaluation))).not.toHaveProperty('written');
});

test('texts have neither classes, numbers nor answers; what is written for another text has its lengths', () => {
  const rows = datasetOf([[rowOf(8, 2)], [rowOf(8, 2)]], []);
  expect(reportData(dataOf('sequence_to_sequence', rows, rows)).written).toEqual([0, 0, 2]);
  for (const name of ['written', 'answers', 'numbers'])
    expect(reportData(dataOf('language_modelling', rows, rows)), name).not.toHaveProperty(name);
});
