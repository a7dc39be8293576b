// The five sets read the hub's columns and their authors' own files alike, and make the contexts that lm-evaluation-harness makes. The questions are made up.

import { describe, expect, test } from 'vitest';
import { columnChoice, type Example } from '../data/examples.ts';
import { labelLines, labelsBeside } from '../data/table/labels_beside.ts';
import { openTable } from '../data/table/open.ts';
import { readTable } from '../data/table/sample.ts';
import type { Table } from '../data/table/table.ts';
import { bytesOf } from '../formats/bytes.ts';
import { questionTasks as facts } from '../protocol/hub_data.ts';
import { classification } from './classification.ts';
import { questionAndAnswer, questionSets, withContexts } from './question_sets.ts';

const sets = questionSets(classification);
const open = (name: string, text: string, settings = {}) => openTable(bytesOf(name, new TextEncoder().encode(text)), settings);
const lines = (rows: readonly unknown[]): string => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

function examplesOf(name: string, table: Table): readonly Example[] {
  const task = sets.find((set) => set.name === name);
  if (task === undefined) throw new Error(`no ${name}`);
  const { columns, reasons } = task.columnsOf(table);
  const several = (columns.choices?.length ?? 0) > 1;
  for (const [part, reason] of Object.entries(reasons)) {
    expect(reason).toBe(`${part === 'choices' && several ? 'those are their names' : 'that is its name'} in ${task.title}`);
  }
  return task.examplesOf(table, columnChoice(columns)).examples;
}

const named = (texts: readonly string[], names: readonly string[]) => texts.map((text, i) => ({ text, label: names[i] }));
const planets = ['on the moon', 'in a deep well', 'in a tree', 'at home'];
const water = ['ice', 'steam', 'stone'];
/** Rows as their authors have them, and as the hub has them. */
const school = (stem: 'question' | 'question_stem') => ({
  own: lines([
    { id: 'a', question: { stem: 'Frogs lay eggs', choices: named(planets, ['A', 'B', 'C', 'D']) }, answerKey: 'B' },
    { id: 'b', question: { stem: 'What floats?', choices: named(water, ['1', '2', '3']) }, answerKey: '1' },
  ]),
  hub: lines([
    { id: 'a', [stem]: 'Frogs lay eggs', choices: { text: planets, label: ['A', 'B', 'C', 'D'] }, answerKey: 'B' },
    { id: 'b', [stem]: 'What floats?', choices: { text: water, label: ['1', '2', '3'] }, answerKey: '1' },
  ]),
});

describe.each([
  ['openbookqa', 'question_stem', ['Frogs lay eggs', 'What floats?']],
  ['arc_easy', 'question', ['Question: Frogs lay eggs\nAnswer:', 'Question: What floats?\nAnswer:']],
  ['arc_challenge', 'question', ['Question: Frogs lay eggs\nAnswer:', 'Question: What floats?\nAnswer:']],
] as const)('%s', (name, stem, [first, second]) => {
  test.each(['own', 'hub'] as const)('%s rows', async (form) => {
    const table = await readTable(await open('train.jsonl', school(stem)[form]));
    expect(examplesOf(name, table)).toEqual([
      { text: first, choices: planets, label: 1 },
      { text: second, choices: water, label: 0 },
    ]);
  });
});

test('PIQA from its rows and their labels, and from the hub', async () => {
  const rows = [
    { goal: 'Open a jar', sol1: 'turn the lid', sol2: 'turn the table' },
    { goal: 'Boil an egg', sol1: 'in sand', sol2: 'in water' },
  ];
  const expected = rows.map(({ goal, sol1, sol2 }, i) => ({ text: `Question: ${goal}\nAnswer:`, choices: [sol1, sol2], label: i }));
  const own = await labelsBeside(await open('train.jsonl', lines(rows)), await open('train-labels.lst', '0\n1\n', labelLines));
  expect(examplesOf('piqa', await readTable(own))).toEqual(expected);
  expect(examplesOf('piqa', await readTable(await open('hub.jsonl', lines(rows.map((row, label) => ({ ...row, label }))))))).toEqual(
    expected,
  );
});

test('SciQ: the right answer is the last, and a question without support has an empty first line', async () => {
  const row = { question: 'What floats?', distractor3: 'lead', distractor1: 'iron', distractor2: 'wood', correct_answer: 'wood' };
  const rows = [
    { ...row, support: '  Wood is light.' },
    { ...row, support: '' },
  ];
  const choices = ['iron', 'wood', 'lead', 'wood'];
  for (const [name, text] of [
    ['train.json', JSON.stringify(rows)],
    ['hub.jsonl', lines(rows)],
  ] as const) {
    expect(examplesOf('sciq', await readTable(await open(name, text)))).toEqual([
      { text: 'Wood is light.\nQuestion: What floats?\nAnswer:', choices, label: 3 },
      { text: '\nQuestion: What floats?\nAnswer:', choices, label: 3 },
    ]);
  }
});

test('other files have the context of a question and its answer, below a passage where there is one', async () => {
  const table = await readTable(await open('a.jsonl', lines([{ story: ' Long ago ...', ask: 'Who?', options: ['Ann', 'Bob'], key: 'B' }])));
  const choice = { textColumn: 'ask', labelColumn: 'key', choiceColumns: ['options'] };
  const read = withContexts(questionAndAnswer);
  expect(read(table, choice).examples).toEqual([{ text: 'Question: Who?\nAnswer:', choices: ['Ann', 'Bob'], label: 1 }]);
  expect(read(table, { ...choice, textColumn: 'story', textPairColumn: 'ask' }).examples).toMatchObject([
    { text: 'Long ago ...\nQuestion: Who?\nAnswer:' },
  ]);
});

test('a row of a set is a task by its name, with its data set', () => {
  expect(sets.map(({ name }) => name)).toEqual(['openbookqa', 'piqa', 'arc_easy', 'arc_challenge', 'sciq']);
  expect(sets.map(({ dataset }) => dataset)).toEqual(facts);
  expect(sets.map(({ dataset }) => dataset?.task)).toEqual(sets.map(({ name }) => name));
});
