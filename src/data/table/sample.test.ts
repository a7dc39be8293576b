// What is held of a file: everything, a sample, or the beginning; and that a file is not held to get there.

import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from '../../formats/bytes.ts';
import { openTable } from './open.ts';
import { countRows, readBeginning, readTable } from './sample.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const numbered = (rows: number): Uint8Array => utf8(`id,text\n${Array.from({ length: rows }, (_, i) => `${i},text ${i}\n`).join('')}`);
const idsOf = ({ rows }: { rows: readonly (readonly string[])[] }): number[] => rows.map(([id]) => Number(id));

test('a file within the bounds is held whole, in its order', async () => {
  const table = await readTable(await openTable(bytesOf('a.csv', numbered(5000))), { maxRows: 5000 });
  expect(idsOf(table)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect(table.sampledFrom).toBeUndefined();
});

test('of more rows a sample is drawn: as many as asked, in order, by the seed, evenly, and said', async () => {
  const source = await openTable(bytesOf('a.csv', numbered(20_000)));
  const sample = async (maxRows: number, seed: number) => readTable(source, { maxRows, seed });
  const table = await sample(2000, 1);
  expect([table.rows.length, table.sampledFrom]).toEqual([2000, 20_000]);
  const ids = idsOf(table);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(table.rowNumbers).toEqual(ids.map((id) => id + 2));
  expect(idsOf(await sample(2000, 1))).toEqual(ids);
  expect(idsOf(await sample(2000, 2))).not.toEqual(ids);
  // A smaller sample is a part of a larger one.
  const few = idsOf(await sample(300, 1));
  expect(few.every((id) => ids.includes(id))).toBe(true);
  // 2000 of 20,000: a tenth of them, give or take five standard deviations (13), in each tenth of the file.
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = ids.filter((id) => Math.floor(id / 2000) === tenth).length;
    expect(Math.abs(count - 200)).toBeLessThan(65);
  }
});

test('the bound on characters holds where rows are long', async () => {
  const source = await openTable(
    bytesOf('a.csv', utf8(`id,text\n${Array.from({ length: 3000 }, (_, i) => `${i},${'x'.repeat(100)}\n`).join('')}`)),
  );
  const table = await readTable(source, { maxCharacters: 50_000 });
  const characters = table.rows.flat().reduce((sum, cell) => sum + cell.length, 0);
  expect(characters).toBeLessThanOrEqual(50_000);
  expect(characters).toBeGreaterThan(40_000);
  expect(table.sampledFrom).toBe(3000);
});

test('a preview of a large file reads its beginning and estimates its rows; a small one is counted', async () => {
  const bytes = numbered(200_000);
  let read = 0;
  const counted: ByteSource = {
    ...bytesOf('a.csv', bytes),
    read: (begin, end) => {
      read = Math.max(read, end);
      return Promise.resolve(bytes.slice(begin, end));
    },
  };
  const large = await readBeginning(await openTable(counted), 2 ** 20);
  expect(read).toBeLessThan(bytes.length / 2);
  expect(large).toMatchObject({ counted: 'estimated', table: { rows: { length: 2000 } } });
  // The first rows have the shortest numbers.
  expect(Math.abs(large.rows / 200_000 - 1)).toBeLessThan(0.4);
  expect(await readBeginning(await openTable(counted), 2 ** 30)).toMatchObject({ counted: 'exactly', rows: 200_000 });
});

test('quotes that turn out to be characters far behind the beginning are read as such', async () => {
  const plain = Array.from({ length: 60_000 }, (_, i) => `"all closed ${i}"\tx\n`).join('');
  const source = await openTable(bytesOf('a.tsv', utf8(`text\tlabel\n${plain}"He said\ty\n`)));
  expect(source.reading.quote).toBe('"');
  const table = await readTable(source);
  expect([table.rows.length, table.rows[0], table.rows.at(-1), table.reading?.quote]).toEqual([
    60_001,
    ['"all closed 0"', 'x'],
    ['"He said', 'y'],
    '',
  ]);
  expect((await countRows(source)).source.reading.quote).toBe('');
});

test('of quotes in doubt, text behind one far back makes them characters; where those rows do not fit, it joins its cell and is said', async () => {
  const closed = Array.from({ length: 6000 }, (_, i) => `"all closed ${'and long '.repeat(20)}${i}"\tx\n`).join('');
  const plain = await readTable(await openTable(bytesOf('a.tsv', utf8(`text\tlabel\n${closed}"He" said\ty\n`))));
  expect([plain.rows.at(-1), plain.reading?.quote, plain.notes]).toEqual([['"He" said', 'y'], '', undefined]);
  const quoted = await readTable(await openTable(bytesOf('a.tsv', utf8(`text\tlabel\n"a\tb"\tx\n${closed}"He" said\ty\n`))));
  expect([quoted.rows.length, quoted.rows[0], quoted.rows.at(-1), quoted.reading?.quote]).toEqual([
    6002,
    ['a\tb', 'x'],
    ['He said', 'y'],
    '"',
  ]);
  expect(quoted.notes).toEqual([expect.stringContaining('In 1 row of a.tsv (row 6003)')]);
});

test('a fault far behind the beginning is named by its row', async () => {
  const source = await openTable(bytesOf('a.csv', Buffer.concat([numbered(80_000), utf8('1,2,3\n')])));
  await expect(readTable(source)).rejects.toMatchObject({ code: 'ragged-rows', where: 'a.csv, row 80002' });
});
