import { expect, test } from 'vitest';
import { looksLikeRepo, parseRepo, shownRepo } from './repo.ts';

test.each([
  ['google/bert_uncased_L-4_H-256_A-4', 'google/bert_uncased_L-4_H-256_A-4', 'main'],
  [' gpt2 ', 'gpt2', 'main'],
  ['org/name@v1.0', 'org/name', 'v1.0'],
  ['org/name@refs/pr/3', 'org/name', 'refs/pr/3'],
  ['https://huggingface.co/org/name', 'org/name', 'main'],
  ['https://huggingface.co/org/name/', 'org/name', 'main'],
  ['https://huggingface.co/org/name/tree/refs%2Fpr%2F1', 'org/name', 'refs/pr/1'],
  ['https://huggingface.co/org/name/blob/v2/config.json?raw=1', 'org/name', 'v2'],
  ['https://huggingface.co/datasets/nyu-mll/glue', 'nyu-mll/glue', 'main'],
])('%s names a repository and a revision', (text, id, revision) => {
  const repo = parseRepo('model', text);
  expect(repo).toEqual({ type: 'model', id, revision });
  expect(parseRepo('model', shownRepo(repo))).toEqual(repo);
});

test.each([
  '',
  '/',
  'a/b/c',
  '../etc',
  'org/..',
  'org/a--b',
  '.hidden',
  'a b',
  'org/name.git',
  'org/na?me',
  'org/name@',
  'org/name@../x',
  'org/name@a b',
  'org/name@a/../b',
  `${'x'.repeat(97)}`,
])('%j names none', (text) => {
  expect(() => parseRepo('model', text)).toThrow(expect.objectContaining({ code: 'bad-repo-id' }));
});

test('a path of the disk that can be an id looks like one, others do not', () => {
  expect(['models/bert', 'bert', './models/bert', '/models/bert', 'models/', 'C:\\models'].map(looksLikeRepo)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
