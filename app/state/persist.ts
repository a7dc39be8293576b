// The few things that outlive a visit: theme and choices of bundled things and numbers. Files are not kept: a page may not read a disk unasked.

import { get, set } from 'idb-keyval';
import { methodNames, policyNames } from '../../src/protocol/config.ts';
import { firstRun, type Settings } from './settings.ts';

export type Theme = 'system' | 'light' | 'dark';

export interface Kept {
  readonly theme: Theme;
  readonly settings: Settings;
}

const KEY = 'retrace-page-1';
const nothing: Kept = { theme: 'system', settings: firstRun };

/** What was kept, as far as it still makes sense; the first run's choices where it does not, or where storage is shut. */
export async function load(): Promise<Kept> {
  const kept = await get<Partial<Kept>>(KEY).catch(() => undefined);
  const settings = kept?.settings;
  const sound =
    settings !== undefined &&
    methodNames.includes(settings.method) &&
    (settings.policy === undefined || policyNames.includes(settings.policy));
  return { theme: kept?.theme ?? nothing.theme, settings: sound ? { ...firstRun, ...settings } : firstRun };
}

export function save({ theme, settings }: Kept): void {
  const { model, data, columns, ...rest } = settings;
  const bundled = {
    model: model.kind === 'bundled' ? model : firstRun.model,
    data: data.kind === 'bundled' ? data : firstRun.data,
    columns: data.kind === 'bundled' ? columns : firstRun.columns,
  };
  // Private windows may refuse storage: then the next visit starts afresh, which is all that is lost.
  void set(KEY, { theme, settings: { ...rest, ...bundled } }).catch(() => undefined);
}
