// Brings the worker's events into the store a few times a second, and what a living run or study asks of the browser: the screen awake, a question before
// the page is left. Invariant: nothing is drawn more often than REDRAW_MS, however fast steps come; drawing shares the GPU with training.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { RunEvent } from '../../src/protocol/messages.ts';
import type { AppState } from './app_state.ts';
import { occupationOf } from './occupied.ts';
import { afterEvents } from './run.ts';

const REDRAW_MS = 250;

/** Returns a function that brings what is still waiting into the store at once: what follows must not get a run's last events. */
export function followRun(client: TrainerClient, store: StoreApi<AppState>): () => void {
  let waiting: RunEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = 0;

  const deliver = () => {
    clearTimeout(timer);
    timer = undefined;
    drawnAt = performance.now();
    const events = waiting;
    waiting = [];
    const { run } = store.getState();
    const preparing = events.findLast((event) => event.type === 'preparing');
    if (preparing !== undefined) store.setState({ preparing: preparing.done < preparing.of ? preparing : undefined });
    const progress = events.findLast((event) => event.type === 'fetching');
    const { hub } = store.getState();
    if (progress !== undefined && hub.fetch.at === 'going') store.setState({ hub: { ...hub, fetch: { at: 'going', progress } } });
    if (run !== undefined) store.setState({ run: afterEvents(run, events) });
  };

  client.onEvent((event) => {
    waiting.push(event);
    if (timer === undefined) timer = setTimeout(deliver, Math.max(0, drawnAt + REDRAW_MS - performance.now()));
  });

  const guard = (event: BeforeUnloadEvent) => event.preventDefault();
  let guarded = false;
  store.subscribe((state) => {
    const occupation = occupationOf(state);
    const active = occupation !== undefined && occupation !== 'import';
    if (active === guarded) return;
    guarded = active;
    if (active) addEventListener('beforeunload', guard);
    else removeEventListener('beforeunload', guard);
    keepAwake(active);
  });
  document.addEventListener('visibilitychange', () => keepAwake(guarded && document.visibilityState === 'visible'));
  return deliver;
}

let lock: WakeLockSentinel | undefined;

/** Asks for the Screen Wake Lock or gives it back. The browser drops it whenever the page is hidden; it may refuse, and then the screen sleeps. */
function keepAwake(wanted: boolean): void {
  if (!wanted) {
    void lock?.release();
    lock = undefined;
  } else if ('wakeLock' in navigator && (lock === undefined || lock.released)) {
    navigator.wakeLock.request('screen').then(
      (sentinel) => {
        lock = sentinel;
      },
      () => undefined,
    );
  }
}
