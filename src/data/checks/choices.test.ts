import { expect, test } from 'vitest';
import type { Table } from '../table/table.ts';
import { parseTable } from '../table/testing.ts';
import { checkRows, checkSplit } from './checks.ts';
import { choiceChecks, choiceSplitChecks } from './choices.ts';
import { checkedRows } from './rows.ts';
import { targetChecks, textChecks } from './texts.ts';

const columns = { textColumn: 'question', labelColumn: 'label', choiceColumns: ['choices'] };
/** Questions of their own, with three answers and these labels. */
const questions = (labels: readonly string[], choices = (row: number) => [`yes ${row}`, `no ${row}`, 'perhaps']): Table => {
  const lines = labels.map((label, row) => `what is said of it on day ${row}?\t${JSON.stringify(choices(row))}\t${label}`);
  return parseTable('a.tsv', ['question\tchoices\tlabel', ...lines].join('\n'), { separator: '\t', quote: '' });
};
const said = (table: Table) => checkRows(checkedRows(table, columns), choiceChecks).map(({ code }) => code);
const times = (count: number, labels: readonly string[]): string[] =>
  Array.from({ length: count }, (_, i) => labels[i % labels.length] ?? '');

test('nothing is said of sound questions, whichever way they name the right answer', () => {
  expect(said(questions(times(60, ['0', '1', '2'])))).toEqual([]);
  expect(said(questions(times(60, ['A', 'B', 'C'])))).toEqual([]);
  const named = questions(times(60, ['1', '2', '3']), (row) => [`yes ${row}`, `no ${row}`, 'perhaps']);
  const withNames = named.rows.map(([question = '', list = '', label = '']) => {
    const texts: unknown = JSON.parse(list);
    return [question, JSON.stringify((texts as string[]).map((text, i) => ({ text, label: String(i + 1) }))), label];
  });
  expect(said({ ...named, rows: withNames })).toEqual([]);
});

test('numbers that seem to count from 1, and a label that is always the same, are said with the rows', () => {
  const [never] = checkRows(checkedRows(questions(times(60, ['1', '2'])), columns), choiceChecks);
  expect(never).toMatchObject({ code: 'answers-never-first', rows: [{ file: 'a.tsv', count: 60 }] });
  expect(never?.message).toMatch(/never the first in the 60 questions of a\.tsv/);
  expect(said(questions(times(60, ['1'])))).toEqual(['answers-in-one-place']);
  expect(said(questions(times(20, ['1'])))).toEqual([]);
});

test('an answer that stands twice, and a question that comes again with the same answers', () => {
  const [twice] = checkRows(
    checkedRows(
      questions(['0', '1', '2'], (row) => (row === 1 ? ['yes', ' yes', 'no'] : ['yes', 'no', 'perhaps'])),
      columns,
    ),
    choiceChecks,
  );
  expect(twice).toMatchObject({ code: 'choices-repeated', rows: [{ count: 1, first: [3] }] });
  const { rows, ...table } = questions(['0', '1', '2']);
  const again = { ...table, rows: [...rows, rows[1] ?? []], rowNumbers: [...table.rowNumbers, 5] };
  const others = { ...table, rows: [...rows, [rows[1]?.[0] ?? '', '["up", "down"]', '0']], rowNumbers: [...table.rowNumbers, 5] };
  expect(checkRows(checkedRows(again, columns), choiceChecks)).toMatchObject([
    {
      code: 'texts-repeated',
      message: expect.stringContaining('1 row of a.tsv repeats a question with its answers of a row before (row 5)'),
    },
  ]);
  expect(said(others)).toEqual([]);
  expect(checkSplit(checkedRows(questions(['0', '1']), columns), { given: checkedRows(again, columns) }, choiceSplitChecks)).toMatchObject([
    { code: 'texts-in-both', rows: [{ count: 3 }, { count: 2 }] },
  ]);
});

test('texts alone and texts to be written have their own checks, and need no label', () => {
  const table = (rows: readonly string[]) => parseTable('a.tsv', ['source\ttarget', ...rows].join('\n'), { separator: '\t' });
  const own = table(times(12, ['a']).map((_, i) => `text ${i} is here\tcopy ${i} of it`));
  const copies = table(times(12, ['a']).map((_, i) => `text ${i} is here\ttext ${i} is here`));
  const pair = { textColumn: 'source', targetColumn: 'target' };
  expect(checkRows(checkedRows(own, pair), targetChecks)).toEqual([]);
  expect(checkRows(checkedRows(copies, pair), targetChecks)).toMatchObject([{ code: 'targets-are-texts', rows: [{ count: 12 }] }]);
  expect(checkRows(checkedRows(own, { textColumn: 'source' }), textChecks)).toEqual([]);
  const repeated = table(['one text here\ta', 'one text here\tb', '...\tc']);
  expect(checkRows(checkedRows(repeated, { textColumn: 'source' }), textChecks).map(({ code }) => code)).toEqual([
    'texts-without-words',
    'texts-repeated',
  ]);
});
