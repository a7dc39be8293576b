// The few things that outlive a visit: theme, choices of bundled things, of things on the hub and numbers, the queue, where the hub is. Files are kept only with a queue or a saved run,
// which need them: a page may not read a disk unasked.

import { get, set } from 'idb-keyval';
import { policyNames } from '../../src/protocol/config.ts';
import type { HubSettings } from '../../src/protocol/hub.ts';
import { afterReload, type QueueItem } from './queue.ts';
import { firstRun, type Settings } from './settings.ts';

export type Theme = 'system' | 'light' | 'dark';

export interface Kept {
  readonly theme: Theme;
  readonly settings: Settings;
  readonly queue: readonly QueueItem[];
  readonly hub: HubSettings;
}

const KEY = 'retrace-page-1';
const QUEUE_KEY = 'retrace-queue-1';
const HUB_KEY = 'retrace-hub-1';

/** What an earlier visit stored; the defaults where that cannot be used or storage is closed. */
export async function load(): Promise<Kept> {
  const kept = await get<Partial<Kept>>(KEY).catch(() => undefined);
  const settings = kept?.settings;
  const sound =
    settings !== undefined &&
    typeof settings.method === 'string' &&
    (settings.policy === undefined || policyNames.includes(settings.policy));
  const queue = await get<readonly QueueItem[]>(QUEUE_KEY).catch(() => undefined);
  const hub = await get<HubSettings>(HUB_KEY).catch(() => undefined);
  return {
    theme: kept?.theme ?? 'system',
    settings: sound ? { ...firstRun, ...settings, ...evaluationBefore(settings) } : firstRun,
    queue: afterReload(queue ?? []),
    hub: hub ?? {},
  };
}

/** Earlier versions kept no part to evaluate the first run's data with. */
const evaluationBefore = ({ data }: Settings): Partial<Settings> =>
  data?.kind === firstRun.data.kind && data.name === firstRun.data.name ? { eval_data: firstRun.eval_data } : {};

export function save({ theme, settings }: Pick<Kept, 'theme' | 'settings'>): void {
  const { model, positions: _, tokens: __, pooling, image_size, data, eval_data, columns, task, ...rest } = settings;
  const lasting = {
    ...(model.kind === 'files' ? { model: firstRun.model } : { model, pooling, image_size }),
    ...(data.kind === 'file' || data.kind === 'pictures'
      ? { data: firstRun.data, eval_data: firstRun.eval_data, columns: firstRun.columns }
      : { data, eval_data, columns, task }),
  };
  // Private windows may refuse storage: then the next visit starts afresh, which is all that is lost.
  void set(KEY, { theme, settings: { ...rest, ...lasting } }).catch(() => undefined);
}

/** Keeps where the hub is, and the token where its owner wants it remembered. */
export function saveHub(settings: HubSettings): void {
  void set(HUB_KEY, settings).catch(() => undefined);
}

/** Keeps the queue: its configurations, and what its ended runs looked like. */
export function saveQueue(items: readonly QueueItem[]): void {
  void set(QUEUE_KEY, items).catch(() => undefined);
}
