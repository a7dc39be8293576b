import { expect, test } from 'vitest';
import type { TaskCard } from '../../src/protocol/cards.ts';
import { drawnMetrics, isScore, shownMetrics } from './metrics.ts';

const tasks = [{ metrics: [{ name: 'pearson', title: 'Pearson', greater_is_better: true }] }] as unknown as TaskCard[];

test('metrics stand in the order of their tasks with their titles, shares as percent, the loss last', () => {
  expect(shownMetrics({ loss: 0.5, mse: 0.5, pearson: 0.87654, accuracy: 0.9 }, tasks)).toEqual([
    { name: 'accuracy', title: 'accuracy', text: '90.0 %' },
    { name: 'pearson', title: 'Pearson', text: '0.8765' },
    { name: 'mse', title: 'mse', text: '0.5' },
    { name: 'loss', title: 'Loss', text: '0.5' },
  ]);
});

test('what was measured on a further set comes behind, and says of which set it is', () => {
  expect(
    shownMetrics({ mismatched_accuracy: 0.5, mismatched_loss: 1, loss: 2, accuracy: 1 }, tasks).map(({ title, text }) => [title, text]),
  ).toEqual([
    ['accuracy', '100.0 %'],
    ['Loss', '2'],
    ['accuracy, mismatched', '50.0 %'],
    ['Loss, mismatched', '1'],
  ]);
});

test('the share among the five likeliest is a metric of its own, behind accuracy', () => {
  const names = ['loss', 'f1', 'top_5_accuracy', 'accuracy', 'mismatched_top_5_accuracy'];
  const shown = shownMetrics(Object.fromEntries(names.map((name) => [name, 0.5])), tasks);
  expect(shown.map(({ title, text }) => `${title} ${text}`)).toEqual([
    'accuracy 50.0 %',
    'top_5_accuracy 50.0 %',
    'f1 50.0 %',
    'Loss 0.5',
    'top_5_accuracy, mismatched 50.0 %',
  ]);
});

test('errors and losses are no scores', () => {
  expect(['accuracy', 'pearson', 'mse', 'perplexity', 'loss', 'eval_loss'].filter(isScore)).toEqual(['accuracy', 'pearson']);
});

test('a curve shows all scores, or the perplexity of a task that has none', () => {
  expect(drawnMetrics({ loss: 1, acc_norm: 0.5, acc: 0.25 })).toEqual(['acc', 'acc_norm']);
  expect(drawnMetrics({ loss: 1, perplexity: 2.7 })).toEqual(['perplexity']);
  expect(drawnMetrics({ loss: 1, perplexity: 2.7, exact_match: 0 })).toEqual(['perplexity']);
  expect(shownMetrics({ mismatched_acc_norm: 0.5, acc: 0.25 }, tasks).map(({ title, text }) => `${title} ${text}`)).toEqual([
    'acc 25.0 %',
    'acc_norm, mismatched 50.0 %',
  ]);
});
