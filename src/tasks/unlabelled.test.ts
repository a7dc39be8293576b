// Rows to predict of need not say what is learned: every task finds its columns without, and asks what the model would read of the same row with it.

import { expect, test } from 'vitest';
import { columnChoice } from '../data/examples.ts';
import { openTable } from '../data/table/open.ts';
import { readTable } from '../data/table/sample.ts';
import type { Table } from '../data/table/table.ts';
import { bytesOf } from '../formats/bytes.ts';
import type { NamedColumns } from '../protocol/config.ts';
import { taskNamed, tasks } from './registry.ts';

const tableOf = async (rows: readonly object[]): Promise<Table> =>
  readTable(await openTable(bytesOf('rows.jsonl', new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))), {}));

function asked(name: string, table: Table, named?: NamedColumns) {
  const { unlabelled } = taskNamed(name);
  return unlabelled.examplesOf(table, columnChoice(unlabelled.columnsOf(table, named).columns));
}

const review = { id: 7, review: 'I could not put this book down at all', stars: 5 };
const pair = { premise: 'A man plays a guitar on the stage', hypothesis: 'A man plays an instrument', label: 1 };
const question = { passage: 'Ann sang and Bob danced.', question: 'Who sang?', options: ['Ann', 'Bob'], answer: 'A' };
const text = { article: 'a long text of very many words', summary: 'a summary' };
const without = <T extends object>(row: T, ...names: readonly (keyof T)[]): object =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name as keyof T)));

test.each([
  ['classification', without(review, 'stars'), { text: review.review }],
  ['classification', without(pair, 'label'), { text: pair.premise, textPair: pair.hypothesis }],
  ['regression', without(review, 'stars'), { text: review.review }],
  ['mnli', { ...without(pair, 'label'), idx: 3 }, { text: pair.premise, textPair: pair.hypothesis }],
  [
    'mrpc',
    { '#1 ID': 4, '#2 ID': 5, '#1 String': 'one text', '#2 String': 'another text' },
    { text: 'one text', textPair: 'another text' },
  ],
  ['multiple_choice', without(question, 'answer'), { text: question.passage, textPair: question.question, choices: ['Ann', 'Bob'] }],
  ['question_answering', without(question, 'answer', 'passage'), { text: 'Who sang?', choices: ['Ann', 'Bob'] }],
  ['piqa', { goal: 'Boil an egg', sol1: 'in sand', sol2: 'in water' }, { text: 'Boil an egg', choices: ['in sand', 'in water'] }],
  ['language_modelling', { text: 'once upon a time' }, { text: 'once upon a time' }],
  ['sequence_to_sequence', without(text, 'summary'), { text: text.article }],
  ['sequence_to_sequence', { article: text.article, note: 'of last week' }, { text: text.article }],
] as const)('%s of %o', async (name, row, expected) => {
  expect(asked(name, await tableOf([row, row]))).toEqual([expected, expected]);
});

test('with what is learned beside it a row is the same; a text that might be written is asked about', async () => {
  expect(asked('multiple_choice', await tableOf([question]))).toEqual([
    { text: question.passage, textPair: question.question, choices: ['Ann', 'Bob'] },
  ]);
  expect(asked('classification', await tableOf([pair]))).toEqual([{ text: pair.premise, textPair: pair.hypothesis }]);
  expect(asked('sequence_to_sequence', await tableOf([text]))).toEqual([{ text: text.article, target: text.summary }]);
  const named = { text: 'article', target: 'note' };
  expect(asked('sequence_to_sequence', await tableOf([{ article: 'a', note: 'b' }]), named)).toEqual([{ text: 'a', target: 'b' }]);
});

test('answers that are no list are refused with the row, label or none', async () => {
  const table = await tableOf([without(question, 'answer'), { ...without(question, 'answer'), options: ['Ann'] }]);
  expect(() => asked('question_answering', table, { choices: ['options'] })).toThrow(
    expect.objectContaining({ code: 'not-choices', message: expect.stringContaining('row 2') }),
  );
});

const questions = tasks.filter(({ inContext }) => inContext !== undefined);

test.each(questions.map((task) => [task.name, task] as const))(
  '%s: what is asked stands in the context of its examples',
  async (_, task) => {
    const choice = { textColumn: 'passage', textPairColumn: 'question', labelColumn: 'answer', choiceColumns: ['options'] };
    for (const row of [question, { ...question, passage: '' }]) {
      const table = await tableOf([row]);
      const [{ label: _label, ...read } = { label: 0, text: '' }] = task.examplesOf(table, choice).examples;
      const [one = { text: '' }] = task.unlabelled.examplesOf(table, choice);
      expect(task.inContext?.(one)).toEqual(read);
    }
  },
);

test('tasks that choose by a score read a question as it stands; the five sets each have a context', () => {
  expect(questions.map(({ name }) => name)).toEqual(['question_answering', 'openbookqa', 'piqa', 'arc_easy', 'arc_challenge', 'sciq']);
});
