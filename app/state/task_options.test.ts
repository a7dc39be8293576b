import { expect, test } from 'vitest';
import { readsPooling, trainingOf } from './task_options.ts';

const chosen = { class_weights: ['balanced'], label_smoothing_factor: 0.1, max_steps: 3 };

test('what only classes have is left out of runs of other tasks, and smoothing where nothing is smoothed', () => {
  expect(trainingOf(chosen, undefined)).toEqual(chosen);
  expect(trainingOf(chosen, { learns: 'class', head: 'sequence' })).toEqual(chosen);
  expect(trainingOf(chosen, { learns: 'number', head: 'sequence' })).toEqual({ max_steps: 3 });
  expect(trainingOf(chosen, { learns: 'choice', head: 'choices' })).toEqual({ max_steps: 3 });
  expect(trainingOf(chosen, { learns: 'choice', head: 'words' })).toEqual({ label_smoothing_factor: 0.1, max_steps: 3 });
});

test('tasks of words read no pooling', () => {
  expect([readsPooling(undefined), readsPooling({ learns: 'choice', head: 'choices' })]).toEqual([true, true]);
  expect(readsPooling({ learns: 'text', head: 'words' })).toBe(false);
});
