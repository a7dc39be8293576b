// Data sets of pictures on a hub of our own: in the hub's conversion, and as files of a repository.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { classLabel, datasetRepo, type HubDouble, picture, startHubDouble } from '../../../e2e/hub_double/server.ts';
import { Hub } from '../../hub/hub.ts';
import { memoryStore } from '../../hub/testing.ts';
import { readBeginning, readTable } from '../table/sample.ts';
import { describeDataset } from './dataset.ts';
import { splitBeginning } from './preview.ts';
import { openSplit, type SplitPlace } from './split.ts';

const png = (text: string): Uint8Array =>
  Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new TextEncoder().encode(text)]);
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ image: { bytes: png(`${i}`), path: `${i}.png` }, label: i % 2 }));
const tree = ['train/cat/1.png', 'train/cat/2.png', 'train/dog/1.png', 'test/cat/3.png', 'test/dog/4.png'];

let double: HubDouble;
beforeAll(async () => {
  double = await startHubDouble();
  const features = { image: picture, label: classLabel('cat', 'dog') };
  double.add(
    datasetRepo({
      id: 'org/converted',
      shards: 2,
      rowGroupSize: 10,
      configs: { default: { features, splits: { train: rows(40), test: rows(6) } } },
    }),
  );
  const files = Object.fromEntries(tree.map((path) => [`data/${path}`, png(path)]));
  double.add({ id: 'org/folders', type: 'dataset', files: { 'README.md': '---\nlicense: mit\n---\n', ...files } });
  double.add({
    ...{ id: 'org/carded', type: 'dataset' },
    files: { 'README.md': '', ...files },
    cardData: {
      configs: [
        {
          config_name: 'all',
          data_files: [
            { split: 'train', path: 'data/train/**' },
            { split: 'rest', path: 'data/test/**' },
          ],
        },
      ],
    },
  });
  double.add({
    ...{ id: 'org/metadata', type: 'dataset' },
    files: {
      'metadata.jsonl': '{"file_name":"1.png","label":"cat","by":"Ann"}\n{"file_name":"2.png","label":"dog","by":"Bob"}',
      '1.png': png('1'),
      '2.png': png('2'),
    },
  });
});
afterAll(() => double.close());

const hubOf = (store = memoryStore()) => new Hub({ endpoint: double.endpoint, datasetsServer: double.datasetsServer, store });
const place = (id: string, split = 'train', config = 'default'): SplitPlace => ({ id, config, split });
function inMemory() {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  return async () => ({ write: async (bytes: Uint8Array) => void parts.push(new Uint8Array(bytes)), end: async () => new Blob(parts) });
}
const textsOf = async (pictures: ReadonlyMap<string, { blob(): Promise<Blob> }> | undefined, cells: readonly string[]) =>
  Promise.all(cells.map(async (cell) => (await (await pictures?.get(cell)?.blob())?.slice(8).text()) ?? null));

test('the conversion: pictures by their names, with the names of their classes, kept where a place is given', async () => {
  const hub = hubOf();
  expect((await describeDataset(hub, { id: 'org/converted' })).configs[0]).toMatchObject({
    columns: [
      { name: 'image', type: 'Image' },
      { name: 'label', type: 'ClassLabel', names: ['cat', 'dog'] },
    ],
    splits: [
      { name: 'train', rows: 40 },
      { name: 'test', rows: 6 },
    ],
  });
  const { source } = await openSplit(hub, place('org/converted'));
  const table = await readTable(source, { place: inMemory() });
  expect(table.rows.slice(0, 2)).toEqual([
    ['0.png', 'cat'],
    ['1.png', 'dog'],
  ]);
  const cells = table.rows.map(([cell = '']) => cell);
  expect(await textsOf(table.pictures, cells)).toEqual(rows(40).map((_, i) => String(i)));
});

test("a preview of the hub's server names pictures by their rows", async () => {
  const { table } = await splitBeginning(hubOf(), place('org/converted'));
  expect(table.kinds?.map(({ kind }) => kind)).toEqual(['image', 'text']);
  expect(table.rows[1]).toEqual(['row 2', 'dog']);
});

test('folders of a repository: classes by their names, each picture asked for when it is needed, and kept', async () => {
  const store = memoryStore();
  const hub = hubOf(store);
  expect((await describeDataset(hub, { id: 'org/folders' })).configs).toEqual([
    {
      name: 'default',
      columns: [
        { name: 'image', type: 'Image' },
        { name: 'label', type: 'ClassLabel', names: ['cat', 'dog'] },
      ],
      splits: [
        { name: 'train', rows: 3, bytes: expect.any(Number) },
        { name: 'test', rows: 2, bytes: expect.any(Number) },
      ],
    },
  ]);
  double.clearRequests();
  const { source, pinned } = await openSplit(hub, place('org/folders'));
  const table = await readTable(source);
  expect(table.rows).toEqual([
    ['train/cat/1.png', 'cat'],
    ['train/cat/2.png', 'cat'],
    ['train/dog/1.png', 'dog'],
  ]);
  expect(source.reading.said).toMatch(/^files of the repository at commit [0-9a-f]{7}; 3 pictures in folders of 2 classes$/);
  expect(double.requests.filter(({ url }) => url.includes('.png'))).toEqual([]);
  expect(await textsOf(table.pictures, ['train/dog/1.png'])).toEqual(['data/train/dog/1.png'.slice(5)]);
  expect(double.requests.filter(({ url }) => url.includes('.png'))).toHaveLength(1);
  // The same rows by the commit alone, and the picture without a request.
  expect(pinned).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(pinned).not.toHaveProperty('files');
  double.clearRequests();
  const again = await readTable((await openSplit(hubOf(store), pinned)).source);
  expect(again.rows).toEqual(table.rows);
  expect(await textsOf(again.pictures, ['train/dog/1.png'])).toEqual(['train/dog/1.png']);
  expect(double.requests).toEqual([]);
});

test('splits of a card are its files, which a run remembers', async () => {
  const hub = hubOf();
  const { source, pinned } = await openSplit(hub, place('org/carded', 'rest', 'all'));
  expect((await readTable(source)).rows).toEqual([
    ['test/cat/3.png', 'cat'],
    ['test/dog/4.png', 'dog'],
  ]);
  expect(pinned.files).toEqual(['data/test/cat/3.png', 'data/test/dog/4.png']);
  expect((await readTable((await openSplit(hub, pinned)).source)).rows).toHaveLength(2);
  await expect(openSplit(hub, { ...pinned, files: ['gone.png'] })).rejects.toMatchObject({ code: 'files-gone' });
});

test('a file beside the pictures says what they are', async () => {
  const { source } = await openSplit(hubOf(), place('org/metadata'));
  const { table } = await readBeginning(source);
  expect(table).toMatchObject({
    columns: ['image', 'label', 'by'],
    rows: [
      ['1.png', 'cat', 'Ann'],
      ['2.png', 'dog', 'Bob'],
    ],
  });
  expect(await textsOf(table.pictures, ['2.png'])).toEqual(['2']);
});
