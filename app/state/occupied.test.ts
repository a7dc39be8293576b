import { expect, test } from 'vitest';
import { type AppState, noBench, noStudy } from './app_state.ts';
import { busyText, occupationOf } from './occupied.ts';
import { newRun } from './run.ts';

const idle = {
  run: undefined,
  study: noStudy,
  bench: noBench,
  imported: { pending: false },
  queue: { items: [], going: false, halting: false },
} as unknown as AppState;

test('what has the worker to itself is told from what has ended', () => {
  expect(occupationOf(idle)).toBeUndefined();
  expect(occupationOf({ ...idle, run: { ...newRun('a'), phase: 'failed' } })).toBeUndefined();
  expect(occupationOf({ ...idle, run: newRun('a') })).toBe('run');
  expect(occupationOf({ ...idle, queue: { ...idle.queue, going: true } })).toBe('queue');
});

test('the words name what is under way and where to look: a study and an import are no run', () => {
  expect(busyText({ ...idle, study: { ...noStudy, running: true } })).toBe('A study is under way: see Compare.');
  expect(busyText({ ...idle, bench: { running: true } })).toBe('The device is being measured: see #bench.');
  expect(busyText({ ...idle, imported: { pending: true } })).toBe('An adapter is being imported: see Results.');
});
