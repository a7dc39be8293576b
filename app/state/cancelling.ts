// Which work of the worker can be cancelled, and how: the worker is ended, a new one is started, and the page returns to the last choices that were
// understood. Invariant: nothing that was typed or chosen is lost, except the file or folder that was being read.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { Answer } from './answer.ts';
import type { AppState } from './app_state.ts';
import { noMerging } from './merging.ts';
import { isActive } from './run.ts';

/** Phases of a run before its first step. */
const preparing: readonly string[] = ['loading model', 'reading data', 'tokenising', 'decoding', 'planning', 'compiling'];

type Looked = Pick<
  AppState,
  | 'run'
  | 'comparison'
  | 'study'
  | 'imported'
  | 'exported'
  | 'merging'
  | 'model'
  | 'preview'
  | 'report'
  | 'plans'
  | 'prediction'
  | 'settings'
> &
  Partial<Pick<AppState, 'preparing'>>;

/** What the worker is doing, in words that follow "Still"; undefined where nobody waits, or where a run is taking its steps. */
export function busyWith({
  run,
  study,
  comparison,
  imported,
  exported,
  merging,
  model,
  preview,
  report,
  plans,
  prediction,
  settings,
  preparing: progress,
}: Looked): string | undefined {
  if (run !== undefined && isActive(run) && preparing.includes(run.phase)) return `${run.phase} for ${run.name}`;
  if (study.running && study.done === 0) return 'preparing the study';
  if (imported.pending) return 'importing the adapter';
  if (exported.pending || merging.made.pending) return 'writing the export';
  if (model.pending) return `reading ${settings.model.name}`;
  if (preview.pending) return `reading ${settings.data.name}`;
  if (report.pending) return `${progress?.work ?? (settings.tokens === undefined ? 'tokenising' : 'reading')} ${settings.data.name}`;
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

type Answers = Pick<AppState, 'model' | 'preview' | 'report' | 'plans'>;
type Settings = AppState['settings'];
type ModelChoice = Pick<Settings, 'model' | 'positions' | 'tokens' | 'pooling' | 'image_size'>;
type DataChoice = Pick<Settings, 'data' | 'eval_data' | 'columns' | 'task'>;
type Settled = Answers & { readonly choice: ModelChoice & DataChoice };

const modelChoice = ({ model, positions, tokens, pooling, image_size }: ModelChoice): ModelChoice => ({
  ...{ model, positions, tokens, pooling, image_size },
});
const dataChoice = ({ data, eval_data, columns, task }: DataChoice): DataChoice => ({ data, eval_data, columns, task });

const hasAnswer = ({ pending, error, value }: Answer<unknown>): boolean => !pending && error === undefined && value !== undefined;

/** Which of the two is another choice than before; undefined where neither is. Positions and columns follow from them. */
function chosenAnew(now: Settings, before: Settings): 'model' | 'data' | undefined {
  if (now.model !== before.model || now.image_size !== before.image_size) return 'model';
  return now.data !== before.data || now.eval_data !== before.eval_data || now.task !== before.task ? 'data' : undefined;
}

/**
 * What to go back to. The data are read with the model's tokenizer, so where both were chosen since all was known, either may be what hangs: the
 * choice that was made last is given up, and the one before it is kept if the worker has understood it by itself.
 */
function choicesBefore({ settings, model, preview }: AppState, settled: Settled, last: 'model' | 'data'): Answers & { settings: Settings } {
  const { choice, ...answers } = settled;
  const unknown = { report: { pending: false }, plans: { pending: false } };
  if (last === 'data' && settings.model !== choice.model && hasAnswer(model))
    return { ...answers, model, ...unknown, settings: { ...settings, ...dataChoice(choice) } };
  if (last === 'model' && settings.data !== choice.data && hasAnswer(preview))
    return { ...answers, preview, ...unknown, settings: { ...settings, ...modelChoice(choice) } };
  return { ...answers, settings: { ...settings, ...choice } };
}

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
  // The last choices for which model, data and plan were all answered.
  let settled: Settled | undefined;
  // Of the choices since then the one that was made last; once that is given up, the other.
  let last: 'model' | 'data' = 'model';
  subscribe(({ model, preview, report, plans, settings }, before) => {
    last = chosenAnew(settings, before.settings) ?? last;
    if (plans === before.plans || ![model, preview, report, plans].every(hasAnswer)) return;
    settled = { model, preview, report, plans, choice: { ...modelChoice(settings), ...dataChoice(settings) } };
  });

  return function cancel(): void {
    const before = getState();
    const lost = lostWith(before);
    const reading = [before.model, before.preview, before.report, before.plans].some(({ pending }) => pending);
    needs.asks.drop();
    needs.cancelComparing();
    client.restart();
    needs.begun();
    const other = last === 'model' ? 'data' : 'model';
    setState({
      ...(reading && settled !== undefined ? choicesBefore(before, settled, last) : {}),
      ...(before.run?.finished === undefined ? {} : { run: undefined }),
      startError: undefined,
      imported: { pending: false },
      exported: { pending: false },
      merging: noMerging,
      prediction: { pending: false },
      preparing: undefined,
      cancelled: lost ?? '',
    });
    if (reading) last = other;
    needs.keep(getState());
    needs.asks.again();
    void needs.asks.savedRuns();
  };
}
