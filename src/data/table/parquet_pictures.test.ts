// Pictures in Parquet files: as the datasets library and pyarrow write them, kept in a place of their own while rows are read, drawn where they are many.

import { readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parquetMetadata } from 'hyparquet';
import { expect, test } from 'vitest';
import { type ByteSource, bytesOf } from '../../formats/bytes.ts';
import { firstPictures } from '../picture_sets/first.ts';
import { openTable } from './open.ts';
import { openParquet } from './parquet.ts';
import { openParquetFiles } from './parquet_files.ts';
import { rangeOf } from './parquet_guard.ts';
import { readBeginning, readTable } from './sample.ts';
import type { Table, TableSource } from './table.ts';

interface Recorded {
  /** Name of the picture, SHA-256 of its bytes, label. */
  readonly rows: readonly (readonly [string | null, string | null, string])[];
  readonly files: Readonly<Record<string, string>>;
  readonly special: Readonly<Record<string, string>>;
}
const recorded = JSON.parse(readFileSync(new URL('../picture_sets/vectors/parquet.json', import.meta.url), 'utf8')) as Recorded;
const fromBase64 = (base64 = ''): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const special = (name: string) => openTable(bytesOf('a.parquet', fromBase64(recorded.special[name])));
const first = Object.values(recorded.files)[0];

/** A place in memory that knows the largest piece that it was given. */
function placeOf() {
  const written: Uint8Array<ArrayBuffer>[] = [];
  const place = async () => ({
    write: async (bytes: Uint8Array) => void written.push(new Uint8Array(bytes)),
    end: async () => new Blob(written),
  });
  return { place, written };
}

/** Digests of the pictures that the cells of a column name. */
const digests = (table: Table, at = 0) =>
  Promise.all(
    table.rows.map(async (cells) => {
      const file = table.pictures?.get(cells[at] ?? '');
      if (file === undefined) return null;
      const bytes = new Uint8Array(await (await file.blob()).arrayBuffer());
      expect(file.size).toBe(bytes.length);
      return bytesToHex(sha256(bytes));
    }),
  );

/** Cells as they are in a table: names that come again say their row. */
const cellsOf = (rows: Recorded['rows']) =>
  rows.map(([name, digest], i) => {
    const again = rows.filter((row) => row[0] === name).length > 1;
    return digest === null ? '' : name === null ? `row ${i + 1}` : again ? `${name} (row ${i + 1})` : name;
  });

test.each(Object.entries(recorded.files))('names, bytes and labels: %s', async (_, base64) => {
  const source = await openTable(bytesOf('a.parquet', fromBase64(base64)));
  expect(source.columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual(['image: image', 'label: text']);
  const table = await readTable(source, { place: placeOf().place });
  expect(table.rows.map(([image]) => image)).toEqual(cellsOf(recorded.rows));
  expect(table.rows.map(([, label]) => label)).toEqual(recorded.rows.map(([, , label]) => label));
  expect(await digests(table)).toEqual(recorded.rows.map(([, digest]) => digest));
  expect(new Set(table.pictures?.keys()).size).toBe(recorded.rows.length - 1);
});

test('labels of classes have their names, and their order', async () => {
  const { columns } = await openTable(bytesOf('a.parquet', fromBase64(first)));
  expect(columns[1]?.classes).toEqual(['cat', 'dog']);
});

test('without a place names alone are read, and none of the bytes', async () => {
  const bytes = fromBase64(recorded.files['many pages']);
  const reads: [number, number][] = [];
  const noted: ByteSource = {
    ...bytesOf('a.parquet', bytes),
    async read(begin, end) {
      reads.push([begin, end]);
      return bytes.slice(begin, end);
    },
  };
  const table = await readTable(await openParquet(noted));
  expect(table.pictures).toBeUndefined();
  expect(table.rows.map(([image]) => image)).toEqual(recorded.rows.map(([name], i) => name ?? `row ${i + 1}`));
  const chunks = parquetMetadata(new Uint8Array(bytes).buffer).row_groups.flatMap(({ columns }) => columns);
  const ofPictures = chunks.filter(({ meta_data }) => meta_data?.path_in_schema.join('.') === 'image.bytes').map(rangeOf);
  expect(ofPictures).toHaveLength(2);
  expect(reads.filter(([begin, end]) => ofPictures.some(([from, to]) => begin < to && end > from))).toEqual([]);
  expect((await readBeginning(await openTable(bytesOf('a.parquet', bytes)))).table.rows[0]?.[0]).toBe('0.png');
});

test('other forms: structs without nulls, bytes alone; sounds are no pictures', async () => {
  const required = await readTable(await special('nothing may be missing, the path first'), { place: placeOf().place });
  const held = recorded.rows.filter(([, digest]) => digest !== null);
  expect(await digests(required)).toEqual(held.map(([, digest]) => digest));
  const alone = await readTable(await special('bytes alone'), { place: placeOf().place });
  expect(alone.rows.map(([image]) => image)).toEqual(held.map((_, i) => `row ${i + 1}`));
  expect(await digests(alone)).toEqual(held.map(([, digest]) => digest));
  expect((await special('sounds')).columns.map(({ name }) => name)).toEqual(['audio.bytes', 'audio.path']);
});

test('a picture that the file names and does not hold is refused where it is wanted', async () => {
  const source = await special('paths alone');
  expect((await readTable(source)).rows).toEqual([['a.png']]);
  await expect(readTable(source, { place: placeOf().place })).rejects.toMatchObject({
    code: 'picture-elsewhere',
    message: 'Row 1 of a.parquet names the picture "a.png" in column "image", and does not hold it.',
  });
});

test('of a sample the pictures of its rows alone are kept, and no others are written', async () => {
  const { place, written } = placeOf();
  const table = await readTable(await openTable(bytesOf('a.parquet', fromBase64(first))), { place, maxRows: 6, seed: 1 });
  expect(table.rows).toHaveLength(6);
  const filled = table.rows.filter(([image]) => image !== '').length;
  expect(written).toHaveLength(filled);
  expect(table.pictures?.size).toBe(filled);
  const byRow = table.rowNumbers.map((number) => recorded.rows[number - 1]?.[1]);
  expect(await digests(table)).toEqual(byRow);
});

test('names of several files do not meet, and rows are those of all files together', async () => {
  const files = ['a', 'b'].map((name) => bytesOf(`${name}.parquet`, fromBase64(first)));
  const table = await readTable(await openParquetFiles({ name: 'two', files }), { place: placeOf().place });
  const twice = [...recorded.rows, ...recorded.rows];
  expect(table.rows.map(([image]) => image)).toEqual(cellsOf(twice));
  expect(table.rows[32]?.[0]).toBe('row 33');
  expect(await digests(table)).toEqual(twice.map(([, digest]) => digest));
});

test('of more pictures than the bound some row groups are drawn, whole and by the seed', async () => {
  const files = [bytesOf('a.parquet', fromBase64(first))];
  const read = (maxPictureBytes: number) =>
    openParquetFiles({ name: 'a', files, readFreely: 0 }).then((source: TableSource) =>
      readTable(source, { place: placeOf().place, maxPictureBytes, seed: 3 }),
    );
  const some = await read(1);
  expect(some.drawnFrom).toBe('1 of 3 row groups');
  expect(some).toMatchObject({ sampledFrom: 25 });
  expect(some.rows.length).toBeLessThanOrEqual(10);
  expect((await read(1)).rows).toEqual(some.rows);
  expect((await read(1e6)).rows).toHaveLength(25);
});

test('the first pictures, to show: rows without one are passed over', async () => {
  const source = await openTable(bytesOf('a.parquet', fromBase64(first)));
  const shown = await firstPictures(source, 0, 4);
  expect(shown.map(({ path }) => path)).toEqual(['0.png', '1.png', '2.png', '4.png']);
  const bytes = new Uint8Array((await (await shown[3]?.blob())?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(bytesToHex(sha256(bytes))).toBe(recorded.rows[4]?.[1]);
});
