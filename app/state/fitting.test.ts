import { expect, test } from 'vitest';
import type { BundledData } from '../../src/protocol/cards.ts';
import type { DataRef } from '../../src/protocol/config.ts';
import { taskCards } from '../../src/tasks/registry.ts';
import { fittedTo, withPreviewed } from './fitting.ts';
import { evaluationOf, firstRun, type Settings } from './settings.ts';

const item = { title: '', licence: '', bytes: 1 };
const data: readonly BundledData[] = [
  { ...item, name: 'clinc150', inputs: 'text', parts: ['test', 'train', 'validation'], label_columns: ['intent', 'domain'] },
  { ...item, name: 'digits', inputs: 'image', parts: ['test', 'train'], label_columns: ['label'] },
];
const catalogue = { tasks: taskCards(), data };
const pictures: DataRef = { kind: 'pictures', name: 'pets', files: [] };

test('a model of pictures brings its task and its data, and one of texts brings theirs back', () => {
  const seen = fittedTo('image', firstRun, catalogue);
  expect(seen).toMatchObject({
    task: 'image_classification',
    data: { kind: 'bundled', name: 'digits', part: 'train' },
    columns: { image: 'image', label: 'label' },
  });
  // It has no part for it: a tenth is held back.
  expect(evaluationOf(seen)).toEqual({});
  expect(fittedTo('image', seen, catalogue)).toBe(seen);
  const read = fittedTo('text', seen, catalogue);
  expect(read).toMatchObject({ data: firstRun.data, eval_data: firstRun.eval_data });
  expect(fittedTo('text', firstRun, catalogue)).toBe(firstRun);
});

test('data that can be read stay, with their columns to be guessed anew', () => {
  const of = (change: Partial<Settings>) => fittedTo('image', { ...firstRun, columns: undefined, ...change }, catalogue);
  const file = (name: string) => ({ kind: 'file', name, blob: new Blob() }) as const;
  const hub = { kind: 'hub', name: 'a/b', id: 'a/b', config: 'default', split: 'train' } as const;
  expect(of({ data: pictures })).toMatchObject({ data: pictures, columns: undefined });
  expect(of({ data: file('pets.ZIP') }).data.name).toBe('pets.ZIP');
  expect(of({ data: file('rows.csv') }).data.name).toBe('digits');
  expect(of({ data: hub }).data).toBe(hub);
  expect(of({ data: hub, columns: { text: 'text', label: 'label' } }).data.name).toBe('digits');
  expect(fittedTo('text', { ...of({ data: pictures }) }, catalogue).data).toEqual(firstRun.data);
});

test('a folder with a part for it is evaluated with that, any other with a part that is held back', () => {
  const after = (parts: readonly string[] | undefined) =>
    withPreviewed(
      { ...firstRun, data: pictures, columns: undefined },
      { guess: { image: 'image', label: 'label' }, ...(parts && { parts }) },
    );
  expect(evaluationOf(after(['train', 'validation', 'test']))).toEqual({ eval_data: { ...pictures, part: 'validation' } });
  expect(evaluationOf(after(['train', 'test']))).toEqual({});
  expect(evaluationOf(after(['validation', 'test']))).toEqual({});
  expect(after(['train']).columns).toEqual({ image: 'image', label: 'label' });
});
