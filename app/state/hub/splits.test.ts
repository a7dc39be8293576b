import { expect, test } from 'vitest';
import { glueTasks } from '../../../src/protocol/hub_data.ts';
import { choiceOf, refsOf, usualChoice } from './splits.ts';

const dataset = (splits: readonly string[]) => ({
  id: 'org/set',
  commit: 'a'.repeat(40),
  configs: [{ name: 'default', splits: splits.map((name) => ({ name })), columns: [] }],
});

test.each([
  [['train', 'validation', 'test'], 'train', 'validation'],
  [['test', 'train'], 'train', undefined],
  [['test_matched', 'train', 'validation_matched', 'validation_mismatched'], 'train', 'validation_matched'],
  [['train', 'dev'], 'train', 'dev'],
  [['all'], 'all', undefined],
  [['train', 'unsupervised'], 'train', undefined],
])('of %j one trains on %s and evaluates with %s', (splits, split, evaluation) => {
  expect(usualChoice(dataset(splits), 'default')).toMatchObject({ split, evaluation });
});

test('without splits there is no choice', () => {
  expect(usualChoice(dataset([]), 'default')).toBeUndefined();
  expect(usualChoice(dataset(['train']), 'other')).toBeUndefined();
});

test('a task of GLUE is trained on its training split and evaluated with one that has labels', () => {
  const [mnli] = glueTasks.filter(({ config }) => config === 'mnli').map((task) => refsOf(choiceOf(task)));
  expect(mnli?.data).toEqual({ kind: 'hub', name: 'nyu-mll/glue mnli', id: 'nyu-mll/glue', config: 'mnli', split: 'train' });
  expect(mnli?.eval_data).toMatchObject({ config: 'mnli', split: 'validation_matched' });
});
