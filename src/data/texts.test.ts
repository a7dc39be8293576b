import { expect, test } from 'vitest';
import { targetColumns, textColumns } from './columns/texts.ts';
import { parseTable } from './table/testing.ts';
import { rowsWithText, toTargetExamples, toTexts } from './texts.ts';

const tabs = (...rows: readonly string[]) => parseTable('a.tsv', rows.join('\n'), { separator: '\t' });

test('texts alone keep their white space, whatever stands beside them', () => {
  const table = tabs('id\ttext\tlabel', '1\t  a word and another \t0', '2\tmore words here\t1');
  expect(textColumns(table)).toEqual({ columns: { text: 'text' }, reasons: { text: expect.stringContaining("often called 'text'") } });
  expect(toTexts(table, { textColumn: 'text' })).toEqual({
    labels: [],
    examples: [
      { text: '  a word and another ', label: 0 },
      { text: 'more words here', label: 0 },
    ],
  });
  expect(textColumns(table, { text: 'id' })).toEqual({ columns: { text: 'id' }, reasons: {} });
});

test('a file of lines is a column of texts', () => {
  const table = parseTable('a.txt', 'It rained, and then it rained.\n\nNobody came.\n', { separator: '', quote: '', header: false });
  expect(textColumns(table).columns).toEqual({ text: '0' });
  expect(toTexts(table, { textColumn: '0' }).examples.map(({ text }) => text)).toEqual(['It rained, and then it rained.', 'Nobody came.']);
});

test('empty lines of running text are passed over, and said; where no row has a text, it is refused', () => {
  const some = rowsWithText(tabs('id\ttext', '1\t = A Title = ', '2\t', '3\tIt rained.', '4\t '), { textColumn: 'text' });
  expect(some).toMatchObject({
    rowNumbers: [2, 4],
    notes: ['2 rows of a.tsv have no text in column "text" and are passed over: rows 3 and 5.'],
  });
  expect(toTexts(some, { textColumn: 'text' }).examples.map(({ text }) => text)).toEqual([' = A Title = ', 'It rained.']);
  const full = tabs('id\ttext', '1\ta');
  expect(rowsWithText(full, { textColumn: 'text' })).toBe(full);
  const none = rowsWithText(tabs('id\ttext', '1\t', '2\t '), { textColumn: 'text' });
  expect(() => toTexts(none, { textColumn: 'text' })).toThrow(expect.objectContaining({ code: 'empty-text' }));
});

test.each([
  ['names of a pair', tabs('id\tarticle\thighlights', '1\ta long text of words\tshort'), ['article', 'highlights']],
  ['one sentence in two languages', tabs('translation.en\ttranslation.de', 'it rains\tes regnet'), ['translation.en', 'translation.de']],
  [
    'the longest text and the next',
    tabs('short one\tdate\tlong one', 'two words\t2020\tmany words of one text'),
    ['long one', 'short one'],
  ],
])('source and target are guessed by %s', (_, table, [text, target]) => {
  const { columns, reasons } = targetColumns(table);
  expect(columns).toEqual({ text, target });
  expect(Object.keys(reasons)).toEqual(['text', 'target']);
});

test('a column that is named is kept, and the other guessed beside it', () => {
  const table = tabs('article\thighlights\ttitle', 'a long text of words\tshort text\ta title');
  expect(targetColumns(table, { target: 'title' }).columns).toEqual({ text: 'article', target: 'title' });
  expect(targetColumns(table, { text: '0' })).toEqual({
    columns: { text: '0', target: 'highlights' },
    reasons: { target: expect.any(String) },
  });
});

test('what is refused names the file and the rows', () => {
  const table = tabs('source\ttarget', 'a\tb', 'c\t ', ' \td');
  const columns = { textColumn: 'source', targetColumn: 'target' };
  expect(() => toTargetExamples(table, columns)).toThrow(
    expect.objectContaining({ code: 'empty-text', message: '1 row of a.tsv has no text in column "source": row 4.' }),
  );
  const named = { ...table, rows: table.rows.slice(0, 2), rowNumbers: table.rowNumbers.slice(0, 2) };
  expect(() => toTargetExamples(named, columns)).toThrow(
    expect.objectContaining({ code: 'empty-target', message: '1 row of a.tsv has no text in column "target": row 3.' }),
  );
  expect(() => toTargetExamples(table, { textColumn: 'source', targetColumn: '0' })).toThrow(
    expect.objectContaining({ code: 'same-column' }),
  );
  expect(() => toTargetExamples(table, { textColumn: 'source' })).toThrow(expect.objectContaining({ code: 'no-target-column' }));
  expect(() => targetColumns(tabs('text\tn', 'a b c\t1'))).toThrow(expect.objectContaining({ code: 'no-target-column' }));
});
