import { expect, test } from 'vitest';
import { taskCards } from '../../src/tasks/registry.ts';
import { columnsOf, presetNamed, taskOfPreset } from './presets.ts';

const guess = { text: 'premise', label: 'gold' };

test('a named task takes its columns from a table that has all of them, else what was guessed', () => {
  expect(columnsOf('mnli', { columns: ['idx', 'premise', 'hypothesis', 'label'], guess })).toEqual({
    text: 'premise',
    text_pair: 'hypothesis',
    label: 'label',
  });
  expect(columnsOf('mnli', { columns: ['premise', 'hypothesis', 'gold'], guess })).toEqual(guess);
  expect(columnsOf('sst2', { columns: ['sentence', 'label'], guess })).toEqual({ text: 'sentence', label: 'label' });
  expect(columnsOf(undefined, { columns: ['premise', 'gold'], guess })).toEqual(guess);
});

test('a named task belongs to the task that answers as it does', () => {
  const sst2 = presetNamed('sst2');
  expect(sst2 && taskOfPreset(sst2, taskCards())?.target).toBe('class');
  expect(presetNamed('poetry')).toBeUndefined();
});
