// Runs a queue, one run after the other, and keeps it where a closed tab can't lose it. A run that fails or is stopped does not hold the others.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { Columns } from '../../src/protocol/config.ts';
import type { AppState, QueueState } from './app_state.ts';
import { occupationOf } from './occupied.ts';
import { nextOf, type Picked, type QueueItem, queueOf, savedRunOf } from './queue.ts';

/** Starts a call that runs; resolves once the run has ended and all its events are in the store. */
type Live = (name: string, call: () => Promise<unknown>, screen: 'compare', columns: Columns | undefined) => Promise<void>;

interface QueueingNeeds {
  readonly live: Live;
  keep(items: readonly QueueItem[]): void;
  /** Does the work unless another tab is at its own; says whether it did. */
  alone(work: () => Promise<void>): Promise<boolean>;
}

export function queueingOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>, { live, keep, alone }: QueueingNeeds) {
  const put = (change: Partial<QueueState>) => setState({ queue: { ...getState().queue, ...change } });
  const change = (key: string, values: Partial<QueueItem>) => {
    const items = getState().queue.items.map((item) => (item.key === key ? { ...item, ...values } : item));
    put({ items });
    keep(items);
  };

  const ended = (): Partial<QueueItem> => {
    const { run, startError } = getState();
    if (run === undefined) return startError === undefined ? { status: 'stopped' } : { status: 'failed', error: startError };
    // Rebuilding errors of every layer at every step take much space, and no picture of the queue uses them.
    const slim = { ...run, steps: run.steps.map(({ reconstruction: _, ...step }) => step) };
    if (run.error !== undefined) return { status: 'failed', error: run.error, run: slim };
    return { status: run.phase === 'stopped' ? 'stopped' : 'finished', run: slim };
  };

  const runOne = async (item: QueueItem): Promise<void> => {
    const saved = await client.call('savedRuns').catch(() => []);
    const resumed = savedRunOf(item, saved);
    const before = resumed === undefined ? saved.map(({ id }) => id) : (item.before ?? []);
    change(item.key, { status: 'running', before });
    await live(
      item.title,
      () => (resumed === undefined ? client.start(item.config) : client.call('resume', { id: resumed.id })),
      'compare',
      item.config.columns,
    );
    const after = savedRunOf({ ...item, before }, getState().savedRuns);
    change(item.key, { ...ended(), ...(after === undefined ? {} : { id: after.id }) });
  };

  const make = (picked: readonly Picked[]): void => {
    const { settings, catalogue } = getState();
    if (catalogue.value === undefined) return;
    const items = queueOf(picked, settings, catalogue.value);
    put({ items });
    keep(items);
  };

  const runAll = async (picked: readonly Picked[] | undefined): Promise<void> => {
    if (picked !== undefined) make(picked);
    for (
      let item = nextOf(getState().queue.items);
      item !== undefined && !getState().queue.halting;
      item = nextOf(getState().queue.items)
    ) {
      await runOne(item);
    }
  };

  return {
    /** Runs what is left of the queue, or makes a new one of these and runs it. */
    async go(picked?: readonly Picked[]): Promise<void> {
      if (occupationOf(getState()) !== undefined) return;
      put({ going: true, halting: false, elsewhere: false });
      const done = await alone(() => runAll(picked));
      put({ going: false, halting: false, elsewhere: !done });
    },
    halt: () => put({ halting: true }),
    clear: () => {
      if (getState().queue.going) return;
      put({ items: [] });
      keep([]);
    },
  };
}
