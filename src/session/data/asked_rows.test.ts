import { expect, test } from 'vitest';
import { testHost } from '../../../test/testing.ts';
import { taskNamed } from '../../tasks/registry.ts';
import { type AskedData, type AskedRow, openAskedRows } from './asked_rows.ts';

const lines = (name: string, rows: readonly object[]) =>
  ({ kind: 'file', name, blob: new Blob([rows.map((row) => `${JSON.stringify(row)}\n`).join('')]) }) as const;

async function all(asked: AskedData): Promise<{ readonly rows: AskedRow[]; readonly columns: object; readonly count: number }> {
  const { rows, columns, count } = await openAskedRows(asked, testHost());
  const read: AskedRow[] = [];
  for await (const batch of rows()) read.push(...batch);
  return { rows: read, columns, count };
}

test('rows without a label come with their numbers, read as the task reads them', async () => {
  const data = lines('a.jsonl', [
    { question: 'Who sang?', options: ['Ann', 'Bob'] },
    { question: 'Who danced?', options: ['Ann', 'Bob', 'Cy'] },
  ]);
  expect(await all({ task: taskNamed('question_answering'), data, named: {} })).toEqual({
    columns: { text: 'question', choices: ['options'] },
    count: 2,
    rows: [
      { row: 1, text: 'Who sang?', choices: ['Ann', 'Bob'] },
      { row: 2, text: 'Who danced?', choices: ['Ann', 'Bob', 'Cy'] },
    ],
  });
  const text = { kind: 'file', name: 'book.txt', blob: new Blob(['one, two\nthree\n']) } as const;
  expect((await all({ task: taskNamed('language_modelling'), data: text, named: {} })).rows.map((row) => row.text)).toEqual([
    'one, two',
    'three',
  ]);
});

test("the run's columns are taken where the file has them, and a text that is named stands above them", async () => {
  const rows = [{ title: 'a title that is rather long', body: 'a short body', note: 'a note' }];
  const asked = { task: taskNamed('classification'), data: lines('a.jsonl', rows), named: {} };
  const usual = { text: 'body', text_pair: 'note', label: 'stars' };
  expect((await all({ ...asked, usual })).columns).toEqual({ text: 'body', text_pair: 'note' });
  expect((await all({ ...asked, usual, named: { text: 'note' } })).columns).toEqual({ text: 'note' });
  expect((await all({ ...asked, usual: { text: 'elsewhere', label: 'stars' } })).columns).toEqual((await all(asked)).columns);
  // A file without the texts that might be written: they are then written.
  const target = {
    task: taskNamed('sequence_to_sequence'),
    data: lines('a.jsonl', rows),
    named: {},
    usual: { text: 'body', target: 'gist' },
  };
  expect((await all(target)).columns).toEqual({ text: 'body' });
});
