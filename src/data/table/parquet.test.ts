// Parquet as tables: what a writer of its own wrote, in each form that hubs use; and files that lie about their sizes.

import { readFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from '../../formats/bytes.ts';
import { openTable } from './open.ts';
import { readBeginning, readTable } from './sample.ts';

type Written = Parameters<typeof parquetWriteBuffer>[0];
const written = (options: Written): Uint8Array => new Uint8Array(parquetWriteBuffer(options));
const open = (bytes: Uint8Array, name = 'a.parquet') => openTable(bytesOf(name, bytes));

const texts = Array.from({ length: 2500 }, (_, i) => (i % 7 === 3 ? '' : `text ${i}, "quoted"\n😀`));
const many = written({
  columnData: [
    { name: 'text', data: texts, type: 'STRING' },
    { name: 'label', data: texts.map((_, i) => BigInt(i % 3)), type: 'INT64' },
    { name: 'score', data: texts.map((_, i) => (i % 5 === 0 ? null : i / 4)), type: 'DOUBLE' },
  ],
  rowGroupSize: [1000, 700],
});

test('rows of all groups, numbered from 1, with kinds; nulls are empty', async () => {
  const table = await readTable(await open(many));
  expect(table.columns).toEqual(['text', 'label', 'score']);
  expect(table.kinds?.map(({ is }) => is)).toEqual(['text', 'numbers', 'numbers']);
  expect(table.rows).toEqual(texts.map((text, i) => [text, String(i % 3), i % 5 === 0 ? '' : i % 4 === 0 ? `${i / 4}.0` : String(i / 4)]));
  expect(table.rowNumbers).toEqual(texts.map((_, i) => i + 1));
});

interface Recorded {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly files: Readonly<Record<string, string>>;
  /** Of decimals, times and floats: each cell as Python writes it. */
  readonly types: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[]; readonly file: string };
}
const recorded = JSON.parse(readFileSync(new URL('../vectors/parquet.json', import.meta.url), 'utf8')) as Recorded;

test.each(Object.entries(recorded.files))('as pyarrow writes it: %s', async (_, base64) => {
  const table = await readTable(await open(Uint8Array.from(Buffer.from(base64, 'base64'))));
  expect(table).toMatchObject({ columns: recorded.columns, rows: recorded.rows });
});

test('decimals, times, floats of 32 bits and large numbers lose no digit', async () => {
  const { columns, rows, file } = recorded.types;
  expect(await readTable(await open(Uint8Array.from(Buffer.from(file, 'base64'))))).toMatchObject({ columns, rows });
});

test('only the bytes of wanted columns are read, and a preview reads the first groups alone', async () => {
  let read = 0;
  const counted: ByteSource = {
    ...bytesOf('a.parquet', many),
    read: (begin, end) => {
      read += end - begin;
      return Promise.resolve(many.slice(begin, end));
    },
  };
  const source = await openTable(counted);
  const opened = read;
  const labels = await readTable(source, { columns: [1] });
  expect(labels.rows[4]).toEqual(['1']);
  expect(read - opened).toBeLessThan(many.length / 4);
  expect((await readBeginning(source, 0)).rows).toBe(2500);
});

test('lists and structs are named for what they are, structs as columns of their own', async () => {
  const bytes = written({
    columnData: [
      { name: 'text', data: ['a', 'b'] },
      { name: 'vector', data: [[1.5, 2], []] },
      {
        name: 'meta',
        data: [
          { source: 'x', n: 1 },
          { source: 'y', n: 2 },
        ],
      },
    ],
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'vector', num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'meta', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'source', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'n', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
  });
  const table = await readTable(await open(bytes));
  expect(table.kinds?.map(({ name, kind, is }) => [name, kind, is])).toEqual([
    ['text', 'text', 'text'],
    ['vector', 'list', 'lists of numbers'],
    ['meta.source', 'text', 'text'],
    ['meta.n', 'number', 'numbers'],
  ]);
  expect(table.rows).toEqual([
    ['a', '[1.5,2]', 'x', '1'],
    ['b', '[]', 'y', '2'],
  ]);
});

test('classes have the names that the datasets library writes into the file, and that is said', async () => {
  const features = {
    info: { features: { label: { names: ['neg', 'pos'], _type: 'ClassLabel' }, text: { dtype: 'string', _type: 'Value' } } },
  };
  const bytes = written({
    columnData: [
      { name: 'text', data: ['a', 'b', 'c'], type: 'STRING' },
      { name: 'label', data: [1n, 0n, -1n], type: 'INT64' },
    ],
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify(features) }],
  });
  const table = await readTable(await open(bytes));
  expect(table.rows.map(([, label]) => label)).toEqual(['pos', 'neg', '-1']);
  expect(table.kinds?.[1]?.is).toBe('classes (neg, pos)');
  expect(table.notes).toEqual(['"label" holds numbers, which are read as the names that the file gives its classes (0: neg).']);
});

test.each([
  ['nothing but its magic', Uint8Array.from([...'PAR1PAR1'].map((c) => c.charCodeAt(0))), 'it has 8 bytes'],
  ['cut off', many.slice(0, -20), 'does not end in PAR1'],
  [
    'a footer longer than the file',
    Uint8Array.from([...many.slice(0, -8), 0xff, 0xff, 0xff, 0x3f, ...many.slice(-4)]),
    'its footer is said to have',
  ],
])('%s is refused', async (_, bytes, message) => {
  await expect(open(bytes)).rejects.toMatchObject({
    code: 'bad-parquet',
    message: expect.stringContaining(message),
    remedy: expect.any(String),
  });
});

test('a run longer than there are values is refused before it is decoded', async () => {
  const bytes = Uint8Array.from(Buffer.from(recorded.files['none, pages 1.0'] ?? '', 'base64'));
  // Definition levels of 30 values that are all there: two bytes, a run of 30 (30 << 1 = 60) ones.
  const at = Buffer.from(bytes).indexOf(Buffer.from([2, 0, 0, 0, 60, 1]));
  expect(at).toBeGreaterThan(0);
  bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f, 1], at + 4);
  await expect(open(bytes).then((source) => readTable(source))).rejects.toMatchObject({
    code: 'bad-parquet',
    message: 'a.parquet is not a sound Parquet file: column "label": a run of 2147483647 where there are 30 values.',
  });
});

/** Found by damaging files: a block of definition levels of length 0, and behind it, out of the values, a run of a thousand million. */
const levelsOfNothing =
  'UEFSMRUGFcQBFcQBXBUwFQAVMBUAFQQVAAAAMAEAAAAAAQAAAAIAAAADAAAABAAAAAUAAAAGAAAABwAAAAgAAAAJAAAACgAAAAsAAAAMAAAADQAAAA4AAAAPAAAAEAAAABEAAAASAAAAEwAAABQAAAAVAAAAFgAAABcAAAAVBBX6ARX6AUwVDBUAAAAeAAAAdGhlIG11c2ljIGlzIGxvdWQsICJ2ZXJ5IiBsb3VkEQAAAHBheSB0aGUgYmlsbDsgbm93EwAAAHdoYXQgaXMgbXkgYmFsYW5jZT8NAAAAcGxheQl0aGUgc29uZxMAAABncsO2w59lciBhbHMgMTAg4oKsAwAAAGEKYhUGFRoVGlwVMBUAFTAVEBUEFQAAADABAweIxiIai2gsorEVBBUiFSJMFQQVAAAABQAAAG11c2ljBAAAAGJhbmsVBhUOFQ5cFTAVABEwFRAVBBUAAAAwAQEHqqqqFQQZTEgEcm9vdBUGABUCJQIYA2lkeAAVDCUCGAR0ZXh0JQAAFQwlAhgFbGFiZWwlAAAWMBkcGTwmCBwVAhkVABkYA2lkeBUAFjAW8gEW8gEmCDw2ACgEFwAAABgEAAAAAAAZHBUGFQAVAgAAACb6ARwVDBklABAZGAR0ZXh0FQAWMBbcAhbcAiaSBCb6ARw2ACgQd2hhdCBpcyBteSBiYWxhbxgDYQpiEgAZLBUEFQAVAgAVBhUQFQIAAAAm1gQcFQwZJQAQGRgFbGFiZWwVABYwFnQWdCaSBSbWBBw2ACgFbXVzaWMYBGJhbmsAGSwVBBUAFQIAFQYVEBUCAAAAFsIFFjA2wgUAKAloeXBhcnF1ZXQZPBwAABwAABwAAAAfAQAAUEFSMQ==';

test('levels that end before their values are refused: the library would read on, where nothing was checked', async () => {
  const bytes = Uint8Array.from(atob(levelsOfNothing), (character) => character.charCodeAt(0));
  await expect(readBeginning(await open(bytes))).rejects.toMatchObject({
    code: 'bad-parquet',
    message: expect.stringContaining('0 levels for 24 values'),
  });
});

/** Found by damaging files: indices of no bits, in a page of version 2, with a run of two thousand million of them. */
const indicesOfNoBits =
  'UEFSMRUGFcQBFcQBXBUwFQAVMBUAFQQVAAAAMAEAAAAAAQAAAAIAAAADAAAABAAAAAUAAAAGAAAABwAAAAgAAAAJAAAACgAAAAsAAAAMAAAADQAAAA4AAAAPAAAAEAAAABEAAAASAAAAEwAAABQAAAAVAAAAFgAAABcAAAAVBBX6ARX6AUwVDBUAAAAeAAAAdGhlIG11c2ljIGlzIGxvdWQsICJ2ZXJ5IiBsb3VkEQAAAHBheSB0aGUgYmlsbDsgbm93EwAAAHdoYXQgaXMgdwQAAGFsYW5jZT8NAAAAcGxheQl0aGUgc29uZxMAAABncsO2w59lciBhbHMgMTAg4oKsAwAAAGEKYhUGFRoVGlwVMBUAFTAVEBUEFQAAADABAAAAgP////8sorEVBBUiFSJMFQQVAAAABQAAAG11c2ljBAAAAGJhbmsVBhUOFQ5cFTAVABUwFRAVBBUAAAAwAQEHqqqqFQQZTEgEcm9vdBUGABUCJQIYA2lkeAAVDCUCGAR0ZXh0JQAAFQwlAhgFbGFiZWwlAAAWMBkcGTwmCBwVAhkVABkYA2lkeBUAFjAW8gEW8gEmCDw2ACgEFwAAABgEAAAAAAAZHBUGFQAVAgAAACb6ARwVDBklABAZGAR0ZXh0FQAWMBbcAhbcAiaSBCb6ARw2ACgQd2hhdCBpcyBteSBiYWxhbxgDYQpiEgAZLBUEFQAVAgAVBhUQFQIAAAAm1gQcFQwZJQAQGRgFbGFiZWwVABYwFnQWdCaSBSbWBBw2ACgFbXVzaWMYBGJhbmsAGSwVBBUAFQIAFQYVEBUCAAAAFsIFFjA2wgUAKAloeXBhcnF1ZXQZPBwAABwAABwAAAAfAQAAUEFSMQ==';

test('runs of no bits are held to the number of values too', async () => {
  const bytes = Uint8Array.from(atob(indicesOfNoBits), (character) => character.charCodeAt(0));
  await expect(readBeginning(await open(bytes))).rejects.toMatchObject({
    code: 'bad-parquet',
    message: expect.stringContaining('column "text": a number of too many bytes'),
  });
});

test('bytes that are no text are described in a preview, and refused where they are wanted', async () => {
  const source = await open(
    written({ columnData: [{ name: 'raw', data: [Uint8Array.of(0xff, 0), Uint8Array.of(0x61)], type: 'BYTE_ARRAY' }] }),
  );
  expect((await readTable(source)).rows).toEqual([['(2 bytes)'], ['a']]);
  await expect(readTable(source, { columns: [0] })).rejects.toMatchObject({
    code: 'bad-parquet',
    message: expect.stringContaining('row 1'),
  });
});

test('of 800 files with changed bytes each is a table or an error that says what is wrong', async () => {
  const small = written({
    columnData: [
      { name: 'text', data: texts.slice(0, 40), type: 'STRING' },
      { name: 'label', data: texts.slice(0, 40).map((_, i) => i % 3), type: 'INT32' },
    ],
  });
  let seed = 5;
  const next = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const codes = new Map<string, number>();
  for (let i = 0; i < 800; i++) {
    const bytes = small.slice();
    for (let k = 0; k <= next(3); k++) bytes[4 + next(bytes.length - 8)] = [0, 255, 127, 128, next(256)][next(5)] as number;
    const code = await open(bytes)
      .then((source) => readTable(source))
      .then(
        () => 'read',
        (thrown: { code?: string; message?: string }) => thrown.code ?? `internal: ${thrown.message}`,
      );
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].filter((code) => code.startsWith('internal'))).toEqual([]);
  expect(codes.get('bad-parquet')).toBeGreaterThan(100);
});
