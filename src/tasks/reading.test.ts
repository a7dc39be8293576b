import { expect, test } from 'vitest';
import { columnChoice } from '../data/examples.ts';
import { parseTable } from '../data/table/testing.ts';
import { choiceReading, questionReading, targetReading, textReading } from './reading.ts';

const question = parseTable('a.tsv', 'question\tA\tB\tanswer\nWho sang?\tAnn\tBob\tB', { separator: '\t' });
const written = parseTable('b.tsv', 'article\tsummary\na long text of words\ta summary', { separator: '\t' });

test.each([
  ['choices', choiceReading, question, { text: 'Who sang?', choices: ['Ann', 'Bob'], label: 1 }],
  ['questions', questionReading, question, { text: 'Question: Who sang?\nAnswer:', choices: ['Ann', 'Bob'], label: 1 }],
  ['texts alone', textReading, written, { text: 'a long text of words', label: 0 }],
  ['texts to be written', targetReading, written, { text: 'a long text of words', target: 'a summary', label: 0 }],
] as const)('%s: the parts that are needed are those that are guessed and read', (_, reading, table, example) => {
  const { columns, reasons } = reading.columnsOf(table);
  expect(Object.keys(columns).toSorted()).toEqual([...reading.parts.needed].toSorted());
  expect(Object.keys(reasons).toSorted()).toEqual([...reading.parts.needed].toSorted());
  expect(reading.examplesOf(table, columnChoice(columns))).toEqual({ labels: [], examples: [example] });
});

test('a file of text is read by lines, unless one says otherwise', () => {
  const file = { kind: 'file', name: 'book.txt', blob: new Blob([]) } as const;
  expect(textReading.reads?.(file)).toEqual({ ...file, separator: '', quote: '', header: false });
  expect(textReading.reads?.({ ...file, separator: '\t', header: true })).toMatchObject({ separator: '\t', header: true });
  expect(textReading.reads?.({ ...file, name: 'book.csv' })).toEqual({ ...file, name: 'book.csv' });
});
