// A queue of runs that differ in nothing but method and policy: same model, data, seed and steps. Pure; who runs it is in state/queueing.ts.
// Invariant: an item's configuration is fixed when the queue is made, so that what is chosen meanwhile changes nothing in it.

import type { Catalogue } from '../../src/protocol/cards.ts';
import type { MethodName, PolicyName, RunConfig } from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type { SavedRun } from '../../src/protocol/messages.ts';
import type { RunState } from './run.ts';
import { cardOf, runConfigOf, type Settings, taskOf } from './settings.ts';

export interface QueueItem {
  readonly key: string;
  readonly title: string;
  readonly config: RunConfig;
  readonly status: 'waiting' | 'running' | 'interrupted' | 'finished' | 'stopped' | 'failed';
  /** Ids of the runs that were saved before it began: what tells its own saved run apart. */
  readonly before?: readonly string[];
  /** The id of its saved run. */
  readonly id?: string;
  /** The state of the run when it ended. */
  readonly run?: RunState;
  readonly error?: ErrorReport;
}

export interface Picked {
  readonly method: MethodName;
  readonly policy: PolicyName;
}

/** Each method with its own defaults and learning rate; the other numbers of training are those chosen, for all alike. */
export function queueOf(picked: readonly Picked[], settings: Settings, catalogue: Catalogue): QueueItem[] {
  const { learning_rate: _, ...training } = settings.training;
  return picked.flatMap(({ method, policy }) => {
    const card = cardOf(catalogue, method);
    if (card === undefined) return [];
    const config = runConfigOf({ ...settings, method, policy, options: {}, training, memory: {} }, card, taskOf(catalogue, settings));
    return [{ key: `${method} ${policy}`, title: `${card.title}, ${policy}`, config, status: 'waiting' as const }];
  });
}

/** The saved run of an item that began when `before` were there. */
export function savedRunOf(item: QueueItem, saved: readonly SavedRun[]): SavedRun | undefined {
  if (item.id !== undefined) return saved.find(({ id }) => id === item.id);
  if (item.before === undefined) return undefined;
  const { method, policy } = item.config;
  return saved.find((run) => !item.before?.includes(run.id) && run.method === method && run.policy === policy);
}

/** The queue after the page was closed or reloaded: a run that was running has been interrupted. */
export const afterReload = (items: readonly QueueItem[]): QueueItem[] =>
  items.map((item) => (item.status === 'running' ? { ...item, status: 'interrupted' } : item));

export const nextOf = (items: readonly QueueItem[]): QueueItem | undefined =>
  items.find(({ status }) => status === 'interrupted') ?? items.find(({ status }) => status === 'waiting');

/** The runs of a queue as they are drawn: those that have ended, and the one under way. */
export const runsOf = (items: readonly QueueItem[], current: RunState | undefined): { key: string; title: string; run: RunState }[] =>
  items.flatMap(({ key, title, status, run }) => {
    const shown = status === 'running' ? current : run;
    return shown === undefined ? [] : [{ key, title, run: shown }];
  });
