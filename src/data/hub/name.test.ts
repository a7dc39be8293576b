// Names of data sets, against a hub that has a few.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { classLabel, datasetRepo, feature, type HubDouble, startHubDouble } from '../../../e2e/hub_double/server.ts';
import { Hub } from '../../hub/hub.ts';
import { memoryStore } from '../../hub/testing.ts';
import { evaluationSplit, glueTasks } from '../../protocol/hub_data.ts';
import { chooseSplit, findDataset, looksLikeDataset } from './name.ts';

const features = { text: feature('string'), label: classLabel('a', 'b') };
const rows = [{ text: 'x', label: 0 }];
const configs = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { features, splits: { train: rows, validation: rows, test: rows } }]));

let double: HubDouble;
let hub: Hub;
beforeAll(async () => {
  double = await startHubDouble();
  double.add(datasetRepo({ id: 'nyu-mll/glue', renamed: 'glue', configs: configs('cola', 'sst2') }));
  double.add(datasetRepo({ id: 'stanfordnlp/imdb', renamed: 'imdb', configs: configs('plain_text') }));
  double.add(datasetRepo({ id: 'org/usual', configs: configs('default', 'small') }));
  double.add(datasetRepo({ id: 'org/one', configs: { all: { features, splits: { test: rows } } } }));
  hub = new Hub({ store: memoryStore(), endpoint: double.endpoint, datasetsServer: double.datasetsServer });
});
afterAll(() => double.close());

const place = async (text: string, wanted: readonly string[] = ['train']) => {
  const { id, config, split } = chooseSplit(await findDataset(hub, text), wanted);
  return `${id} ${config} ${split}`;
};

test.each([
  ['nyu-mll/glue/sst2', 'nyu-mll/glue sst2 train'],
  ['nyu-mll/glue/sst2/validation', 'nyu-mll/glue sst2 validation'],
  ['glue/sst2', 'nyu-mll/glue sst2 train'],
  ['glue/cola/test', 'nyu-mll/glue cola test'],
  ['imdb', 'stanfordnlp/imdb plain_text train'],
  ['imdb/test', 'stanfordnlp/imdb plain_text test'],
  ['stanfordnlp/imdb', 'stanfordnlp/imdb plain_text train'],
  ['stanfordnlp/imdb/test', 'stanfordnlp/imdb plain_text test'],
  ['org/usual', 'org/usual default train'],
  ['org/usual/small', 'org/usual small train'],
  ['org/one', 'org/one all test'],
  ['https://huggingface.co/datasets/nyu-mll/glue/viewer/sst2/validation', 'nyu-mll/glue sst2 validation'],
])('%s is %s', async (text, expected) => {
  expect(await place(text)).toBe(expected);
});

test.each([
  ['nyu-mll/glue', 'config-needed', 'nyu-mll/glue has 2 configurations: cola and sst2.'],
  ['glue', 'config-needed', 'nyu-mll/glue has 2 configurations: cola and sst2.'],
  ['nyu-mll/glue/stsb', 'no-such-config', 'nyu-mll/glue has no configuration "stsb". It has cola and sst2.'],
  ['nyu-mll/glue/cola/dev', 'no-such-split', 'nyu-mll/glue/cola has no split "dev". It has train, validation and test.'],
  ['org/none', 'hub-not-found', expect.stringContaining('There is no org/none')],
  ['nobody', 'hub-not-found', expect.stringContaining('There is no nobody')],
  ['a/b/c/d/e', 'bad-repo-id', expect.stringContaining("can't be the name of a dataset")],
])('%s: %s', async (text, code, message) => {
  await expect(place(text)).rejects.toMatchObject({ code, message });
});

test('the first split that is wanted and there', async () => {
  expect(await place('org/usual', ['dev', 'validation', 'test'])).toBe('org/usual default validation');
});

test.each([
  ['data.csv', true],
  ['../data.csv', false],
  ['/tmp/a/b', false],
  ['a b/c', false],
  ['org/name/config/split@v1.0', true],
])('%s can be a name: %s', (text, expected) => {
  expect(looksLikeDataset(text)).toBe(expected);
});

test('validation splits evaluate, test splits do not', () => {
  expect(evaluationSplit(['train', 'test', 'validation_mismatched', 'validation_matched'])).toBe('validation_matched');
  expect(evaluationSplit(['train', 'test'])).toBeUndefined();
  expect(evaluationSplit(['validation', 'test'], 'validation')).toBeUndefined();
  for (const { eval_split, config } of glueTasks) {
    const splits = config === 'mnli' ? ['train', 'validation_matched', 'validation_mismatched'] : ['train', 'validation', 'test'];
    expect(evaluationSplit(splits)).toBe(eval_split);
  }
});
