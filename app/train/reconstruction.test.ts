import { expect, test } from 'vitest';
import type { StepEvent } from '../state/run.ts';
import { decades, errorsOf } from './reconstruction.ts';

const step = (n: number, errors?: readonly number[]): StepEvent => ({
  type: 'step',
  step: n,
  max_steps: 9,
  epoch: 0,
  loss: 1,
  learning_rate: 1,
  grad_norm: 1,
  tokens: 1,
  ms: 1,
  magnitude: { value: 1, at: '' },
  ...(errors === undefined ? {} : { reconstruction: errors.map((error, i) => ({ layer: `encoder.layer.${i}`, error })) }),
});

test('each layer shows its last error and the worst of the run', () => {
  expect(errorsOf([step(1, [1e-3, 1e-5]), step(2, [1e-4, 1e-6])])).toEqual([
    { layer: 'encoder.layer.0', last: 1e-4, most: 1e-3 },
    { layer: 'encoder.layer.1', last: 1e-6, most: 1e-5 },
  ]);
});

test('a run over fixed streams has nothing to show', () => {
  expect(errorsOf([step(1), step(2)])).toEqual([]);
});

test('the axis spans whole decades around the errors, zeros aside', () => {
  expect(decades([3e-6, 0, 2e-4])).toEqual({ from: -7, to: -3 });
  expect(decades([0, 0])).toEqual({ from: -8, to: -6 });
});
