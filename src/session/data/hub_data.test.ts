// Data sets of the hub, against a hub of our own: described, previewed with and without the datasets-server, read for a run by ranges, and once more without a
// request. What layouts and cards say is tested beside them (src/data/hub).

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { classLabel, datasetRepo, feature, type HubDouble, parquetOf, startHubDouble } from '../../../e2e/hub_double/server.ts';
import { describeDataset } from '../../data/hub/dataset.ts';
import { tokenizerOfWords } from '../../data/testing.ts';
import type { Waiting } from '../../hub/client.ts';
import { Hub } from '../../hub/hub.ts';
import { memoryStore } from '../../hub/testing.ts';
import type { Columns, DataRef } from '../../protocol/config.ts';
import type { Host } from '../host.ts';
import { loadData } from './data.ts';
import { previewOf } from './rows.ts';

const sst2 = { sentence: feature('string'), label: classLabel('negative', 'positive'), idx: feature('int32') };
const mrpc = { sentence1: feature('string'), sentence2: feature('string'), label: classLabel('no', 'yes'), idx: feature('int32') };
const words = ['dull', 'fine', 'bright', 'slow', 'warm'];
const sentence = (i: number): string => `the ${words[i % 5]} film number ${i} was ${words[(i * 3 + 1) % 5]}`;
const single = (count: number, label = (i: number) => i % 2) =>
  Array.from({ length: count }, (_, i) => ({ sentence: sentence(i), label: label(i), idx: i }));
const pairs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ sentence1: sentence(i), sentence2: sentence(i + 1), label: i % 2, idx: i }));

/** Letters that do not pack well. */
function noise(count: number): string {
  let state = count;
  return Array.from({ length: Math.ceil(count / 6) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state.toString(36).padStart(6, '0').slice(-6);
  }).join('');
}

let double: HubDouble;
const undo: (() => void)[] = [];
beforeAll(async () => {
  double = await startHubDouble({ tokens: { hf_ann: { user: 'ann', canRead: 'all' } } });
  const described = { license: 'other', citation: '@inproceedings{glue}', homepage: 'https://a.page' };
  double.add(
    datasetRepo({
      ...{ id: 'org/glue', renamed: 'glue', ...described },
      configs: {
        sst2: { features: sst2, splits: { train: single(250), validation: single(20), test: single(10, () => -1) } },
        mrpc: { features: mrpc, splits: { train: pairs(40), validation: pairs(10) } },
      },
    }),
  );
  const wide = { text: feature('string'), aside: feature('string'), label: classLabel('a', 'b') };
  const rows = Array.from({ length: 1200 }, (_, i) => ({ text: sentence(i), aside: noise(6000 + i), label: i % 2 }));
  double.add(
    datasetRepo({ id: 'org/wide', rowGroupSize: 400, shards: 2, configs: { default: { features: wide, splits: { train: rows } } } }),
  );
  double.add(datasetRepo({ id: 'org/half', configs: { default: { features: sst2, splits: { train: single(30) }, partial: true } } }));
  double.add(datasetRepo({ id: 'org/gated', gated: 'auto', configs: { default: { features: sst2, splits: { train: single(30) } } } }));
  double.add({ id: 'org/script', type: 'dataset', files: { 'script.py': 'import datasets', 'README.md': '' } });
  double.add({ id: 'org/empty', type: 'dataset', files: { 'README.md': '' } });
  const csv = (first: number, count: number) =>
    ['text,label', ...Array.from({ length: count }, (_, i) => `${sentence(first + i)},${(first + i) % 2}`)].join('\n');
  double.add({
    ...{ id: 'org/plain', type: 'dataset' },
    files: {
      'README.md': '---\nlicense: mit\n---\n',
      'data/train-0.csv': csv(0, 30),
      'data/train-1.csv': csv(30, 20),
      'data/dev.csv': csv(0, 8),
    },
    cardData: {
      dataset_info: {
        features: [
          { name: 'text', dtype: 'string' },
          { name: 'label', dtype: { class_label: { names: { '0': 'no', '1': 'yes' } } } },
        ],
      },
    },
  });
});
afterAll(() => double.close());
afterEach(() => {
  for (const end of undo.splice(0)) end();
});

type Options = ConstructorParameters<typeof Hub>[0];
function hostOn(more: Partial<Options> = {}): Host {
  const hub = new Hub({ store: memoryStore(), endpoint: double.endpoint, datasetsServer: double.datasetsServer, ...more });
  return { ...nodeHost(), hub };
}
const ref = (id: string, config: string, split: string, more: object = {}): DataRef => ({
  ...{ kind: 'hub', name: `${id}/${config}/${split}`, id, config, split },
  ...more,
});
const load = (data: DataRef, host: Host, eval_data?: DataRef, columns?: Columns) =>
  loadData({ data, ...(eval_data ? { eval_data } : {}), columns, max_length: 16, seed: 42 }, tokenizerOfWords, host);
const asked = () => double.requests.map(({ host, url }) => `${host} ${decodeURIComponent(url.split('?')[0] ?? '')}`);
const failing = (...rules: Parameters<HubDouble['fault']>) => undo.push(double.fault(...rules));

test('a data set is described: configurations, splits, rows, columns with names of classes, licence and citation', async () => {
  double.clearRequests();
  const described = await describeDataset(hostOn().hub, { id: 'org/glue' });
  expect(described).toMatchObject({
    ...{ id: 'org/glue', licence: 'other', citation: '@inproceedings{glue}', homepage: 'https://a.page' },
    commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    configs: [
      {
        name: 'mrpc',
        splits: [
          { name: 'train', rows: 40 },
          { name: 'validation', rows: 10 },
        ],
      },
      {
        name: 'sst2',
        columns: [
          { name: 'sentence', type: 'string' },
          { name: 'label', type: 'ClassLabel', names: ['negative', 'positive'] },
          { name: 'idx', type: 'int32' },
        ],
        splits: [
          { name: 'train', rows: 250, bytes: expect.any(Number) },
          { name: 'validation', rows: 20 },
          { name: 'test', rows: 10 },
        ],
      },
    ],
  });
  // No file was asked for.
  expect(asked().filter((url) => url.includes('/resolve/'))).toEqual([]);
});

test('without the datasets-server the same comes from lists of files and footers', async () => {
  const whole = await describeDataset(hostOn().hub, { id: 'org/glue' });
  failing({ match: { host: 'datasets' }, fault: { kind: 'status', status: 503 } });
  const alone = await describeDataset(hostOn().hub, { id: 'org/glue' });
  const shapeOf = ({ configs }: typeof whole) =>
    configs.map(({ name, splits, columns }) => ({ name, splits, columns: columns.map((column) => [column.name, column.names]) }));
  expect(shapeOf(alone)).toEqual(shapeOf(whole));
  expect(alone).toMatchObject({ licence: 'other', citation: '@inproceedings{glue}', commit: whole.commit });
});

test("a mirror's data sets are not told to the hub's own server", async () => {
  double.clearRequests();
  const fetched: string[] = [];
  const host = hostOn({
    datasetsServer: undefined,
    fetch: (url, init) => {
      fetched.push(url);
      return fetch(url, init);
    },
  });
  await previewOf(ref('org/glue', 'sst2', 'train'), undefined, host);
  expect(fetched.length).toBeGreaterThan(0);
  expect(fetched.filter((url) => !url.startsWith(double.endpoint))).toEqual([]);
});

test('a preview by rows: guessed by names of classes, counted, no file read', async () => {
  double.clearRequests();
  const preview = await previewOf(ref('org/glue', 'sst2', 'train'), undefined, hostOn());
  expect(preview).toMatchObject({
    ...{ name: 'org/glue/sst2/train', rows: 250, rows_counted: 'exactly', columns: ['sentence', 'label', 'idx'] },
    guess: { text: 'sentence', label: 'label' },
    reasons: { label: expect.stringContaining('its 2 classes have names') },
    reading: { said: "the first 100 rows, as the hub's server shows them" },
  });
  expect(preview.sample[1]).toEqual([sentence(1), 'positive', '1']);
  expect(asked().filter((url) => url.includes('/resolve/'))).toEqual([]);
  const paired = await previewOf(ref('org/glue', 'mrpc', 'train'), undefined, hostOn());
  expect(paired.guess).toEqual({ text: 'sentence1', text_pair: 'sentence2', label: 'label' });
});

test.each<[what: string, rule: Parameters<HubDouble['fault']>[0]['fault']]>([
  ['is busy', { kind: 'status', status: 429, headers: { 'Retry-After': '120' } }],
  ['is down', { kind: 'status', status: 503 }],
  ['is not reached', { kind: 'refuse' }],
  ['breaks off', { kind: 'cut', after: 20 }],
  ['is a page of terms', { kind: 'html' }],
])('where the datasets-server %s, the same rows are read from the files, at once', async (_, fault) => {
  const shown = await previewOf(ref('org/glue', 'sst2', 'train'), undefined, hostOn());
  failing({ match: { host: 'datasets' }, fault });
  const read = await previewOf(ref('org/glue', 'sst2', 'train'), undefined, hostOn());
  const { reading, kinds, notes, ...same } = shown;
  expect(read).toMatchObject({ ...same, reasons: { label: expect.stringContaining('its 2 classes have names') } });
  expect(read.kinds.map(({ kind }) => kind)).toEqual(kinds.map(({ kind }) => kind));
  expect(read.reading.said).toMatch(/^the hub's own Parquet files at commit [0-9a-f]{7}; 3 row groups/);
  expect(reading.said).not.toBe(read.reading.said);
  expect(notes).toEqual([]);
});

test('a run reads Parquet by ranges: columns that are used alone, classes by their names, and goes on without a request', async () => {
  const store = memoryStore();
  double.clearRequests();
  const first = await load(ref('org/wide', 'default', 'train'), hostOn({ store }));
  expect(first.labels).toEqual(['a', 'b']);
  expect(first.train.examples.length + first.evaluation.examples.length).toBe(1200);
  expect(first.columns).toEqual({ text: 'text', label: 'label' });
  const files = double.requests.filter(({ url, host, status }) => /\.parquet/.test(url) && host !== 'datasets' && status === 206);
  const bytes = [0, 1].map(
    (i) => double.repo('org/wide', 'dataset')?.at('refs/convert/parquet')?.files.get(`default/train/000${i}.parquet`)?.size ?? 0,
  );
  const whole = bytes.reduce((sum, size) => sum + size, 0);
  expect(whole).toBeGreaterThan(5_000_000);
  // Reads are widened to a quarter of a megabyte, of each of four row groups.
  expect(files.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(0.35 * whole);
  expect(files.length).toBeLessThanOrEqual(12);
  expect(first.from.data).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/) });

  double.clearRequests();
  const again = await load(first.from.data, hostOn({ store, offline: 'the test says so' }), undefined, first.columns);
  expect(again.texts).toEqual(first.texts);
  expect(again.labels).toEqual(first.labels);
  expect(double.requests).toEqual([]);
});

test('a given evaluation split has the classes of the training split; the report says where rows come from', async () => {
  const data = await load(ref('org/glue', 'sst2', 'train'), hostOn(), ref('org/glue', 'sst2', 'validation'));
  expect(data).toMatchObject({ labels: ['negative', 'positive'], heldBack: false });
  expect(data.evaluation.examples).toHaveLength(20);
  expect(data.reading[0]).toMatch(/^org\/glue\/sst2\/train: the hub's own Parquet files at commit [0-9a-f]{7}; 3 row groups/);
  expect(data.reading.join()).toContain(
    '"label" holds numbers, which are read as the names that the file gives its classes (0: negative).',
  );
});

test('a split whose labels are kept secret is refused with a sentence', async () => {
  await expect(load(ref('org/glue', 'sst2', 'test'), hostOn())).rejects.toMatchObject({
    code: 'no-labels',
    message: 'No row of org/glue/sst2/test has a label: column "label" holds -1 in all 10 rows.',
  });
});

test('a conversion of the beginning alone is said', async () => {
  const data = await load(ref('org/half', 'default', 'train'), hostOn());
  expect(data.reading[0]).toContain('which hold the beginning of this split only');
});

test('plain files are read where the hub has no conversion, several of a split, with the names of classes that the card gives', async () => {
  const store = memoryStore();
  const described = await describeDataset(hostOn().hub, { id: 'org/plain' });
  expect(described.configs).toMatchObject([{ name: 'default', splits: [{ name: 'train' }, { name: 'validation' }] }]);
  const data = await load(ref('org/plain', 'default', 'train'), hostOn({ store }), ref('org/plain', 'default', 'validation'));
  expect(data.labels).toEqual(['no', 'yes']);
  expect(data.train.examples).toHaveLength(50);
  expect(data.from.data).toMatchObject({ files: ['data/train-0.csv', 'data/train-1.csv'], classes: { label: ['no', 'yes'] } });
  const again = await load(data.from.data, hostOn({ store, offline: 'the test says so' }), data.from.eval_data, data.columns);
  expect(again.labels).toEqual(['no', 'yes']);
  expect(again.texts).toEqual(data.texts);
});

test.each<[what: string, data: DataRef, code: string, says: RegExp]>([
  ['no such data set', ref('org/none', 'default', 'train'), 'hub-not-found', /There is no org\/none/],
  ['no such configuration', ref('org/glue', 'cola', 'train'), 'no-such-config', /"cola"\. It has mrpc and sst2\./],
  ['no such split', ref('org/glue', 'mrpc', 'test'), 'no-such-split', /"test"\. It has train and validation\./],
  ['no such revision', ref('org/glue', 'mrpc', 'train', { revision: 'v9' }), 'hub-no-revision', /no such revision/],
  ['a script', ref('org/script', 'default', 'train'), 'no-rows-on-hub', /made by a script \(script\.py\)/],
  ['nothing in it', ref('org/empty', 'default', 'train'), 'no-rows-on-hub', /no files of rows/],
  ['gated', ref('org/gated', 'default', 'train'), 'hub-gated', /is gated/],
])('%s: refused in a full sentence, in a preview as in a run', async (_, data, code, message) => {
  const refusal = expect.objectContaining({ code, message: expect.stringMatching(message), remedy: expect.any(String) });
  await expect(previewOf(data, undefined, hostOn())).rejects.toEqual(refusal);
  await expect(load(data, hostOn())).rejects.toEqual(refusal);
});

test('a gated data set is read with a token', async () => {
  const data = await load(ref('org/gated', 'default', 'train'), hostOn({ token: 'hf_ann' }));
  expect(data.labels).toEqual(['negative', 'positive']);
});

test('a data set of numbers is refused by a task of classes, with the task that learns them, before anything is asked for', async () => {
  double.clearRequests();
  await expect(load(ref('nyu-mll/glue', 'stsb', 'train'), hostOn())).rejects.toMatchObject({
    code: 'other-task',
    message: expect.stringMatching(/^The labels of STS-B .* are numbers, and the task is classification/),
    remedy: 'Choose the task stsb.',
  });
  expect(double.requests).toEqual([]);
});

test('a former name is that of the data set it is called now', async () => {
  expect((await describeDataset(hostOn().hub, { id: 'glue' })).id).toBe('org/glue');
  const data = await load(ref('glue', 'sst2', 'train'), hostOn());
  expect(data.from.data).toMatchObject({ id: 'org/glue' });
});

test('a connection that is cut again and again on the way gives the same rows', async () => {
  const sound = await load(ref('org/wide', 'default', 'train'), hostOn());
  failing({ match: { host: 'hub', path: /resolve.*parquet/ }, times: 2, fault: { kind: 'status', status: 502 } });
  failing({ match: { path: /parquet|objects|\/repos/ }, fault: { kind: 'cut-every', bytes: 200_000 } });
  expect((await load(ref('org/wide', 'default', 'train'), hostOn())).texts).toEqual(sound.texts);
});

test('a busy hub is waited for, which is said, until somebody stops it', async () => {
  failing({
    match: { host: 'hub', path: /resolve.*parquet/ },
    times: 2,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '30' } },
  });
  const stop = new AbortController();
  const rests: number[] = [];
  const waiting: Waiting = {
    signal: stop.signal,
    onRest: ({ ms, why }) => {
      rests.push(ms);
      expect(why.code).toBe('hub-busy');
      stop.abort();
    },
  };
  const request = { data: ref('org/glue', 'sst2', 'train'), max_length: 16, seed: 42 };
  await expect(loadData(request, tokenizerOfWords, hostOn(), undefined, waiting)).rejects.toMatchObject({ code: 'fetch-stopped' });
  expect(rests).toEqual([30_000]);
});

test('files of the double are what a writer of Parquet gives', () => {
  expect(parquetOf(sst2, single(3)).subarray(0, 4)).toEqual(new TextEncoder().encode('PAR1'));
});
