import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { openTable } from './open.ts';
import { readTable } from './sample.ts';
import { columnIndex } from './table.ts';
import { parseTable } from './testing.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a CSV with quotes, separators and line breaks inside cells keeps them, and a byte-order mark goes', () => {
  const table = parseTable('a.csv', utf8('\ufefftext,label\r\n"a, ""b""\nc",yes\r\n\r\nd,no\r\n'));
  expect(table).toMatchObject({
    name: 'a.csv',
    columns: ['text', 'label'],
    rows: [
      ['a, "b"\nc', 'yes'],
      ['d', 'no'],
    ],
    rowNumbers: [2, 4],
    header: true,
  });
});

test('the delimiter follows the extension, else the first line', () => {
  expect(parseTable('a.tsv', 'a,b\tc,d,e\n1\t2').columns).toEqual(['a,b', 'c,d,e']);
  expect(parseTable('a.csv', '"x,y,z";label\n1;2').columns).toEqual(['x,y,z', 'label']);
  expect(parseTable('pasted', 'text\tlabel\na, b\tc').columns).toEqual(['text', 'label']);
});

test('a stray quote in a TSV is a character and swallows no line', () => {
  const table = parseTable('cola.tsv', 'text\tlabel\n"It is\t0\nsaid" she\t1\n"x" y\t0\n"\t1');
  expect(table.rows).toEqual([
    ['"It is', '0'],
    ['said" she', '1'],
    ['"x" y', '0'],
    ['"', '1'],
  ]);
});

test('a TSV whose quotes are all closed is read with quoting', () => {
  expect(parseTable('a.tsv', 'text\tlabel\n"say ""hi"""\tx\nplain\ty').rows[0]).toEqual(['say "hi"', 'x']);
});

test('without a header the columns are numbers and the first row is data', () => {
  const table = parseTable('a.csv', 'hello,1\nworld,0', { header: false });
  expect([table.columns, table.rows.length, table.rowNumbers]).toEqual([['0', '1'], 2, [1, 2]]);
});

test('a column is found by name or number, a name that looks like a number first', () => {
  const table = parseTable('a.csv', 'text,0,label\na,b,c');
  expect([columnIndex(table, 'label'), columnIndex(table, '2'), columnIndex(table, '0')]).toEqual([2, 2, 1]);
  expect(() => columnIndex(table, '3')).toThrow(expect.objectContaining({ code: 'missing-column' }));
  expect(() => columnIndex(table, 'intent')).toThrow('a.csv has no column "intent". Its columns are "text", "0", "label".');
});

test('ragged rows are counted and the first few are named', () => {
  const lines = ['text,label', ...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'a,b' : 'a,b,c'))].join('\n');
  expect(() => parseTable('a.csv', lines)).toThrow(
    expect.objectContaining({
      code: 'ragged-rows',
      where: 'a.csv, row 3',
      message: '10 of 21 rows in a.csv do not have the 2 columns of the header: row 3 has 3 (rows 3, 5, 7, 9, 11 and 5 more).',
    }),
  );
  expect(() => parseTable('a.tsv', 'a\tb\n\nlonely\n')).toThrow(expect.objectContaining({ where: 'a.tsv, row 3' }));
});

test('text behind a closing quote is part of the cell, and said with its rows', () => {
  const lines = Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? `"semi;colon", ok ${i};${i}` : `plain;${i}`));
  const table = parseTable('a.csv', `text;n\n\n${lines.join('\n')}\n"spaces"  ;9\n`);
  expect(table.rows[0]).toEqual(['semi;colon, ok 0', '0']);
  expect(table.notes).toEqual([
    expect.stringMatching(/^In 5 rows of a.csv \(rows 3, 5, 7, 9 and 11\) text stands behind a closing quote; .*--quote/),
  ]);
  expect(parseTable('a.csv', 'text,n\n"a"b,1\n').notes).toEqual([expect.stringContaining('In 1 row of a.csv (row 2)')]);
  expect(parseTable('a.csv', 'text,n\n"a" ,1\n').notes).toBeUndefined();
});

test('the separator by which quotes close before it is preferred to one that leaves text behind them', () => {
  const table = parseTable('a.csv', 'a;b,c\n"x";y,z\n"u";v,w\n');
  expect([table.reading?.separator, table.rows[0], table.notes]).toEqual([';', ['x', 'y,z'], undefined]);
});

const cells = (count: number, name: string): string => Array.from({ length: count }, (_, i) => `${name}${i}`).join(',');
test.each([
  ['200,000 columns', `${cells(200_000, 'c')}\n${cells(200_000, '')}\n`, 'too-many-columns', 'Row 1 of a.csv has more than 16384 cells'],
  ['a row of 200,000 cells', `a,b\nc,d\n${cells(200_000, '')}\n`, 'too-many-columns', 'Row 3 of a.csv has more than 16384 cells'],
  ['200,000 columns and no end', cells(200_000, 'column '), 'too-many-columns', 'Row 1'],
  ['a cell of 6 MB', `text,label\n${'x'.repeat(6e6)},a\n`, 'cell-too-large', 'A cell in row 2 of a.csv'],
  ['a cell of 6 MB in the header', `${'x'.repeat(6e6)},label\nb,a\n`, 'cell-too-large', 'A cell in row 1 of a.csv'],
  ['cells of 18 MB in one row', `a,b,c,d,e,f\n${`${'x'.repeat(3e6)},`.repeat(5)}y\n`.repeat(2), 'ok', ''],
  ['an unclosed quote before 30 kB', `text,label\na,b\n"c,d\n${'e,f\n'.repeat(8000)}`, 'bad-quotes', 'row 3 of a.csv is never closed'],
  ['an unclosed quote before 6 MB', `text,label\na,b\n"c,d\n${`e,${'f'.repeat(1000)}\n`.repeat(6e3)}`, 'cell-too-large', 'row 3'],
  ['a long header alone', `text,${'x'.repeat(2 ** 20)}\n`, 'empty-table', 'a header but no rows'],
  ['rows longer than the header', 'a,b\nc,d\ne,f,g\n', 'ragged-rows', 'row 3 has 3'],
  ['blank lines alone', '\n'.repeat(2 ** 21), 'empty-table', 'nothing but blank lines'],
])('%s is an error with its row', async (_, text, code, message) => {
  const opened = openTable(bytesOf('a.csv', utf8(text))).then((source) => readTable(source));
  if (code === 'ok') expect((await opened).rows).toHaveLength(3);
  else await expect(opened).rejects.toMatchObject({ code, message: expect.stringContaining(message), remedy: expect.any(String) });
});

test('rows that are longer than the part of the file that is looked at first are read', async () => {
  const wide = await readTable(
    await openTable(bytesOf('a.csv', utf8(`${`${cells(5000, 'a column with a long name ')}\n`}${`${cells(5000, '')}\n`.repeat(3)}`))),
  );
  expect([wide.columns.length, wide.rows.length, wide.rows[2]?.[4999]]).toEqual([5000, 3, '4999']);
  const long = 'a; b '.repeat(2 ** 18);
  const table = await readTable(await openTable(bytesOf('a.csv', utf8(`text;n\n"${long}";1\nb;2\n`))));
  expect(table.rows.map((row) => row.map((cell) => cell.length))).toEqual([
    [long.length, 1],
    [1, 1],
  ]);
});

test.each([
  ['Latin-1', Uint8Array.of(...utf8('text,label\ncaf'), 0xe9, 0x2c, 0x61), 'wrong-encoding', 'byte 14'],
  ['UTF-16 without a mark', Uint8Array.of(0x61, 0, 0x62, 0), 'wrong-encoding', 'byte 1'],
  ['UTF-16 that is cut off', Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62), 'wrong-encoding', 'byte 6'],
  ['an unclosed quote', utf8('text,label\n"abc,x\n'), 'bad-quotes', 'row 2'],
  ['an empty file', utf8(''), 'empty-table', 'a.csv'],
  ['a header alone', utf8('text,label\n'), 'empty-table', 'a.csv'],
  ['a column named twice', utf8('text,text\na,b\n'), 'duplicate-column', 'row 1'],
])('%s is refused', (_, content, code, where) => {
  expect(() => parseTable('a.csv', content)).toThrow(
    expect.objectContaining({ code, where: expect.stringContaining(where), remedy: expect.any(String) }),
  );
});

test.each([
  ['rows.xlsx', 'a zip archive or an Excel workbook', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0)],
  ['rows.csv.gz', 'a gzip archive', Uint8Array.of(0x1f, 0x8b, 8, 0)],
  ['rows.json', 'JSON, but no list of objects', utf8('[["play", "music"], ["pay", "bank"]]')],
])('%s is no table, and the error says that it is %s', async (name, is, content) => {
  await expect(openTable(bytesOf(name, content))).rejects.toThrow(
    `${name} is ${is}, not a table in CSV, TSV, JSON, JSON Lines or Parquet.`,
  );
});

test('texts that begin with a bracket or a brace are texts', () => {
  expect(parseTable('t.csv', '[a],label\n{b},x\n').columns).toEqual(['[a]', 'label']);
  expect(parseTable('t.tsv', '{b}\tx\n[1]\ty\n', { header: false }).rows).toHaveLength(2);
});
