// The same questions from every form in which data sets have them; and what is refused of them. The questions are made up, the layouts are not.

import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../formats/bytes.ts';
import { placesOf, toChoiceExamples } from './choices.ts';
import { choiceColumns } from './columns/choices.ts';
import { columnChoice } from './examples.ts';
import { openTable } from './table/open.ts';
import { readTable } from './table/sample.ts';
import type { Table } from './table/table.ts';
import { parseTable } from './table/testing.ts';

interface Question {
  readonly text: string;
  readonly choices: readonly string[];
  readonly right: number;
}

const things = ['stone', 'river', 'cloud', 'lamp', 'glove', 'violin'];
/** Questions with three to five answers, each with the right one at another place. */
const questions: readonly Question[] = Array.from({ length: 12 }, (_, i) => {
  const count = 3 + (i % 3);
  return {
    text: `Which of these, on day ${i}, is the "${things[i % 6]}" of the story?`,
    choices: Array.from({ length: count }, (_v, c) => `the ${things[(i + c) % 6]}, number ${c}`),
    right: (i * 5) % count,
  };
});

const letter = (place: number): string => String.fromCharCode(65 + place);
/** Every third question counts its answers, as some of ARC do. */
const nameOf = (row: number, place: number): string => (row % 3 === 0 ? String(place + 1) : letter(place));
const lines = (rows: readonly unknown[]): string => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
const read = async (name: string, content: string | Uint8Array): Promise<Table> =>
  readTable(await openTable(bytesOf(name, typeof content === 'string' ? new TextEncoder().encode(content) : content)));

/** As they are read with the columns that are guessed. */
function examplesIn(table: Table) {
  return toChoiceExamples(table, columnChoice(choiceColumns(table).columns));
}

const expected = { labels: [], examples: questions.map(({ text, choices, right }) => ({ text, choices, label: right })) };

const arc = lines(
  questions.map(({ text, choices, right }, row) => ({
    id: `Q${row}`,
    question: { stem: text, choices: choices.map((answer, place) => ({ text: answer, label: nameOf(row, place) })) },
    answerKey: nameOf(row, right),
  })),
);
const hub = questions.map(({ text, choices, right }, row) => ({
  id: `Q${row}`,
  question: text,
  choices: { text: choices, label: choices.map((_, place) => nameOf(row, place)) },
  answerKey: nameOf(row, right),
}));
const text = (name: string) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }) as const;
const list = (name: string) =>
  [
    { name, num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
  ] as const;
/** As writers of `datasets` before and after version 4 keep a list of answers with their names. */
const parquet = (form: 'an object of lists' | 'a list of objects') =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'question', data: hub.map(({ question }) => question) },
        {
          name: 'choices',
          data: hub.map(({ choices }) =>
            form === 'an object of lists' ? choices : choices.text.map((answer, i) => ({ text: answer, label: choices.label[i] })),
          ),
        },
        { name: 'answerKey', data: hub.map(({ answerKey }) => answerKey) },
      ],
      schema: [
        { name: 'root', num_children: 3 },
        text('question'),
        ...(form === 'an object of lists'
          ? [
              { name: 'choices', num_children: 2, repetition_type: 'OPTIONAL' } as const,
              ...[...list('text'), text('element')],
              ...[...list('label'), text('element')],
            ]
          : [...list('choices'), { name: 'element', num_children: 2, repetition_type: 'OPTIONAL' } as const, text('text'), text('label')]),
        text('answerKey'),
      ],
    }),
  );

test.each([
  ["ARC's own JSON Lines", 'ARC-Easy-Train.jsonl', arc],
  ["the hub's columns as JSON Lines", 'train.jsonl', lines(hub)],
  ["the hub's columns as a JSON list", 'train.json', JSON.stringify(hub, null, 1)],
  ["the hub's columns as Parquet, an object of lists", 'train.parquet', parquet('an object of lists')],
  ["the hub's columns as Parquet, a list of objects", 'train.parquet', parquet('a list of objects')],
  [
    'a list of objects under the column',
    'train.jsonl',
    lines(hub.map(({ choices: { text, label }, ...row }) => ({ ...row, choices: text.map((t, i) => ({ text: t, label: label[i] })) }))),
  ],
  [
    'a JSON list in a cell of CSV, places from 0',
    'train.csv',
    [
      'question,options,answer',
      ...questions.map(({ text, choices, right }) =>
        [text, JSON.stringify(choices), String(right)].map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','),
      ),
    ].join('\n'),
  ],
  [
    'a column an answer, blank where there are fewer, letters',
    'train.tsv',
    [
      'question\tA\tB\tC\tD\tE\tanswer',
      ...questions.map(({ text, choices, right }) => [text, ...[0, 1, 2, 3, 4].map((i) => choices[i] ?? ''), letter(right)].join('\t')),
    ].join('\n'),
  ],
  [
    'the right answer by its words',
    'train.jsonl',
    lines(questions.map(({ text, choices, right }) => ({ question: text, choices, answer: choices[right] }))),
  ],
])('%s', async (_, name, content) => {
  expect(examplesIn(await read(name, content))).toEqual(expected);
});

test('columns are guessed as SWAG, COPA, PIQA, HellaSwag, RACE and SciQ have them', () => {
  const guess = (header: string, row: string) =>
    choiceColumns(parseTable('a.tsv', [header, row, row].join('\n'), { separator: '\t' })).columns;
  const tabs = (text: string) => text.replaceAll(' ', '\t');
  expect(
    guess(
      tabs('video-id fold-ind startphrase sent1 sent2 gold-source ending0 ending1 ending2 ending3 label'),
      'v1\t12\tShe sits. She\tShe sits.\tShe\tgold\tstands\tsings\tsleeps\truns\t2',
    ),
  ).toEqual({ text: 'sent1', text_pair: 'sent2', label: 'label', choices: ['ending0', 'ending1', 'ending2', 'ending3'] });
  expect(guess(tabs('premise choice1 choice2 question idx label'), 'It rained.\tI sang.\tI got wet.\teffect\t0\t1')).toEqual({
    ...{ text: 'premise', text_pair: 'question', label: 'label', choices: ['choice1', 'choice2'] },
  });
  expect(guess(tabs('goal sol1 sol2 label'), 'Open a jar\tTurn it\tSing to it\t0')).toEqual({
    ...{ text: 'goal', label: 'label', choices: ['sol1', 'sol2'] },
  });
  expect(guess(tabs('ind activity_label ctx_a ctx_b ctx endings label'), '4\tBaking\tA man\the\tA man he\t["bakes", "runs"]\t1')).toEqual({
    ...{ text: 'ctx', label: 'label', choices: ['endings'] },
  });
  expect(guess(tabs('article answer question options example_id'), 'Long ago ...\tB\tWho?\t["Ann", "Bob"]\thigh1')).toEqual({
    ...{ text: 'article', text_pair: 'question', label: 'answer', choices: ['options'] },
  });
  expect(
    guess(
      tabs('question distractor3 distractor1 distractor2 correct_answer support'),
      'What floats?\tlead\tiron\tgold\twood\tWood is light.',
    ),
  ).toEqual({
    ...{ text: 'support', text_pair: 'question', label: 'correct_answer' },
    choices: ['distractor1', 'distractor2', 'distractor3', 'correct_answer'],
  });
});

test('every guess has its reason, and what is named is kept', () => {
  const table = parseTable('a.tsv', 'goal\tsol1\tsol2\tlabel\nOpen a jar\tTurn it\tSing to it\t0', { separator: '\t' });
  expect(choiceColumns(table).reasons).toEqual({
    text: "questions are often called 'goal'",
    choices: "answers are often called 'sol1', 'sol2'",
    label: "the right answer is often called 'label'",
  });
  const named = { text: '0', choices: ['2', '1'], label: 'label' };
  expect(choiceColumns(table, named)).toEqual({ columns: named, reasons: {} });
});

test('the column of the right answer is right in every row, and of a passage and a question one may be blank', () => {
  const table = parseTable(
    'train.tsv',
    [
      'question\tdistractor1\tdistractor2\tcorrect_answer\tsupport',
      'What floats?\tlead\twood\twood\tWood is light.',
      'And sinks?\twood\tice\tlead\t',
    ].join('\n'),
    { separator: '\t' },
  );
  expect(examplesIn(table).examples).toEqual([
    { text: 'Wood is light.', textPair: 'What floats?', choices: ['lead', 'wood', 'wood'], label: 2 },
    { text: 'And sinks?', choices: ['wood', 'ice', 'lead'], label: 2 },
  ]);
});

test('all rows say the right answer in one way: numbers that are answers themselves are no places', () => {
  const numbers = { texts: ['1', '0', '7'] };
  expect(placesOf(['1', '0', '7'], [numbers, numbers, numbers])).toEqual([0, 1, 2]);
  expect(placesOf(['1', '0', '2'], [numbers, numbers, numbers])).toEqual([1, 0, 2]);
  expect(placesOf(['b', 'C', 'D'], [numbers, numbers, numbers])).toEqual([1, 2, -1]);
});

describe('refused with file and rows', () => {
  const columns = { textColumn: 'question', labelColumn: 'answer', choiceColumns: ['options'] };
  const row = (question: string, options: unknown, answer: string) => ({ question, options, answer });
  const good = row('Who?', ['Ann', 'Bob'], 'A');
  test.each([
    ['no question', [good, row(' ', ['Ann', 'Bob'], 'A')], 'empty-text', /^1 row of a\.jsonl has no question: row 2\.$/],
    [
      'one answer',
      [good, row('Who?', ['Ann'], 'A'), row('Who?', 'Ann', 'A')],
      'not-choices',
      /^2 rows .* no list of from 2 to 26 answers in column "options"/,
    ],
    ['no list', [good, row('Who?', '["Ann", ', 'A')], 'not-choices', /^1 row .* row 2\.$/],
    ['a list of lists', [good, row('Who?', [['Ann'], ['Bob']], 'A')], 'not-choices', /row 2\.$/],
    ['a blank answer', [good, row('Who?', ['Ann', ' '], 'A')], 'empty-choice', /an answer to choose that is blank: row 2\.$/],
    ['no right answer', [good, row('Who?', ['Ann', 'Bob'], '')], 'empty-label', /no right answer in column "answer": row 2\.$/],
    [
      'places that count from 1',
      [row('Who?', ['Ann', 'Bob'], '1'), row('Who?', ['Ann', 'Bob'], '2')],
      'unknown-answer',
      /^1 row of a\.jsonl has a value in column "answer" that is none of the row's answers \("2"\): row 2\.$/,
    ],
  ])('%s', async (_, rows, code, message) => {
    const table = await read('a.jsonl', lines(rows));
    expect(() => toChoiceExamples(table, columns)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(message),
        where: expect.stringContaining('a.jsonl'),
        remedy: expect.any(String),
      }),
    );
  });

  test('a table without answers, and one that does not say which is right', () => {
    expect(() => choiceColumns(parseTable('a.tsv', 'question\tlabel\nWho?\t1'))).toThrow(
      expect.objectContaining({ code: 'no-choices-column' }),
    );
    expect(() => choiceColumns(parseTable('a.tsv', 'question\tchoice1\tchoice2\nWho?\tAnn\tBob'))).toThrow(
      expect.objectContaining({ code: 'no-label-column' }),
    );
  });
});
