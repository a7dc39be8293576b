// Several Parquet files as one table, read as over a network: how many requests, how many bytes, which rows.

import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from '../../formats/bytes.ts';
import { joinedReads } from './joined_reads.ts';
import { openParquetFiles } from './parquet_files.ts';
import { readBeginning, readTable, sampleText } from './sample.ts';

const total = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);

/** A file that keeps a record of its reads. */
function counted(name: string, bytes: Uint8Array): { readonly source: ByteSource; readonly reads: number[] } {
  const reads: number[] = [];
  const { read, ...source } = bytesOf(name, bytes);
  const counting = (begin: number, end: number) => {
    reads.push(end - begin);
    return read(begin, end);
  };
  return { reads, source: { ...source, read: counting } };
}

interface Written {
  readonly count: number;
  readonly rowGroupSize: number;
  /** Characters of a column that is not wanted. */
  readonly aside?: number;
  readonly names?: readonly string[];
  readonly label?: (row: number) => number;
}

/** Rows `first` ... of a split: a text, a label, and a column beside them that does not compress well. */
function file(first: number, { count, rowGroupSize, aside = 0, names, label = (row) => row % 2 }: Written): Uint8Array {
  const rows = Array.from({ length: count }, (_, i) => first + i);
  let state = 7;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state.toString(36);
  };
  const features = { label: { names, _type: 'ClassLabel' } };
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: rows.map((row) => `the text of row ${row}`), type: 'STRING' },
        { name: 'aside', data: rows.map(() => Array.from({ length: Math.ceil(aside / 7) }, noise).join('')), type: 'STRING' },
        { name: 'label', data: rows.map((row) => BigInt(label(row))), type: 'INT64' },
      ],
      rowGroupSize,
      ...(names ? { kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }] } : {}),
    }),
  );
}

test('files are one table: rows in their order, numbered on, counted before they are read', async () => {
  const files = [file(0, { count: 250, rowGroupSize: 100 }), file(250, { count: 50, rowGroupSize: 100 })];
  const sources = files.map((bytes, i) => bytesOf(`000${i}.parquet`, bytes));
  const source = await openParquetFiles({ name: 'org/set/train', files: sources });
  expect(source).toMatchObject({ name: 'org/set/train', rowCount: 300, size: total(files.map(({ length }) => length)) });
  expect(source.reading.said).toMatch(/^2 files, the first with 3 row groups/);
  const table = await readTable(source);
  expect(table.rows.map(([text]) => text)).toEqual(Array.from({ length: 300 }, (_, i) => `the text of row ${i}`));
  expect(table.rowNumbers).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(table.sampledFrom).toBeUndefined();
});

test('a file is opened by one request, and only the columns that are wanted move, neighbours together', async () => {
  const bytes = file(0, { count: 1000, rowGroupSize: 50, aside: 3000 });
  const { source, reads } = counted('0000.parquet', bytes);
  const opened = await openParquetFiles({ name: 'x', files: [source] });
  expect(reads).toHaveLength(1);
  reads.length = 0;
  const { rows } = await readTable(opened, { columns: [0, 2] });
  expect(rows[999]).toEqual(['the text of row 999', '1']);
  // The label of a group and the text of the next are neighbours; the wide column between text and label is not fetched.
  expect(reads.length).toBeLessThanOrEqual(21);
  expect(total(reads)).toBeLessThan(bytes.length / 20);
});

test('many small groups come in a few requests where all of them are wanted', async () => {
  const { source, reads } = counted('0000.parquet', file(0, { count: 10_000, rowGroupSize: 100, aside: 20 }));
  const opened = await openParquetFiles({ name: 'x', files: [source] });
  reads.length = 0;
  expect((await readTable(opened, { columns: [0, 2] })).rows).toHaveLength(10_000);
  expect(reads.length).toBeLessThanOrEqual(2);
});

test('a preview reads the first files alone', async () => {
  const files = [0, 1, 2].map((i) => counted(`${i}`, file(i * 3000, { count: 3000, rowGroupSize: 500, aside: 30 })));
  const source = await openParquetFiles({ name: 'x', files: files.map((one) => one.source) });
  const opened = files.map(({ reads }) => reads.length);
  const beginning = await readBeginning(source, 0);
  expect(beginning).toMatchObject({ rows: 9000, counted: 'exactly' });
  expect(beginning.table.rows).toHaveLength(2000);
  expect(files.map(({ reads }, i) => reads.length - (opened[i] ?? 0)).slice(1)).toEqual([0, 0]);
});

test('names of classes: those of the file, else those that are given', async () => {
  const read = async (names?: readonly string[]) => {
    const files = [bytesOf('0000.parquet', file(0, { count: 4, rowGroupSize: 4, ...(names ? { names } : {}) }))];
    return readTable(await openParquetFiles({ name: 'x', files, classes: new Map([['label', ['given 0', 'given 1']]]) }));
  };
  const own = await read(['bad', 'good']);
  expect(own.rows.map(([, , label]) => label)).toEqual(['bad', 'good', 'bad', 'good']);
  expect(own.kinds?.[2]).toMatchObject({ kind: 'text', classes: ['bad', 'good'] });
  const given = await read();
  expect(given.rows.map(([, , label]) => label)).toEqual(['given 0', 'given 1', 'given 0', 'given 1']);
  expect(given.notes).toEqual(['"label" holds numbers, which are read as the names that the data set gives its classes (0: given 0).']);
});

test('files with other columns are refused with both', async () => {
  const other = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'body', data: ['a'], type: 'STRING' }] }));
  const files = [bytesOf('0000.parquet', file(0, { count: 4, rowGroupSize: 4 })), bytesOf('0001.parquet', other)];
  await expect(openParquetFiles({ name: 'x', files })).rejects.toMatchObject({
    code: 'files-differ',
    message:
      'The files of the split have other columns: 0000.parquet has text: text, aside: text, label: numbers; 0001.parquet has body: text.',
  });
});

const large = { count: 2000, rowGroupSize: 50, aside: 2000 };

test('of what is far larger than what is wanted, groups that the seed draws are read, and it is said', async () => {
  const files = [0, 1].map((i) => counted(`000${i}.parquet`, file(i * large.count, large)));
  const open = (name: string) => openParquetFiles({ name, files: files.map((one) => one.source), readFreely: 2 ** 21 });
  const source = await open('org/set/train');
  for (const { reads } of files) reads.length = 0;
  // All columns, so that they take more than is read freely.
  const bounds = { maxRows: 100, seed: 3 };
  const table = await readTable(source, bounds);
  expect(table.rows).toHaveLength(100);
  const whole = total(files.map(({ source: { size } }) => size));
  const moved = total(files.flatMap(({ reads }) => reads));
  expect(moved).toBeLessThan(0.6 * whole);
  expect(table).toMatchObject({ sampledFrom: 4000, drawnFrom: expect.stringMatching(/^\d+ of 80 row groups$/) });
  expect(sampleText(table)).toEqual([
    `100 of 4,000 rows of org/set/train are taken, from ${table.drawnFrom}, drawn by the seed (--max-rows).`,
    'Rows of one group come together, so this is not a uniform sample.',
  ]);
  // Rows are numbered as in the whole split, and both files play a part.
  expect(table.rows.map(([text]) => text)).toEqual(table.rowNumbers.map((number) => `the text of row ${number - 1}`));
  expect(Math.min(...table.rowNumbers)).toBeLessThan(large.count);
  expect(Math.max(...table.rowNumbers)).toBeGreaterThan(large.count);

  const again = await open('again');
  expect((await readTable(again, bounds)).rowNumbers).toEqual(table.rowNumbers);
  expect((await readTable(again, { ...bounds, seed: 4 })).rowNumbers).not.toEqual(table.rowNumbers);
});

test('narrow columns of it are read whole, for a uniform sample, also of a split that is sorted by its label', async () => {
  const sorted = { count: 4000, rowGroupSize: 50, label: (row: number) => Number(row >= 2000) };
  const source = await openParquetFiles({ name: 'x', files: [bytesOf('0000.parquet', file(0, sorted))] });
  const table = await readTable(source, { maxRows: 400, seed: 3, columns: [0, 2] });
  expect(table.drawnFrom).toBeUndefined();
  expect(table.sampledFrom).toBe(4000);
  const ones = table.rows.filter(([, label]) => label === '1').length;
  expect(ones).toBeGreaterThan(160);
  expect(ones).toBeLessThan(240);
});

test('of very many files some are opened, drawn by the seed', async () => {
  const files = Array.from({ length: 40 }, (_, i) => counted(`${i}.parquet`, file(i * 10, { count: 10, rowGroupSize: 5 })));
  const sources = files.map((one) => one.source);
  const source = await openParquetFiles({ name: 'x', files: sources });
  expect(files.filter(({ reads }) => reads.length > 0)).toHaveLength(1);
  expect(source.rowCount).toBeUndefined();
  const table = await readTable(source, { seed: 1 });
  expect(table).toMatchObject({ sampledFrom: 400, drawnFrom: '64 of 64 row groups of 32 of its 40 files' });
  expect((await readTable(await openParquetFiles({ name: 'x', files: sources }), { seed: 1 })).rows).toEqual(table.rows);
});

test('joined reads give the bytes of the source for any order of reads, and ask anew for what failed', async () => {
  const bytes = Uint8Array.from({ length: 20 * 2 ** 20 }, (_, i) => (i * 7 + (i >> 8)) & 255);
  let fails = true;
  const source: ByteSource = {
    ...bytesOf('a', bytes),
    async read(begin, end) {
      if (fails && begin <= 9_000_000 && end > 9_000_000) throw new Error('cut');
      return bytes.slice(begin, end);
    },
  };
  const joined = joinedReads(source, [
    [12_000_000, 12_000_010],
    [100, 5_000_000],
    [5_030_000, 9_500_000],
    [7, 7],
  ]);
  await expect(joined.read(8_999_990, 9_000_010)).rejects.toThrow('cut');
  fails = false;
  for (const [begin, end] of [
    [0, 200],
    [4_100_000, 4_400_000],
    [8_999_990, 9_000_010],
    [11_999_995, 12_000_020],
    [99, 101],
    [9_400_000, 12_100_000],
    [5, 5],
  ] as const)
    expect(Buffer.compare(await joined.read(begin, end), bytes.subarray(begin, end))).toBe(0);
});
