// Data sets of the double: rows, features and Parquet say the same in every place, and errors are those of the datasets-server.

import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classLabel, datasetRepo, feature, type HubDouble, startHubDouble } from './server.ts';

const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ sentence: `text ${i}`, label: i % 2, idx: i }));
const features = { sentence: feature('string'), label: classLabel('negative', 'positive'), idx: feature('int32') };

let hub: HubDouble;
beforeAll(async () => {
  hub = await startHubDouble({ tokens: { hf_none: { user: 'bob', canRead: [] }, hf_all: { user: 'ann', canRead: 'all' } } });
  hub.add(
    datasetRepo({
      id: 'org/glue',
      renamed: 'glue',
      license: 'other',
      citation: '@inproceedings{x}',
      homepage: 'https://a.page',
      configs: {
        sst2: { features, splits: { train: rows(250), validation: rows(20) } },
        lists: {
          features: { words: { feature: feature('string'), _type: 'List' } },
          splits: { train: [{ words: ['a', 'b'] }, { words: [] }] },
        },
      },
    }),
  );
  hub.add(
    datasetRepo({
      id: 'org/parts',
      shards: 3,
      rowGroupSize: 10,
      configs: { default: { features, splits: { train: rows(100) }, partial: true } },
    }),
  );
  hub.add(datasetRepo({ id: 'org/gated', gated: 'auto', configs: { default: { features, splits: { train: rows(1) } } } }));
  hub.add({ id: 'org/unseen', type: 'dataset', files: { 'a.bin': 'x' } });
});
afterAll(() => hub.close());

const ask = async (path: string, token?: string) => {
  const response = await fetch(hub.datasetsServer + path, token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } });
  return { status: response.status, code: response.headers.get('x-error-code'), value: await response.json() };
};

test('splits, features with the names of labels, numbers of rows', async () => {
  expect((await ask('/is-valid?dataset=org/glue')).value).toMatchObject({ viewer: true, preview: true });
  expect((await ask('/splits?dataset=org/glue')).value.splits).toEqual([
    { dataset: 'org/glue', config: 'sst2', split: 'train' },
    { dataset: 'org/glue', config: 'sst2', split: 'validation' },
    { dataset: 'org/glue', config: 'lists', split: 'train' },
  ]);
  const { dataset_info } = (await ask('/info?dataset=org/glue&config=sst2')).value;
  expect(dataset_info).toMatchObject({
    features,
    license: 'other',
    citation: '@inproceedings{x}',
    homepage: 'https://a.page',
    config_name: 'sst2',
  });
  expect(dataset_info.splits.train).toMatchObject({ name: 'train', num_examples: 250 });
  expect(Object.keys((await ask('/info?dataset=org/glue')).value.dataset_info)).toEqual(['sst2', 'lists']);
  const { size } = (await ask('/size?dataset=org/glue')).value;
  expect(size.dataset.num_rows).toBe(272);
  expect(size.splits[1]).toMatchObject({ config: 'sst2', split: 'validation', num_rows: 20, num_columns: 3 });
  expect((await ask('/size?dataset=org/glue&config=sst2')).value.size.config.num_rows).toBe(270);
});

test('rows in pages of at most 100', async () => {
  const of = '/rows?dataset=org/glue&config=sst2&split=train';
  const { value } = await ask(`${of}&offset=249&length=100`);
  expect(value).toEqual({
    features: [
      { feature_idx: 0, name: 'sentence', type: feature('string') },
      { feature_idx: 1, name: 'label', type: { names: ['negative', 'positive'], _type: 'ClassLabel' } },
      { feature_idx: 2, name: 'idx', type: feature('int32') },
    ],
    rows: [{ row_idx: 249, row: { sentence: 'text 249', label: 1, idx: 249 }, truncated_cells: [] }],
    num_rows_total: 250,
    num_rows_per_page: 100,
    partial: false,
  });
  expect((await ask(of)).value.rows).toHaveLength(100);
  expect((await ask('/first-rows?dataset=org/glue&config=sst2&split=validation')).value).toMatchObject({
    truncated: false,
    split: 'validation',
  });
  for (const [query, code] of [
    ['&length=101', 'InvalidParameter'],
    ['&length=x', 'InvalidParameter'],
    ['&offset=-1', 'InvalidParameter'],
  ]) {
    expect(await ask(of + query)).toMatchObject({ status: 422, code, value: { error: expect.any(String) } });
  }
});

test.each([
  ['/splits', undefined, 422, 'MissingRequiredParameter'],
  ['/rows?dataset=org/glue&split=train', undefined, 422, 'MissingRequiredParameter'],
  ['/rows?dataset=org/glue&config=sst2&split=no', undefined, 404, 'ResponseNotFound'],
  ['/info?dataset=org/glue&config=no', undefined, 404, 'ResponseNotFound'],
  ['/splits?dataset=org/none', undefined, 401, 'ExternalUnauthenticatedError'],
  ['/splits?dataset=org/none', 'hf_all', 404, 'ExternalAuthenticatedError'],
  ['/splits?dataset=org/gated', undefined, 401, 'ExternalUnauthenticatedError'],
  ['/splits?dataset=org/gated', 'hf_none', 404, 'ExternalAuthenticatedError'],
  ['/splits?dataset=org/gated', 'hf_all', 200, null],
  ['/splits?dataset=glue', undefined, 404, 'RenamedDatasetError'],
  ['/splits?dataset=org/unseen', undefined, 500, 'EmptyDatasetError'],
  ['/is-valid?dataset=org/unseen', undefined, 200, null],
])('%s as %s is answered with %i, code %s', async (path, token, status, code) => {
  expect(await ask(path, token)).toMatchObject({ status, code, value: status === 200 ? {} : { error: expect.any(String) } });
});

test('Parquet by ranges: the same rows, in small groups, with the features in the footer', async () => {
  const { parquet_files } = (await ask('/parquet?dataset=org/glue&config=sst2')).value;
  const { url, size } = parquet_files[0];
  expect(url).toBe(`${hub.endpoint}/datasets/org/glue/resolve/refs%2Fconvert%2Fparquet/sst2/train/0000.parquet`);
  const file = {
    byteLength: size,
    slice: async (begin: number, end = size) => (await fetch(url, { headers: { Range: `bytes=${begin}-${end - 1}` } })).arrayBuffer(),
  };
  expect(await parquetReadObjects({ file, columns: ['sentence', 'label'], rowStart: 120, rowEnd: 121 })).toEqual([
    { sentence: 'text 120', label: 0n },
  ]);
  const metadata = parquetMetadata(await file.slice(0));
  expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([100, 100, 50]);
  const noted = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  expect(JSON.parse(noted ?? '')).toEqual({ info: { features } });
});

test("the hub's own lists of Parquet files, and a tree of the branch", async () => {
  const get = async (path: string) => (await fetch(hub.endpoint + path)).json();
  const base = `${hub.endpoint}/api/datasets/org/glue/parquet`;
  expect(await get('/api/datasets/org/glue/parquet')).toEqual({
    sst2: { train: [`${base}/sst2/train/0.parquet`], validation: [`${base}/sst2/validation/0.parquet`] },
    lists: { train: [`${base}/lists/train/0.parquet`] },
  });
  expect(await get('/api/datasets/org/glue/parquet/sst2/train')).toEqual([`${base}/sst2/train/0.parquet`]);
  expect((await fetch(`${base}/sst2/train/0.parquet`, { redirect: 'manual' })).headers.get('location')).toContain(
    'refs%2Fconvert%2Fparquet/sst2/train/0000',
  );
  expect(await get('/api/datasets/org/glue/tree/refs%2Fconvert%2Fparquet/lists/train')).toMatchObject([
    { path: 'lists/train/0000.parquet' },
  ]);
  expect(await get('/api/datasets/org/glue')).toMatchObject({ cardData: { license: 'other' }, citation: '@inproceedings{x}' });
});

test('several files of a conversion that is not whole', async () => {
  const { parquet_files, partial } = (await ask('/parquet?dataset=org/parts')).value;
  expect(partial).toBe(true);
  expect(parquet_files.map(({ url }: { url: string }) => url.split('refs%2Fconvert%2Fparquet/')[1])).toEqual([
    'default/partial-train/0000.parquet',
    'default/partial-train/0001.parquet',
    'default/partial-train/0002.parquet',
  ]);
  expect((await ask('/splits?dataset=org/parts')).value.splits).toEqual([{ dataset: 'org/parts', config: 'default', split: 'train' }]);
});
