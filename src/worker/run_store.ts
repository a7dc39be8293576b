// Saved runs in IndexedDB, two keys a run: a small summary for lists, and the rest. Only the last checkpoint and the best are kept. Invariant: a
// run that has not ended is written by one tab alone, the one that holds its lock.

import { createStore, del, entries, get, set } from 'idb-keyval';
import { RetraceError } from '../protocol/errors.ts';
import type { SavedRun } from '../protocol/messages.ts';
import type { RunStore, StoredRun } from '../session/host.ts';

const summaries = createStore('retrace-runs', 'summaries');
const runs = createStore('retrace-run-states', 'runs');

/** Ends this worker's hold on a run. */
const held = new Map<string, () => void>();

/** A tab that is reloaded may take a moment to let go. */
const CLAIM_MS = 3000;

/** Takes a run for this worker until it ends, is deleted, or the worker dies. Error: `run-elsewhere`. */
async function claim(id: string): Promise<void> {
  if (held.has(id)) return;
  await new Promise<void>((taken, refused) => {
    const hold = () =>
      new Promise<void>((release) => {
        held.set(id, release);
        taken();
      });
    navigator.locks.request(`retrace-run-${id}`, { signal: AbortSignal.timeout(CLAIM_MS) }, hold).catch(refused);
  }).catch(() => {
    throw new RetraceError({
      code: 'run-elsewhere',
      message: 'Another tab goes on with this run.',
      where: `run ${id}`,
      remedy: 'Go on there, or close that tab first.',
    });
  });
}

function release(id: string): void {
  held.get(id)?.();
  held.delete(id);
}

export const browserRuns: RunStore = {
  async save(run) {
    const { id, finished } = run.summary;
    await claim(id);
    try {
      await set(id, run, runs);
      await set(id, run.summary, summaries);
    } catch (error) {
      throw new RetraceError({
        code: 'checkpoint-not-saved',
        message: `The browser could not store the checkpoint of step ${run.summary.step} (${run.state.byteLength} bytes): ${error instanceof Error ? error.message : String(error)}.`,
        where: 'IndexedDB',
        remedy: 'Free disk space or delete saved runs, then go on from the last checkpoint.',
      });
    }
    if (finished) release(id);
    return { path: `run ${id}` };
  },
  async load(id) {
    await claim(id);
    const run = await get<StoredRun>(id, runs);
    if (run === undefined || run.summary.finished) release(id);
    return run;
  },
  async list() {
    const all = await entries<string, SavedRun>(summaries);
    return all.map(([, summary]) => summary).sort((a, b) => b.saved_at.localeCompare(a.saved_at));
  },
  async delete(id) {
    await claim(id);
    await del(id, summaries);
    await del(id, runs);
    release(id);
  },
};
