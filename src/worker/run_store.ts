// Saved runs in IndexedDB, two keys a run: a small summary for lists, and the rest. Only the last checkpoint and the best are kept.

import { createStore, del, entries, get, set } from 'idb-keyval';
import { RetraceError } from '../protocol/errors.ts';
import type { SavedRun } from '../protocol/messages.ts';
import type { RunStore, StoredRun } from '../session/host.ts';

const summaries = createStore('retrace-runs', 'summaries');
const runs = createStore('retrace-run-states', 'runs');

export const browserRuns: RunStore = {
  async save(run) {
    const { id } = run.summary;
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
    return { path: `run ${id}` };
  },
  load: (id) => get<StoredRun>(id, runs),
  async list() {
    const all = await entries<string, SavedRun>(summaries);
    return all.map(([, summary]) => summary).sort((a, b) => b.saved_at.localeCompare(a.saved_at));
  },
  async delete(id) {
    await del(id, summaries);
    await del(id, runs);
  },
};
