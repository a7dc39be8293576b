// From files to data of a run, without a device: what is guessed, refused and warned of on the way.

import { expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { tokenizerOfWords } from '../../data/testing.ts';
import type { DataRef } from '../../protocol/config.ts';
import type { DataProgress } from '../../protocol/messages.ts';
import { classification } from '../../tasks/classification.ts';
import { loadData, loadEvaluation } from './data.ts';
import { reportData } from './data_report.ts';
import { previewOf } from './rows.ts';

const file = (name: string, rows: readonly string[]): DataRef => ({ kind: 'file', name, blob: new Blob([rows.join('\n')]) });
const load = (data: DataRef, eval_data?: DataRef) =>
  loadData({ data, ...(eval_data ? { eval_data } : {}), max_length: 16, seed: 42 }, tokenizerOfWords, nodeHost());
const rowsOf = (count: number, label: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => `a text about number ${i},${label(i)}`);
const two = (i: number): string => (i % 2 ? 'good' : 'bad');

test('a run knows what looks wrong with its data, between its parts too', async () => {
  const train = file('train.csv', ['text,label', ...rowsOf(40, two), 'a text about number 3,good']);
  const held = await load(train);
  expect(held.warnings.map(({ code }) => code)).toContain('texts-repeated');
  const given = await load(train, file('test.csv', ['text,label', 'a text about number 7,good', 'another,bad']));
  expect(given.warnings.find(({ code }) => code === 'texts-in-both')?.rows).toEqual([
    { file: 'test.csv', count: 1, first: [2] },
    { file: 'train.csv', count: 1, first: [9] },
  ]);
});

test.each(['domain', 'intent'])('of the bundled data by %s the same is said as of any others', async (label) => {
  const of = (part: string): DataRef => ({ kind: 'bundled', name: 'clinc150', part });
  const request = { data: of('train'), eval_data: of('validation'), columns: { text: 'text', label }, max_length: 16, seed: 42 };
  const { warnings } = await loadData(request, tokenizerOfWords, nodeHost());
  expect(warnings).toMatchObject([
    {
      code: 'texts-in-both',
      message: expect.stringMatching(/^3 of the 3,000 rows .* by 0.1 percentage points at most.$/),
      remedy: 'Nothing has to be done: these are the data as their authors published them.',
    },
  ]);
});

test('how far a large file is read is told in bytes, some times, before its texts are tokenised', async () => {
  const told: DataProgress[] = [];
  const large = file('large.csv', ['text,label', ...rowsOf(30_000, two)]);
  // Each block of the file takes its time, as it does on a slow disk.
  const slow = Object.assign(large.kind === 'file' ? large.blob : new Blob(), {
    slice: (begin: number, end: number) => {
      const until = performance.now() + 250;
      while (performance.now() < until);
      return Blob.prototype.slice.call(large.kind === 'file' ? large.blob : undefined, begin, end);
    },
  });
  await loadData(
    { data: { kind: 'file', name: 'large.csv', blob: slow }, max_length: 16, seed: 42 },
    tokenizerOfWords,
    nodeHost(),
    (progress) => told.push(progress),
  );
  const reading = told.filter(({ work }) => work === 'reading');
  expect(reading.length).toBeGreaterThan(1);
  expect(reading.at(-1)).toEqual({ work: 'reading', name: 'large.csv', done: slow.size, of: slow.size });
  expect(reading.map(({ done }) => done)).toEqual(reading.map(({ done }) => done).toSorted((a, b) => a - b));
  expect(told.at(-1)).toEqual({ work: 'tokenising', name: 'large.csv', done: 30_000, of: 30_000 });
});

test('where nothing can be held back, the error says what is wrong with the labels', async () => {
  const scores = file('scores.csv', ['text,score', ...rowsOf(30, (i) => String(i / 7))]);
  await expect(load(scores)).rejects.toMatchObject({
    code: 'too-few-examples',
    message: expect.stringMatching(/too few to hold back.*looks like an id or a text/),
    remedy: 'Choose another label column.',
  });
});

test('a file to evaluate with has a header where the training file has one', async () => {
  const headless = await load(file('train.csv', rowsOf(40, two)), file('test.csv', ['this one,good', 'that one,bad']));
  expect(headless.columns).toEqual({ text: '0', label: '1' });
  expect([headless.train.examples.length, headless.evaluation.examples.length]).toEqual([40, 2]);
});

test('where labels are known, the column that has them is the label, and the preview says why a column was guessed', async () => {
  const data = file('new.csv', ['text,category,stars', ...rowsOf(20, (i) => `books,${1 + (i % 2)}`)]);
  expect((await previewOf(data, undefined, nodeHost())).guess).toEqual({ text: 'text', label: 'stars' });
  const ask = (columns?: { label: string }) =>
    loadEvaluation(
      { task: classification, data, labels: ['books', 'films'], max_length: 16, ...(columns ? { columns } : {}) },
      tokenizerOfWords,
      nodeHost(),
    );
  expect(await ask()).toMatchObject({
    columns: { text: 'text', label: 'category' },
    reasons: { label: 'each of its values is one of the 2 labels that were trained' },
  });
  await expect(ask({ label: 'stars' })).rejects.toMatchObject({ code: 'unknown-label' });
  expect((await previewOf(data, { label: 'category', text_pair: null }, nodeHost())).reasons).not.toHaveProperty('label');
});

test('a table whose answers have names that nobody knows is shown, for its columns to be chosen; one without room for answers is refused', async () => {
  const row = (i: number) => `what is wet on day ${i},sand,water,${i % 2}`;
  const rows = Array.from({ length: 20 }, (_, i) => row(i));
  const preview = await previewOf(file('quiz.csv', ['stem,first,second,gold', ...rows]), undefined, nodeHost(), 'multiple_choice');
  expect(preview).toMatchObject({ columns: ['stem', 'first', 'second', 'gold'], guess: { text: '' }, reasons: {} });
  expect(preview.sample[0]).toEqual(['what is wet on day 0', 'sand', 'water', '0']);
  expect(preview.notes.at(-1)).toContain('quiz.csv has no column of answers to choose among');
  const pairs = file('pairs.csv', ['text,label', ...rowsOf(20, two)]);
  await expect(previewOf(pairs, undefined, nodeHost(), 'multiple_choice')).rejects.toMatchObject({ code: 'no-choices-column' });
});

test('numbers to predict are told with how often they come, in parts of equal width', async () => {
  const data = file('stars.csv', ['text,stars', ...rowsOf(50, (i) => `${1 + (i % 5)}`)]);
  const run = await loadData({ data, task: 'regression', max_length: 16, seed: 42 }, tokenizerOfWords, nodeHost());
  const { numbers, labels } = reportData(run);
  expect(labels).toEqual([]);
  expect(numbers).toMatchObject({ least: 1, most: 5 });
  expect(numbers?.counts).toHaveLength(20);
  expect(numbers?.counts.reduce((sum, count) => sum + count, 0)).toBe(run.train.examples.length);
  expect([0, 5, 10, 15, 19].every((part) => (numbers?.counts[part] ?? 0) > 0)).toBe(true);
});
