// The page's one store: what is chosen, what the worker has answered, the run. Components read it and call its actions; only this file and those
// beside it talk to the client. Invariant: what is asked of the worker follows from the settings alone, in `asks.ts`.

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { BenchSizes } from '../../src/protocol/bench.ts';
import type { AdapterSource, Columns, GenerationOptions, MethodOptions, TrainingArguments } from '../../src/protocol/config.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import type { AskedText, Calls, ExportResult, MergeResult, Prediction } from '../../src/protocol/messages.ts';
import { type AppState, noBench, noComparison, noStudy, type Screen } from './app_state.ts';
import { asksOf } from './asks.ts';
import { cancellingOf } from './cancelling.ts';
import { comparingOf } from './comparing.ts';
import { noHub } from './hub/hub_state.ts';
import { type HubActions, hubbingOf } from './hub/hubbing.ts';
import { measuringOf } from './measuring.ts';
import { mergingOf, noMerging } from './merging.ts';
import { occupationOf } from './occupied.ts';
import { type Kept, save, saveHub, saveQueue, type Theme } from './persist.ts';
import type { Picked } from './queue.ts';
import { queueingOf } from './queueing.ts';
import { newRun } from './run.ts';
import { followRun } from './run_events.ts';
import {
  cardOf,
  firstRun,
  lengthDefault,
  optionDefaults,
  runConfigOf,
  type Settings,
  taskOf,
  trainingDefaultsOf,
  withoutStaleRanges,
  withValues,
} from './settings.ts';
import { studyingOf } from './studying.ts';
import { writingOf } from './writing.ts';

export interface Actions extends HubActions {
  show(screen: Screen): void;
  setTheme(theme: Theme): void;
  choose(change: Partial<Settings>): void;
  /** Ends whatever the worker is doing, and returns to the last choices that were understood. */
  cancel(): void;
  setTraining(change: Partial<TrainingArguments>): void;
  setOption(change: Partial<MethodOptions>): void;
  resetNumbers(): void;
  start(): Promise<void>;
  compare(): void;
  cancelComparing(): void;
  /** Makes a queue of these and runs it. */
  queue(picked: readonly Picked[]): void;
  /** Goes on with a queue that was halted or interrupted. */
  goOn(): void;
  halt(): void;
  clearQueue(): void;
  /** Measures starting points, each after so many steps. */
  beginStudy(steps: number): void;
  stopStudy(): void;
  /** Times the run's next step dispatch by dispatch. */
  profileStep(): Promise<void>;
  measureDevice(sizes: BenchSizes): Promise<void>;
  stopMeasuring(): Promise<void>;
  /** Shows the results of a saved run; brings it back into the worker unless it is there. */
  openResults(id: string, name: string): Promise<void>;
  resume(id: string, name: string): Promise<void>;
  forget(id: string): Promise<void>;
  pause(): Promise<void>;
  proceed(steps: 'all' | 'one'): Promise<void>;
  stop(keep: 'best' | 'last' | 'nothing'): Promise<void>;
  predict(text: string, textPair?: string): void;
  /** Asks the model that is there; of undefined nothing. */
  ask(asked: AskedText | undefined): void;
  /** Writes a text behind a prompt. */
  write(prompt: string, options: Partial<GenerationOptions>): Promise<void>;
  stopWriting(): void;
  /** The texts or pictures of examples of the evaluation; none where the worker has none, or another model. */
  evaluationTexts(at: readonly number[]): Promise<Calls['evaluationTexts']['answer']>;
  /** What the model that is there says of a picture. Rejects with a RetraceError. */
  predictPicture(name: string, picture: Blob): Promise<Prediction | undefined>;
  exportAdapter(request: Calls['exportAdapter']['argument']): Promise<ExportResult | undefined>;
  /** Asks what the whole model would be. */
  planMerge(): void;
  mergeModel(request: Calls['mergeModel']['argument']): Promise<MergeResult | undefined>;
  importAdapter(adapter: AdapterSource): Promise<void>;
}

export interface App {
  readonly store: StoreApi<AppState>;
  readonly actions: Actions;
}

/** Does the work unless another tab is running the queue, which all tabs share; resolves to whether it was done. */
const aloneAmongTabs = (work: () => Promise<void>): Promise<boolean> =>
  navigator.locks.request('retrace-queue', { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await work();
    return true;
  });

const waiting = { pending: true } as const;
const idle = { pending: false } as const;
/** What was answered about a model that the worker is about to let go of. */
const nothingReady = { exported: idle, merging: noMerging, imported: idle, prediction: idle, writing: idle, profiled: idle } as const;

export function createApp(client: TrainerClient, kept: Kept): App {
  const store = createStore<AppState>(() => ({
    screen: 'choose',
    theme: kept.theme,
    settings: kept.settings,
    catalogue: waiting,
    environment: waiting,
    model: waiting,
    preview: waiting,
    report: waiting,
    plans: waiting,
    hub: noHub(kept.hub),
    comparison: noComparison,
    queue: { items: kept.queue, going: false, halting: false },
    study: noStudy,
    bench: noBench,
    profiled: idle,
    savedRuns: [],
    prediction: idle,
    writing: idle,
    exported: idle,
    merging: noMerging,
    imported: idle,
  }));
  const { getState, setState } = store;
  const asks = asksOf(client, store);
  const deliverEvents = followRun(client, store);

  const choose = (change: Partial<Settings>) => {
    const before = getState().settings;
    const ofModel =
      change.model === undefined || change.model === before.model ? {} : { positions: undefined, tokens: undefined, image_size: undefined };
    setState({ settings: withoutStaleRanges({ ...before, ...ofModel, ...change }, before), startError: undefined, cancelled: undefined });
    asks.settingsChanged(before);
    save(getState());
  };

  const failRun = (thrown: unknown) => {
    const { run } = getState();
    const error = reportOf(thrown);
    if (run !== undefined && run.error === undefined) setState({ run: { ...run, phase: 'failed', error } });
  };

  const live = async (name: string, call: () => Promise<unknown>, screen: 'train' | 'compare' = 'train', columns?: Columns) => {
    const occupation = occupationOf(getState());
    // The runs of a queue start while the queue itself occupies the worker.
    if (occupation !== undefined && !(occupation === 'queue' && screen === 'compare')) return;
    deliverEvents();
    setState({ run: newRun(name, columns), ...nothingReady, startError: undefined, cancelled: undefined });
    if (screen === 'train') setState({ screen });
    await call().catch((thrown: unknown) => {
      deliverEvents();
      const { run } = getState();
      if (run?.plan !== undefined || (run?.steps.length ?? 0) > 0) return failRun(thrown);
      if (reportOf(thrown).code === 'cancelled') return setState({ run: undefined, ...(screen === 'train' ? { screen: 'choose' } : {}) });
      // The run was refused before its first step, so a choice is at fault: show the error on Choose.
      setState({ run: undefined, startError: reportOf(thrown), ...(screen === 'train' ? { screen: 'choose' } : {}) });
    });
    deliverEvents();
    await asks.savedRuns();
  };

  const steer = async (call: () => Promise<unknown>) => {
    await call().catch(failRun);
  };

  const comparing = comparingOf(asks.planned, store);
  const studying = studyingOf(client, store);
  const queueing = queueingOf(client, store, { live, keep: saveQueue, alone: aloneAmongTabs });

  const hubbing = hubbingOf(client, store, { choose, refresh: asks.refresh, keep: saveHub });
  const cancel = cancellingOf(client, store, { asks, cancelComparing: comparing.cancel, keep: save, begun: hubbing.workerBegan });

  const actions: Actions = {
    ...hubbing.actions,
    cancel,
    show: (screen) => setState({ screen }),
    setTheme: (theme) => {
      setState({ theme });
      save(getState());
    },
    choose,
    setTraining: (change) => {
      const { settings, catalogue } = getState();
      const card = cardOf(catalogue.value, settings.method);
      const defaults = { ...trainingDefaultsOf(card, settings.training), max_length: lengthDefault(settings, card) };
      choose({ training: withValues(settings.training, defaults, change) });
    },
    setOption: (change) => {
      const { settings, catalogue } = getState();
      const card = cardOf(catalogue.value, settings.method);
      if (card !== undefined) choose({ options: withValues(settings.options, optionDefaults(card, settings.options), change) });
    },
    resetNumbers: () => choose({ training: {}, options: {}, policy: undefined, checkpoint_every: firstRun.checkpoint_every, memory: {} }),
    start: async () => {
      const { settings, catalogue } = getState();
      const card = cardOf(catalogue.value, settings.method);
      if (card === undefined || !(await hubbing.actions.fetchModel())) return;
      await live(
        `${settings.data.name}, ${card.title}`,
        () => client.start(runConfigOf(settings, card, taskOf(catalogue.value, settings))),
        'train',
        settings.columns,
      );
    },
    compare: () => void comparing.begin(),
    cancelComparing: comparing.cancel,
    queue: (picked) => void queueing.go(picked),
    goOn: () => void queueing.go(),
    halt: queueing.halt,
    clearQueue: queueing.clear,
    beginStudy: (steps) => void studying.begin(steps),
    stopStudy: () => void studying.stop(),
    openResults: async (id, name) => {
      const columns = getState().queue.items.find((item) => item.id === id)?.config.columns;
      await live(name, () => client.call('resume', { id }), 'train', columns);
      if (getState().run?.finished !== undefined) setState({ screen: 'results' });
    },
    resume: (id, name) => live(name, () => client.call('resume', { id })),
    forget: async (id) => {
      await client.call('deleteRun', { id }).catch((thrown: unknown) => setState({ startError: reportOf(thrown) }));
      await asks.savedRuns();
    },
    pause: () => steer(() => client.call('pause')),
    proceed: (steps) => steer(() => client.call('proceed', { steps })),
    stop: async (keep) => {
      await steer(() => client.call('stop', { keep }));
      if (keep === 'nothing') setState({ run: undefined, ...(getState().queue.going ? {} : { screen: 'choose' }) });
    },
    predict: asks.predict,
    ask: asks.ask,
    predictPicture: async (name, picture) => (await client.call('predict', { texts: [{ text: name, picture }] }))[0],
    evaluationTexts: (at) => client.call('evaluationTexts', { at }).catch(() => []),
    exportAdapter: async (request) => {
      setState({ exported: waiting });
      try {
        const value = await client.call('exportAdapter', request);
        setState({ exported: { pending: false, value } });
        return value;
      } catch (thrown) {
        const error = reportOf(thrown);
        if (error.code !== 'cancelled') setState({ exported: { pending: false, error } });
        return undefined;
      }
    },
    ...mergingOf(client, store),
    ...measuringOf(client, store),
    ...writingOf(client, store),
    importAdapter: async (adapter) => {
      if (occupationOf(getState()) !== undefined) return;
      const before = getState().imported.value;
      const chosen = getState().settings.model;
      setState({ imported: { pending: true, value: before }, prediction: idle, writing: idle, baseWanted: undefined });
      // If its files are damaged, the import below reports that.
      const base = await client.call('baseOf', adapter).catch(() => undefined);
      const found = base?.found?.name === chosen.name ? undefined : base?.found;
      // Import the very commit whose base was looked up.
      const same = 'hub' in adapter && base?.commit !== undefined ? { hub: `${adapter.hub.split('@')[0]}@${base.commit}` } : adapter;
      try {
        const value = await client.call('importAdapter', { ...same, model: found ?? chosen });
        const notes =
          found === undefined ? value.notes : [`Its base, ${found.name}, is kept on this device, and was used.`, ...value.notes];
        setState({ imported: { pending: false, value: { ...value, notes } }, merging: noMerging, prediction: idle });
      } catch (thrown) {
        const error = reportOf(thrown);
        if (error.code === 'cancelled') return;
        if (base?.name.includes('/') && base.name !== chosen.name) setState({ baseWanted: base.name });
        // The import may have failed before or after it replaced the model in the worker; ask the worker whether it still holds one.
        const held = await client.call('predict', { texts: [] }).then(
          () => true,
          () => false,
        );
        setState(held ? { imported: { pending: false, value: before, error } } : { imported: { pending: false, error }, run: undefined });
      }
    },
  };
  hubbing.sendSettings();
  asks.begin();
  // Opens a model that is kept whole at once; for anything else the hub is asked only when the person wants it.
  void hubbing.begin();
  return { store, actions };
}
