import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/protocol/messages.ts';
import { afterEvents, bestOf, newRun, paceOf, smoothed } from './run.ts';

const step = (n: number): RunEvent => ({
  type: 'step',
  step: n,
  max_steps: 10,
  epoch: n / 10,
  loss: 1 / n,
  learning_rate: 1e-3,
  grad_norm: 1,
  tokens: 100,
  ms: 50,
  magnitude: { value: 1, at: 'encoder.layer.0' },
});

const evaluation = (n: number, best: boolean): RunEvent => ({
  type: 'evaluate',
  step: n,
  metrics: { accuracy: 0.5 },
  best,
  confusion: { labels: ['a', 'b'], counts: [] },
  examples: 4,
  ms: 1,
});

const events: RunEvent[] = [
  { type: 'phase', phase: 'training' },
  step(1),
  step(2),
  evaluation(2, true),
  step(3),
  evaluation(3, false),
  { type: 'finished', step: 3, reason: 'completed' },
];

test('a run keeps the last profile of its steps', () => {
  const profile = {
    step: 2,
    length: 8,
    timer: 'clock',
    resolution_ms: 0,
    dispatches: 0,
    ms: 1,
    best: { gflops: 1, gb_per_s: 1 },
    families: [],
    kernels: [],
  } as const;
  const run = afterEvents(newRun('r'), [step(1), { type: 'profile', ...profile, step: 1 }, step(2), { type: 'profile', ...profile }]);
  expect(run.profile).toMatchObject({ step: 2 });
  expect(run.steps).toHaveLength(2);
});

test('a run looks the same however its events are batched', () => {
  const atOnce = afterEvents(newRun('r'), events);
  const oneByOne = events.reduce((run, event) => afterEvents(run, [event]), newRun('r'));
  expect(oneByOne).toEqual(atOnce);
  expect(atOnce.steps).toHaveLength(3);
  expect(bestOf(atOnce)?.step).toBe(2);
});

test('the phases of an import leave a finished run finished', () => {
  const finished = afterEvents(newRun('r'), events);
  expect(afterEvents(finished, [{ type: 'phase', phase: 'loading model' }]).phase).toBe('finished');
});

test('a checkpoint counts as saved once the account is taken after it', () => {
  const saving = afterEvents(newRun('r'), [step(1), step(2), { type: 'phase', phase: 'saving' }]);
  expect(saving.savedAt).toBeUndefined();
  const zero = { weights: 0, adapter: 0, gradient: 0, optimizer: 0, activation: 0, workspace: 0, staging: 0 };
  expect(afterEvents(saving, [{ type: 'memory', live: zero, peak: zero, total: 0, planned: 0 }]).savedAt).toBe(2);
});

test('pace and time left come from the last steps', () => {
  const { steps } = afterEvents(newRun('r'), [step(1), step(2)]);
  expect(paceOf(steps)).toEqual({ ms: 50, tokensPerSecond: 2000, leftMs: 400 });
  expect(paceOf([])).toBeUndefined();
});

test('smoothing begins at the first value and keeps a constant', () => {
  expect(smoothed([3, 3, 3]).every((value) => Math.abs(value - 3) < 1e-12)).toBe(true);
  expect(smoothed([2, 0])[1]).toBeCloseTo((0.9 * 0.1 * 2) / (1 - 0.81));
});
