import { expect, test, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import { type AppState, noComparison, noStudy } from './app_state.ts';
import { busyWith, cancellingOf, lostWith, progressWith } from './cancelling.ts';
import { noMerging } from './merging.ts';
import { newRun, type RunState } from './run.ts';
import { firstRun } from './settings.ts';

const idle = { pending: false } as const;
const known = <T>(value: T) => ({ pending: false, value });
const waiting = { pending: true } as const;

function setUp() {
  const store = createStore<AppState>(
    () =>
      ({
        settings: firstRun,
        ...{ environment: known('gpu'), catalogue: known('cards'), model: waiting, preview: waiting, report: waiting, plans: waiting },
        ...{
          comparison: noComparison,
          study: noStudy,
          prediction: idle,
          exported: idle,
          merging: noMerging,
          imported: idle,
          savedRuns: [],
        },
      }) as unknown as AppState,
  );
  const restart = vi.fn();
  const asks = { drop: vi.fn(), again: vi.fn(), savedRuns: async () => undefined };
  const cancel = cancellingOf({ restart } as unknown as TrainerClient, store, {
    asks,
    cancelComparing: () => undefined,
    keep: () => undefined,
    begun: () => undefined,
  });
  const set = (change: object) => store.setState(change as Partial<AppState>);
  return { store, set, cancel, restart, asks };
}

const other = { kind: 'files', name: 'hangs', files: [] } as const;

test('what was chosen and known before the work that is cancelled is chosen and known again; numbers that were typed stay', () => {
  const { store, set, cancel, restart } = setUp();
  const sound = { model: known('model'), preview: known('preview'), report: known('report'), plans: known('plans') };
  set(sound);
  set({ settings: { ...firstRun, model: other, positions: undefined, method: 'lora' } });
  set({ model: waiting, report: { pending: true, value: 'report' }, plans: { pending: true, value: 'plans' } });
  expect(busyWith(store.getState())).toBe('reading hangs');
  cancel();
  expect(restart).toHaveBeenCalledOnce();
  expect(store.getState()).toMatchObject({ ...sound, settings: { ...firstRun, method: 'lora' }, cancelled: '' });
  expect(store.getState().startError).toBeUndefined();
  expect(busyWith(store.getState())).toBeUndefined();
});

/** The page as it is when all is known, then another model: planned before its data have been read with it. */
function planned(set: (change: object) => void, choice: object) {
  set({ model: known('model'), preview: known('preview'), report: known('report'), plans: known('plans') });
  set({ settings: { ...firstRun, ...choice }, model: waiting, report: { pending: true, value: 'report' }, plans: waiting });
  set({ model: known('other model') });
  set({ plans: known('other plans') });
}

test('a model that was planned before its data had been read again stays when a file that is chosen after it hangs', () => {
  const { store, set, cancel } = setUp();
  planned(set, { model: other, positions: 64, pooling: 'mean' });
  set({ settings: { ...store.getState().settings, data: other, columns: undefined }, preview: waiting, report: waiting, plans: waiting });
  cancel();
  const { settings, model, preview, report, plans } = store.getState();
  expect(settings).toEqual({ ...firstRun, model: other, positions: 64, pooling: 'mean' });
  expect({ model, preview }).toEqual({ model: known('other model'), preview: known('preview') });
  // Neither is known of this model with these data: both are asked.
  expect({ report, plans }).toEqual({ report: idle, plans: idle });
  // It was the model: reading the data hangs again.
  set({ report: waiting });
  cancel();
  expect(store.getState()).toMatchObject({ settings: firstRun, model: known('model'), report: known('report'), plans: known('plans') });
});

test('a file that was understood stays when a model that is chosen after it hangs, read or at work on that file', () => {
  const { store, set, cancel } = setUp();
  set({ model: known('model'), preview: known('preview'), report: known('report'), plans: known('plans') });
  set({ settings: { ...firstRun, data: other, task: 'sst2' }, preview: waiting, report: waiting });
  set({ preview: known('other preview') });
  set({ settings: { ...store.getState().settings, model: other, positions: undefined }, model: waiting });
  cancel();
  expect(store.getState()).toMatchObject({ settings: { ...firstRun, data: other, task: 'sst2' }, model: known('model'), report: idle });
  expect(store.getState().preview).toEqual(known('other preview'));
});

test('how far a file is read is shown while its data are waited for, and goes with the worker', () => {
  const { store, set, cancel } = setUp();
  const preparing = { work: 'reading', name: 'reviews.csv', done: 5e8, of: 2e9 } as const;
  set({ preparing });
  expect(progressWith(store.getState())).toEqual(preparing);
  set({ report: known('report') });
  expect(progressWith(store.getState())).toBeUndefined();
  set({ report: waiting });
  cancel();
  expect(progressWith(store.getState())).toBeUndefined();
});

test('what was refused is never what is gone back to', () => {
  const { store, set, cancel } = setUp();
  const sound = { model: known('model'), preview: known('preview'), report: known('report'), plans: known('plans') };
  set(sound);
  set({ settings: { ...firstRun, model: other }, model: { pending: false, error: { code: 'x', message: 'bad' } }, plans: known('other') });
  set({ plans: waiting });
  cancel();
  expect(store.getState()).toMatchObject({ ...sound, settings: firstRun });
});

test('an import that is cancelled leaves the choices alone', () => {
  const { store, set, cancel } = setUp();
  set({ model: known('model'), preview: known('preview'), report: known('report'), plans: known('plans') });
  set({ settings: { ...firstRun, model: other }, imported: waiting });
  cancel();
  expect(store.getState()).toMatchObject({ settings: { model: other }, imported: idle });
});

test('steps of a run are no wait, its preparation is; what would go with the worker is said', () => {
  const { store, set } = setUp();
  set({ model: idle, preview: idle, report: idle, plans: idle, run: newRun('one') });
  expect(busyWith(store.getState())).toBe('loading model for one');
  expect(lostWith(store.getState())).toBeUndefined();
  const stepping = { ...newRun('one'), phase: 'training', steps: [{ step: 1 }], savedAt: 25 } as unknown as RunState;
  set({ run: stepping });
  expect(busyWith(store.getState())).toBeUndefined();
  expect(lostWith(store.getState())).toBe('The run that is under way ends with it; it can go on from step 25, under Saved runs.');
  set({ study: { ...noStudy, running: true } });
  expect(busyWith(store.getState())).toBe('preparing the study');
  expect(lostWith({ run: { ...stepping, savedAt: undefined } as unknown as RunState })).toContain('no checkpoint yet');
  expect(lostWith({ run: { ...stepping, finished: { type: 'finished', step: 1, reason: 'completed' } } })).toContain('opened again');
});
