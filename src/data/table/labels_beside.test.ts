import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { labelsFileOf } from '../../protocol/reading.ts';
import { labelLines, labelsBeside } from './labels_beside.ts';
import { openTable } from './open.ts';
import { countRows, readBeginning, readTable } from './sample.ts';

const open = (name: string, text: string, settings = {}) => openTable(bytesOf(name, new TextEncoder().encode(text)), settings);
const goals = (count: number, more = {}) =>
  open(
    'train.jsonl',
    Array.from({ length: count }, (_, i) => `${JSON.stringify({ goal: `goal ${i}`, sol1: 'a', sol2: 'b', ...more })}\n`).join(''),
  );
const labels = (count: number) => open('train-labels.lst', Array.from({ length: count }, (_, i) => `${i % 2}\n`).join(''), labelLines);

test('labels of a file of their own are the last column, whichever columns are asked for', async () => {
  const table = await labelsBeside(await goals(5000), await labels(5000));
  const whole = await readTable(table);
  expect(whole.columns).toEqual(['goal', 'sol1', 'sol2', 'label']);
  expect(whole.kinds?.at(-1)).toMatchObject({ kind: 'number' });
  expect(whole.rows.map((row) => row.at(-1))).toEqual(Array.from({ length: 5000 }, (_, i) => String(i % 2)));
  expect(whole.rows[4999]).toEqual(['goal 4999', 'a', 'b', '1']);
  expect((await readTable(table, { columns: [0, 3] })).rows[3]).toEqual(['goal 3', '1']);
  expect((await readTable(table, { columns: [3] })).rows[3]).toEqual(['1']);
  expect((await readTable(table, { columns: [1] })).rows[3]).toEqual(['a']);
  expect((await readBeginning(table)).table.rows[1]).toEqual(['goal 1', 'a', 'b', '1']);
  expect(table.reading.said).toMatch(/labels from train-labels\.lst$/);
});

test('a sample of the rows has the labels of its rows', async () => {
  const table = await labelsBeside(await goals(3000), await labels(3000));
  const { rows } = await readTable(table, { maxRows: 100, seed: 7 });
  expect(rows).toHaveLength(100);
  for (const [goal = '', , , label] of rows) expect(label).toBe(String(Number(goal.split(' ')[1]) % 2));
});

test('more rows than labels, more labels than rows, and labels in both files are refused with what differs', async () => {
  const message = (text: string) => expect.objectContaining({ code: 'labels-differ', message: expect.stringContaining(text) });
  const fewer = await labelsBeside(await goals(10), await labels(9));
  await expect(readTable(fewer)).rejects.toThrow(message('train.jsonl has more than 9 rows, and train-labels.lst 9 labels'));
  const more = await labelsBeside(await goals(10), await labels(11));
  await expect(countRows(more)).rejects.toThrow(message('train.jsonl has 10 rows, and train-labels.lst more than 10 labels'));
  await expect(labelsBeside(await goals(3, { label: 0 }), await labels(3))).rejects.toThrow(
    expect.objectContaining({ code: 'two-labels' }),
  );
});

test('the file is found by its name', () => {
  expect(labelsFileOf('/data/piqa/train.jsonl')).toBe('/data/piqa/train-labels.lst');
});
