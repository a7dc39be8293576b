// Why the worker cannot be used now: what occupies it, or what is missing, in words that say where to look. Pure.

import type { AppState } from './app_state.ts';
import { missingParts, partsText } from './columns.ts';
import { isSilent } from './hub/hub_state.ts';
import { isActive } from './run.ts';
import { taskOf } from './settings.ts';

const occupationTexts = {
  run: 'A run is under way: see Train.',
  study: 'A study is under way: see Compare.',
  bench: 'The device is being measured: see #bench.',
  import: 'An adapter is being imported: see Results.',
  queue: 'A queue is under way: see Compare.',
} as const;

export type Occupation = keyof typeof occupationTexts;

/** What has the worker to itself. A queue keeps it also between two of its runs. */
export function occupationOf({
  run,
  study,
  bench,
  imported,
  queue,
}: Pick<AppState, 'run' | 'study' | 'bench' | 'imported' | 'queue'>): Occupation | undefined {
  if (isActive(run)) return 'run';
  if (study.running) return 'study';
  if (bench.running) return 'bench';
  if (imported.pending) return 'import';
  return queue.going ? 'queue' : undefined;
}

/** Why nothing that takes the worker for itself can begin now, or undefined. */
export function busyText(state: AppState): string | undefined {
  const occupation = occupationOf(state);
  return occupation === undefined ? undefined : occupationTexts[occupation];
}

/** Why nothing can be trained or measured on what is chosen, or undefined. The method's own plan is not looked at. */
export function obstacleOf(state: AppState): string | undefined {
  const { environment, catalogue, model, preview, report, settings, hub } = state;
  const busy = busyText(state);
  if (busy !== undefined) return busy;
  if (environment.value?.available === false) return 'This browser offers no GPU: see above.';
  if (isSilent(settings.model, hub)) return 'The model is not looked up yet: see Model, under Choose.';
  if (isSilent(settings.data, hub)) return 'The data set is not looked up yet: see Data, under Choose.';
  if (hub.fetch.at === 'going') return 'The model is being fetched: see Model, under Choose.';
  if (model.error !== undefined) return 'The model cannot be used: see Model, under Choose.';
  if (preview.error !== undefined) return 'The data cannot be used: see Data, under Choose.';
  const task = taskOf(catalogue.value, settings);
  const missing = task === undefined ? [] : missingParts(settings.columns, task);
  if (missing.length > 0 && preview.value !== undefined) return `Choose which column holds ${partsText(missing)}: see Data, under Choose.`;
  if (report.error !== undefined) return 'The data cannot be used: see Data, under Choose.';
  if (catalogue.value === undefined || environment.value === undefined) return 'Getting ready …';
  return undefined;
}
