// Which work of the worker can be cancelled, and how: the worker is ended, a new one is started, and the page returns to the last choices that were
// understood. Invariant: nothing that was typed or chosen is lost, except the file or folder that was being read.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { AppState } from './app_state.ts';
import { isActive } from './run.ts';

/** Phases of a run before its first step. */
const preparing: readonly string[] = ['loading model', 'reading data', 'tokenising', 'planning', 'compiling'];

type Looked = Pick<
  AppState,
  'run' | 'comparison' | 'study' | 'imported' | 'exported' | 'model' | 'preview' | 'report' | 'plans' | 'prediction' | 'settings'
>;

/** What the worker is doing, in words that follow "Still"; undefined where nobody waits, or where a run is taking its steps. */
export function busyWith({
  run,
  study,
  comparison,
  imported,
  exported,
  model,
  preview,
  report,
  plans,
  prediction,
  settings,
}: Looked): string | undefined {
  if (run !== undefined && isActive(run) && preparing.includes(run.phase)) return `${run.phase} for ${run.name}`;
  if (study.running && study.done === 0) return 'preparing the study';
  if (imported.pending) return 'importing the adapter';
  if (exported.pending) return 'writing the export';
  if (model.pending) return `reading ${settings.model.name}`;
  if (preview.pending) return `reading ${settings.data.name}`;
  if (report.pending) return `tokenising ${settings.data.name}`;
  // A comparison has a button of its own.
  if (plans.pending && !comparison.running) return 'planning memory';
  return prediction.pending ? 'predicting' : undefined;
}

/** How far the work is, where it reports that. */
export function progressWith(state: Looked & Pick<AppState, 'preparing'>): AppState['preparing'] {
  const { preparing, report, study } = state;
  return report.pending || study.running ? preparing : undefined;
}

/** What is lost with the worker, told before and after cancelling; undefined where nothing is. */
export function lostWith({ run }: Pick<AppState, 'run'>): string | undefined {
  if (run === undefined) return undefined;
  if (run.finished !== undefined) return 'The trained model has to be opened again, under Saved runs.';
  if (run.steps.length === 0) return undefined;
  return run.savedAt === undefined
    ? 'The run that is under way ends with it, and has no checkpoint yet.'
    : `The run that is under way ends with it; it can go on from step ${run.savedAt}, under Saved runs.`;
}

type Chosen = Pick<AppState['settings'], 'model' | 'positions' | 'pooling' | 'data' | 'eval_data' | 'columns' | 'task'>;
type Settled = Pick<AppState, 'model' | 'preview' | 'report' | 'plans'> & { readonly chosen: Chosen };

const chosenOf = ({ model, positions, pooling, data, eval_data, columns, task }: AppState['settings']): Chosen => ({
  model,
  positions,
  pooling,
  data,
  eval_data,
  columns,
  task,
});

interface CancellingNeeds {
  /** `drop` forgets open questions, `again` asks whatever has no answer. */
  readonly asks: { drop(): void; again(): void; savedRuns(): Promise<void> };
  /** Stops planning the comparison. */
  cancelComparing(): void;
  keep(state: AppState): void;
  /** Called once a new worker has replaced the old one. */
  begun(): void;
}

export function cancellingOf(client: TrainerClient, { getState, setState, subscribe }: StoreApi<AppState>, needs: CancellingNeeds) {
  // The last choices for which model, data and plan were all answered. A plan is the last answer to come, and only for the newest choices.
  let settled: Settled | undefined;
  subscribe(({ model, preview, report, plans, settings }, before) => {
    if (plans === before.plans) return;
    const answers = [model, preview, report, plans];
    if (answers.some(({ pending, error, value }) => pending || error !== undefined || value === undefined)) return;
    settled = { model, preview, report, plans, chosen: chosenOf(settings) };
  });

  return function cancel(): void {
    const before = getState();
    const lost = lostWith(before);
    const reading = [before.model, before.preview, before.report, before.plans].some(({ pending }) => pending);
    needs.asks.drop();
    needs.cancelComparing();
    client.restart();
    needs.begun();
    const { chosen, ...answers } = settled ?? {};
    setState({
      ...(reading && chosen !== undefined ? { ...answers, settings: { ...before.settings, ...chosen } } : {}),
      ...(before.run?.finished === undefined ? {} : { run: undefined }),
      startError: undefined,
      imported: { pending: false },
      exported: { pending: false },
      prediction: { pending: false },
      preparing: undefined,
      cancelled: lost ?? '',
    });
    needs.keep(getState());
    needs.asks.again();
    void needs.asks.savedRuns();
  };
}
