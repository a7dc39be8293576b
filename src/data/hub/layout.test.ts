// Which files make up which split, by listings and cards alone.

import { expect, test } from 'vitest';
import type { HubFile } from '../../hub/repo.ts';
import { readCard } from './card.ts';
import { convertedLayout, type LaidConfig, plainLayout, whyNoRows } from './layout.ts';

const files = (...paths: string[]): HubFile[] => paths.map((path) => ({ path, size: 1, oid: '' }));
const shown = (configs: readonly LaidConfig[] | undefined) =>
  configs?.map(({ name, splits }) => [
    name,
    Object.fromEntries(splits.map((split) => [`${split.name}${split.partial ? ' (partial)' : ''}`, split.files.map(({ path }) => path)])),
  ]);

test("the hub's conversion: folders of configurations and splits, in the order of their rows", () => {
  const listing = files(
    '.gitattributes',
    'b/train/0001.parquet',
    'b/train/0000.parquet',
    'b/test/0000.parquet',
    'a/partial-train/0000.parquet',
  );
  expect(shown(convertedLayout(listing))).toEqual([
    ['a', { 'train (partial)': ['a/partial-train/0000.parquet'] }],
    ['b', { train: ['b/train/0000.parquet', 'b/train/0001.parquet'], test: ['b/test/0000.parquet'] }],
  ]);
  expect(convertedLayout(files('README.md', 'b/train/0000.parquet'))).toBeUndefined();
  expect(convertedLayout(files('data/train-00000-of-00001.parquet'))).toBeUndefined();
});

test.each<[what: string, listing: string[], card: unknown, expected: unknown]>([
  [
    'what push_to_hub writes',
    ['README.md', 'cola/train-00000-of-00001.parquet', 'cola/test-00000-of-00001.parquet', 'rte/train-00000-of-00001.parquet'],
    {
      configs: [
        {
          config_name: 'cola',
          data_files: [
            { split: 'train', path: 'cola/train-*' },
            { split: 'test', path: 'cola/test-*' },
          ],
        },
        { config_name: 'rte', data_files: [{ split: 'train', path: 'rte/train-*' }] },
      ],
    },
    [
      ['cola', { train: ['cola/train-00000-of-00001.parquet'], test: ['cola/test-00000-of-00001.parquet'] }],
      ['rte', { train: ['rte/train-00000-of-00001.parquet'] }],
    ],
  ],
  [
    'names of files',
    ['train.csv', 'dev.csv', 'notes.txt', 'dataset_infos.json'],
    undefined,
    [['default', { train: ['train.csv'], validation: ['dev.csv'] }]],
  ],
  [
    'folders',
    ['data/test/a.jsonl', 'data/train/a.jsonl', 'data/train/b.jsonl'],
    {},
    [['default', { train: ['data/train/a.jsonl', 'data/train/b.jsonl'], test: ['data/test/a.jsonl'] }]],
  ],
  ['nothing that says it', ['reviews.csv'], {}, [['default', { train: ['reviews.csv'] }]]],
  ['no word within a word', ['trainers.csv', 'my_test-2.csv'], {}, [['default', { test: ['my_test-2.csv'] }]]],
  [
    'a folder of the card',
    ['x/train.csv', 'y/train.csv'],
    { configs: [{ config_name: 'y', data_dir: 'y' }] },
    [['y', { train: ['y/train.csv'] }]],
  ],
  ['a path alone', ['a.csv', 'b.csv'], { configs: { data_files: 'b.csv' } }, [['default', { train: ['b.csv'] }]]],
  [
    'splits as keys, patterns across folders',
    ['d/e/one.csv', 'two.csv'],
    { configs: [{ data_files: { some: '**/*.csv', top: '*.csv' } }] },
    [['default', { some: ['d/e/one.csv', 'two.csv'], top: ['two.csv'] }]],
  ],
  [
    'a card whose files are not there',
    ['train.csv'],
    { configs: [{ config_name: 'x', data_files: 'gone/*.csv' }] },
    [['default', { train: ['train.csv'] }]],
  ],
  [
    'pictures in folders of splits',
    ['README.md', '.gitattributes', 'data/test/a/3.png', 'data/train/a/1.png', 'data/train/b/2.JPEG', 'data/train/list.txt'],
    {},
    [['default', { train: ['data/train/a/1.png', 'data/train/b/2.JPEG'], test: ['data/test/a/3.png'] }]],
  ],
  [
    'pictures in folders of classes, one of them called as a split is',
    ['bus/1.png', 'train/1.png'],
    undefined,
    [['default', { train: ['bus/1.png', 'train/1.png'] }]],
  ],
  [
    'pictures with a file of what is said of them',
    ['metadata.csv', 'test/2.png', 'train/1.png'],
    {},
    [['default', { train: ['metadata.csv', 'train/1.png'], test: ['metadata.csv', 'test/2.png'] }]],
  ],
  [
    'pictures by patterns of the card',
    ['x/a/1.png', 'x/b/1.png', 'y/a/2.png'],
    {
      configs: [
        {
          data_files: [
            { split: 'train', path: 'x/**' },
            { split: 'test', path: 'y/**' },
          ],
        },
      ],
    },
    [['default', { train: ['x/a/1.png', 'x/b/1.png'], test: ['y/a/2.png'] }]],
  ],
  ['rows, with a picture to show', ['logo.png', 'more/2.png', 'train.csv'], {}, [['default', { train: ['train.csv'] }]]],
  ['a card of another form', ['train.csv'], { configs: [3, null, 'x'], dataset_info: 'y' }, [['default', { train: ['train.csv'] }]]],
])('plain files by %s', (_, listing, card, expected) => {
  expect(shown(plainLayout(files(...listing), readCard(card)))).toEqual(expected);
});

test('a card says columns, names of classes and rows', () => {
  const features = [
    { name: 'sentence', dtype: 'string' },
    { name: 'label', dtype: { class_label: { names: { '0': 'no', '1': 'yes' } } } },
    { name: 'odd', dtype: { class_label: { names: { '0': 'no', '2': 'yes' } } } },
    { name: 'words', sequence: 'string' },
    { name: 'meta', struct: [{ name: 'year', dtype: 'int32' }] },
    7,
  ];
  const card = readCard({
    dataset_info: { config_name: 'c', features, splits: [{ name: 'train', num_examples: 9 }, { num_examples: 1 }] },
  });
  expect(card.infos).toMatchObject([
    {
      config: 'c',
      columns: [
        { name: 'sentence', kind: 'text' },
        { name: 'label', names: ['no', 'yes'] },
        { name: 'odd', type: 'ClassLabel', kind: 'number' },
        { name: 'words', kind: 'list' },
        { name: 'meta.year', kind: 'number' },
      ],
      splits: [{ name: 'train', rows: 9 }],
    },
  ]);
  expect(card.infos[0]?.columns[2]).not.toHaveProperty('names');
});

test.each([
  [['README.md', 'glue.py', 'dataset_infos.json'], /made by a script \(glue\.py\)/],
  [['README.md', 'train.csv.gz', 'images.zip'], /files of other kinds \(\.gz, \.zip\)/],
  [['README.md', '.gitattributes'], /no files of rows/],
  [['README.md', 'zoo.py', 'logo.png'], /made by a script/],
  [['README.md', 'train.zip', 'test.zip', 'sample.jpg'], /files of other kinds/],
])('%j has no rows: %s', (paths, why) => {
  expect(plainLayout(files(...paths), readCard({}))).toEqual([]);
  expect(whyNoRows(files(...paths))).toMatch(why);
});
