import { expect, test } from 'vitest';
import { readsOption, readsPooling, trainingOf } from './task_options.ts';

const chosen = { class_weights: ['balanced'], label_smoothing_factor: 0.1, max_steps: 3 };

test('what only classes have is left out of runs of other tasks, and smoothing where nothing is smoothed', () => {
  expect(trainingOf(chosen, undefined)).toEqual(chosen);
  expect(trainingOf(chosen, { inputs: 'text', learns: 'class', head: 'sequence' })).toEqual(chosen);
  expect(trainingOf(chosen, { inputs: 'text', learns: 'number', head: 'sequence' })).toEqual({ max_steps: 3 });
  expect(trainingOf(chosen, { inputs: 'text', learns: 'choice', head: 'choices' })).toEqual({ max_steps: 3 });
  expect(trainingOf(chosen, { inputs: 'text', learns: 'choice', head: 'words' })).toEqual({ label_smoothing_factor: 0.1, max_steps: 3 });
});

test('pictures are cropped and mirrored, and texts are cut', () => {
  const of = (inputs: 'text' | 'image') =>
    ['max_length', 'random_resized_crop', 'random_horizontal_flip'].filter((name) =>
      readsOption({ inputs, learns: 'class', head: 'sequence' }, name),
    );
  expect(of('text')).toEqual(['max_length']);
  expect(of('image')).toEqual(['random_resized_crop', 'random_horizontal_flip']);
});

test('tasks of words read no pooling', () => {
  expect([readsPooling(undefined), readsPooling({ inputs: 'text', learns: 'choice', head: 'choices' })]).toEqual([true, true]);
  expect(readsPooling({ inputs: 'text', learns: 'text', head: 'words' })).toBe(false);
});
