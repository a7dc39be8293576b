import { expect, test } from 'vitest';
import { type Dataset, holdOut, labelledRows, toExamples } from './examples.ts';
import { parseTable } from './table/testing.ts';

const columns = { textColumn: 'text', labelColumn: 'label' };

test('labels are sorted by code units, whatever their order in the file, and trimmed', () => {
  const dataset = toExamples(parseTable('a.csv', 'text,label\na,zebra\nb, Ärger\nc,Zoo\nd,10\ne,2\nf,zebra '), columns);
  expect(dataset.labels).toEqual(['10', '2', 'Zoo', 'zebra', 'Ärger']);
  expect(dataset.examples.map((example) => example.label)).toEqual([3, 4, 2, 0, 1, 3]);
});

test('columns may be given by number, pairs keep both texts, and evaluation data takes the labels of training', () => {
  const table = parseTable('a.tsv', 'a b\tc\tno\nd\te\tno', { header: false });
  expect(toExamples(table, { textColumn: '0', textPairColumn: '1', labelColumn: '2' }, ['maybe', 'no'])).toEqual({
    labels: ['maybe', 'no'],
    examples: [
      { text: 'a b', textPair: 'c', label: 1 },
      { text: 'd', textPair: 'e', label: 1 },
    ],
  });
});

test.each([
  ['an empty text', 'text,label\na,x\n  ,y\n,x', undefined, 'empty-text', '2 rows of a.csv have no text: rows 3 and 4.'],
  ['an empty label', 'text,label\na,x\nb, ', undefined, 'empty-label', '1 row of a.csv has no label in column "label": row 3.'],
  [
    'an unknown label',
    'text,label\na,x\nb,Y\nc,Y',
    ['x', 'y'],
    'unknown-label',
    '2 rows of a.csv have a label that the training data does not have ("Y"): rows 3 and 4.',
  ],
  ['one class only', 'text,label\na,x\nb,x', undefined, 'one-class', 'All 2 rows of a.csv have the same label, "x".'],
  ['no such column', 'text,class\na,x\nb,x', undefined, 'missing-column', 'a.csv has no column "label". Its columns are "text", "class".'],
])('%s is refused with rows and a remedy', (_, csv, labels, code, message) => {
  expect(() => toExamples(parseTable('a.csv', csv), columns, labels)).toThrow(
    expect.objectContaining({ code, message, where: expect.stringContaining('a.csv'), remedy: expect.any(String) }),
  );
});

test('one column cannot be text and label at once', () => {
  const table = parseTable('a.csv', 'text,label\na,x\nb,y');
  expect(() => toExamples(table, { textColumn: 'text', labelColumn: '0' })).toThrow(expect.objectContaining({ code: 'same-column' }));
});

test('where classes have names, -1 is no label: such rows are passed over, and said; where all are so, it is refused', () => {
  const table = (csv: string) => {
    const plain = parseTable('a.csv', csv);
    return { ...plain, kinds: plain.columns.map((name) => ({ name, kind: 'text' as const, is: 'text', classes: ['x', 'y'] })) };
  };
  const some = labelledRows(table('text,label\na,x\nb,-1\nc,y\nd, '), { labelColumn: 'label' });
  expect(some).toMatchObject({
    rows: [
      ['a', 'x'],
      ['c', 'y'],
    ],
    rowNumbers: [2, 4],
    notes: ['2 rows of a.csv have no label (-1 in column "label") and are passed over: rows 3 and 5.'],
  });
  expect(() => labelledRows(table('text,label\na,-1\nb,-1'), { labelColumn: 'label' })).toThrow(
    expect.objectContaining({ code: 'no-labels', message: expect.stringContaining('-1 in all 2 rows') }),
  );
  const numbers = parseTable('a.csv', 'text,label\na,-1\nb,1');
  expect(labelledRows(numbers, { labelColumn: 'label' })).toBe(numbers);
});

/** `counts[c]` examples of each class c, interleaved. */
function dataset(counts: readonly number[]): Dataset {
  const examples = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ text: `${label}-${i}`, label, place: i / count })),
  );
  examples.sort((a, b) => a.place - b.place);
  return { labels: counts.map(String), examples: examples.map(({ text, label }) => ({ text, label })) };
}

test('a held-out tenth keeps the classes in proportion, loses nothing, and depends on the seed alone', () => {
  const whole = dataset([200, 100, 37, 1]);
  const { train, held } = holdOut(whole, 0.1, 42);
  const counts = [0, 1, 2, 3].map((label) => held.examples.filter((example) => example.label === label).length);
  expect(counts.slice(0, 2)).toEqual([20, 10]);
  expect(counts[2]).toBeGreaterThanOrEqual(3);
  expect(counts[3]).toBe(0);
  expect(new Set([...train.examples, ...held.examples])).toEqual(new Set(whole.examples));
  expect(train.examples.length + held.examples.length).toBe(338);
  expect(holdOut(whole, 0.1, 42)).toEqual({ train, held });
  expect(holdOut(whole, 0.1, 43).held).not.toEqual(held);
});

test('a class never loses its last example and nothing to hold out is an error', () => {
  expect(
    holdOut(dataset([2, 2]), 0.9, 1)
      .train.examples.map((example) => example.label)
      .sort(),
  ).toEqual([0, 1]);
  expect(() => holdOut(dataset([3, 3]), 0.1, 1)).toThrow(expect.objectContaining({ code: 'too-few-examples' }));
});

test('labels that are not known but look like known ones are said to, and hidden labels are named for what they are', () => {
  const remedy = (csv: string, labels?: readonly string[]): unknown => {
    try {
      return toExamples(parseTable('a.csv', csv), columns, labels);
    } catch (thrown) {
      return (thrown as { remedy: string }).remedy;
    }
  };
  expect(remedy('text,label\na,yes\nb,1.0\nc,new', ['Yes', '1'])).toContain('"yes" looks like "Yes", "1.0" looks like "1".');
  expect(remedy('text,label\na,new\nb,x', ['x', 'y'])).not.toContain('looks like');
  expect(remedy('text,label\na,-1\nb,-1')).toContain('labels are kept secret');
});
