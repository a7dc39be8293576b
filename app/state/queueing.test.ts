import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { SavedRun } from '../../src/protocol/messages.ts';
import { methodCards } from '../../src/session/models/method_cards.ts';
import { type AppState, noBench, noStudy } from './app_state.ts';
import { afterReload, type QueueItem, queueOf } from './queue.ts';
import { queueingOf } from './queueing.ts';
import { newRun, type RunState } from './run.ts';
import { firstRun } from './settings.ts';

const catalogue = { methods: methodCards(), models: [], data: [], tasks: [] };
const picked = [
  { method: 'meft1', policy: 'reversible' },
  { method: 'lora', policy: 'store' },
] as const;

const savedAs = (id: string, { config }: QueueItem): SavedRun => ({
  id,
  name: id,
  method: config.method,
  policy: config.policy,
  step: 1,
  max_steps: 1,
  saved_at: '',
  finished: true,
});

/** A worker that runs what it is told; `run` says how a run ends. */
function setUp(items: readonly QueueItem[], run: (name: string) => RunState, otherTab = false) {
  const calls: string[] = [];
  const store = createStore<AppState>(
    () =>
      ({
        settings: firstRun,
        catalogue: { pending: false, value: catalogue },
        savedRuns: [savedAs('older', queueOf([picked[0]], firstRun, catalogue)[0] as QueueItem)],
        queue: { items, going: false, halting: false },
        study: noStudy,
        bench: noBench,
        imported: { pending: false },
      }) as unknown as AppState,
  );
  const saves = (method: string) => {
    const item = store.getState().queue.items.find(({ config }) => config.method === method) as QueueItem;
    store.setState({ savedRuns: [savedAs(`new ${method}`, item), ...store.getState().savedRuns] });
  };
  const client = {
    call: async (name: string, argument?: { id: string }) => {
      if (name === 'savedRuns') return store.getState().savedRuns;
      calls.push(`${name} ${argument?.id}`);
    },
    start: async ({ method }: QueueItem['config']) => {
      calls.push(`start ${method}`);
      saves(method);
    },
  } as unknown as TrainerClient;
  const kept: (readonly QueueItem[])[] = [];
  const queueing = queueingOf(client, store, {
    live: async (name, call) => {
      await call();
      store.setState({ run: run(name) });
    },
    keep: (items) => kept.push(items),
    alone: async (work) => {
      if (!otherTab) await work();
      return !otherTab;
    },
  });
  return { store, queueing, calls, kept };
}

const finished = (name: string): RunState => ({
  ...newRun(name),
  phase: 'finished',
  finished: { type: 'finished', step: 1, reason: 'completed' },
});

test('a queue runs its methods one after the other with one seed and the same data, each at its own learning rate', async () => {
  const { store, queueing, calls, kept } = setUp([], finished);
  store.setState({ settings: { ...firstRun, training: { seed: 7, learning_rate: 0.5 } } });
  await queueing.go(picked);
  const { items, going } = store.getState().queue;
  expect(going).toBe(false);
  expect(kept.at(-1), 'what a new visit will find').toEqual(items);
  expect(calls).toEqual(['start meft1', 'start lora']);
  expect(items.map(({ status, id }) => [status, id])).toEqual([
    ['finished', 'new meft1'],
    ['finished', 'new lora'],
  ]);
  expect(new Set(items.map(({ config }) => config.training.seed))).toEqual(new Set([7]));
  expect(items.map(({ config }) => config.training.learning_rate)).toEqual(
    picked.map(({ method }) => catalogue.methods.find(({ name }) => name === method)?.learning_rate),
  );
});

test('a run that fails does not hold the next', async () => {
  const { store, queueing } = setUp(queueOf(picked, firstRun, catalogue), (name) =>
    name.startsWith('MEFT1') ? { ...newRun(name), phase: 'failed', error: { code: 'x', message: 'lost' } } : finished(name),
  );
  await queueing.go();
  expect(store.getState().queue.items.map(({ status }) => status)).toEqual(['failed', 'finished']);
});

test('a queue whose tab was closed goes on with the run that it had begun, not with one of before', async () => {
  const items = afterReload(
    queueOf(picked, firstRun, catalogue).map((item, i) => (i === 0 ? { ...item, status: 'running', before: ['older'] } : item)),
  );
  const { store, queueing, calls } = setUp(items, finished);
  store.setState({ savedRuns: [savedAs('begun', items[0] as QueueItem), ...store.getState().savedRuns] });
  await queueing.go();
  expect(calls).toEqual(['resume begun', 'start lora']);
});

test('a halted queue ends with the run under way', async () => {
  const { store, queueing, calls } = setUp(queueOf(picked, firstRun, catalogue), (name) => {
    queueing.halt();
    return finished(name);
  });
  await queueing.go();
  expect(calls).toEqual(['start meft1']);
  expect(store.getState().queue.items.map(({ status }) => status)).toEqual(['finished', 'waiting']);
});

test('a queue that another tab runs is left to it, and what it keeps is not written over', async () => {
  const { store, queueing, calls, kept } = setUp([], finished, true);
  await queueing.go(picked);
  expect(calls).toEqual([]);
  expect(kept).toEqual([]);
  expect(store.getState().queue).toMatchObject({ going: false, elsewhere: true });
});

test('a queue does not begin beside a study', async () => {
  const { store, queueing, calls } = setUp(queueOf(picked, firstRun, catalogue), finished);
  store.setState({ study: { ...noStudy, running: true } });
  await queueing.go();
  expect(calls).toEqual([]);
});
