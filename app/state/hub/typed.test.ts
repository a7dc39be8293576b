import { expect, test } from 'vitest';
import { shownName, typedRepo } from './typed.ts';

test.each([
  ['', undefined],
  ['   ', undefined],
  ['https://huggingface.co/', undefined],
  ['org/name', { name: 'org/name' }],
  [' gpt2 ', { name: 'gpt2' }],
  ['org/name@v1.0', { name: 'org/name', revision: 'v1.0' }],
  ['org/name@main', { name: 'org/name' }],
  ['https://huggingface.co/org/name', { name: 'org/name' }],
  ['https://huggingface.co/org/name?library=transformers#use', { name: 'org/name' }],
  ['https://huggingface.co/org/name/tree/main', { name: 'org/name' }],
  ['https://huggingface.co/org/name/tree/v2/', { name: 'org/name', revision: 'v2' }],
  ['https://huggingface.co/org/name/tree/refs%2Fpr%2F1', { name: 'org/name', revision: 'refs/pr/1' }],
  ['https://huggingface.co/org/name/blob/v2/config.json', { name: 'org/name', revision: 'v2' }],
  ['https://huggingface.co/datasets/nyu-mll/glue', { name: 'nyu-mll/glue' }],
  ['http://127.0.0.1:8080/org/name', { name: 'org/name' }],
])('%s', (text, expected) => {
  expect(typedRepo(text)).toEqual(expected);
});

test('a name is shown with its revision where that is not the usual one', () => {
  expect([shownName({ name: 'a/b' }), shownName({ name: 'a/b', revision: 'main' }), shownName({ name: 'a/b', revision: 'v1' })]).toEqual([
    'a/b',
    'a/b',
    'a/b@v1',
  ]);
});
