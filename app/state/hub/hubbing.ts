// What people ask of the hub: a model looked up, searched for, fetched, paused, forgotten; what is kept; where to ask, and with which token. Invariant: every
// request follows from a click or Enter; typing alone and opening the page send nothing.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../../src/client/trainer_client.ts';
import type { Columns, ModelRef } from '../../../src/protocol/config.ts';
import { reportOf } from '../../../src/protocol/errors.ts';
import type { FetchPlan, HubSettings, KeptRepo } from '../../../src/protocol/hub.ts';
import type { AppState } from '../app_state.ts';
import { latest } from '../latest.ts';
import type { Settings } from '../settings.ts';
import { datasetsServer, hubEndpoint } from './endpoint.ts';
import { type FetchState, type HubRef, type HubState, isSilent, isWholePlan, refKey } from './hub_state.ts';
import { refsOf, type SplitChoice } from './splits.ts';
import { typedRepo } from './typed.ts';

export interface HubActions {
  /** Asks the hub what a model is, without a byte of its weights, and chooses it. */
  lookUp(text: string): void;
  search(text: string): void;
  /** Asks for what was chosen in an earlier visit, or again after an error. */
  askAgain(): void;
  /** Fetches the files of the chosen model that a run needs; resolves to whether all of them are here. */
  fetchModel(): Promise<boolean>;
  pauseFetch(): void;
  forgetFetch(): void;
  /** Asks what a data set has: configurations, splits, columns. */
  describeDataset(text: string): void;
  chooseSplit(choice: SplitChoice, columns?: Columns): void;
  showKept(): void;
  removeKept(repo: Pick<KeptRepo, 'type' | 'id' | 'commit'>): Promise<void>;
  persistKept(): Promise<void>;
  setHub(settings: HubSettings, remember: boolean): void;
}

interface HubbingNeeds {
  choose(change: Partial<Settings>): void;
  /** Asks again for everything that depends on the chosen model and data. */
  refresh(): void;
  /** Stores the settings that are to outlive the visit. */
  keep(settings: HubSettings): void;
}

export function hubbingOf(client: TrainerClient, { getState, setState }: StoreApi<AppState>, { choose, refresh, keep }: HubbingNeeds) {
  const put = (change: Partial<HubState>) => setState({ hub: { ...getState().hub, ...change } });
  const putFetch = (fetch: FetchState) => put({ fetch });
  const ask = (ref: Parameters<typeof refKey>[0]) => put({ asked: [...new Set([...getState().hub.asked, refKey(ref)])] });
  const failed = (thrown: unknown) => {
    const error = reportOf(thrown);
    return { pending: false, ...(error.code === 'cancelled' ? {} : { error }) };
  };

  const refOf = ({ id, revision, commit }: FetchPlan): HubRef => ({
    kind: 'hub',
    name: id,
    ...(revision === 'main' || revision === commit ? {} : { revision }),
    commit,
  });

  const askPlan = latest(
    0,
    (model: ModelRef) => client.call('fetchPlan', { model }),
    (value) => {
      const ref = refOf(value);
      ask(ref);
      put({ plan: { pending: false, value }, fetch: { at: 'rest' } });
      const { model } = getState().settings;
      if (model.kind === 'hub' && refKey(model) === refKey(ref)) refresh();
      else choose({ model: ref, pooling: undefined });
      void kept();
    },
    (thrown) => put({ plan: failed(thrown) }),
  );

  const kept = async (): Promise<void> => {
    put({ kept: { ...getState().hub.kept, pending: true } });
    await client.call('keptRepos').then(
      (value) => put({ kept: { pending: false, value } }),
      (thrown) => put({ kept: failed(thrown) }),
    );
  };

  const lookUpRef = (model: HubRef) => {
    ask(model);
    put({ plan: { pending: true }, found: { pending: false } });
    askPlan(model);
  };

  const sendSettings = (): void => {
    const { endpoint = hubEndpoint(), datasets_server = datasetsServer(), token } = getState().hub.settings;
    client.call('hubSettings', { endpoint, datasets_server, token }).then(
      (value) => put({ place: { pending: false, value } }),
      (thrown: unknown) => put({ place: failed(thrown) }),
    );
  };

  const progressOf = (fetch: FetchState) => ('progress' in fetch && fetch.progress !== undefined ? { progress: fetch.progress } : {});

  async function fetchModel(): Promise<boolean> {
    const { settings, hub } = getState();
    const { model } = settings;
    if (model.kind !== 'hub') return true;
    if (hub.plan.value !== undefined && isWholePlan(hub.plan.value)) return true;
    if (hub.fetch.at === 'going') return false;
    ask(model);
    putFetch({ at: 'going', ...progressOf(hub.fetch) });
    // Only the page may ask for lasting storage, and only while it handles a click.
    void navigator.storage?.persist?.().catch(() => false);
    try {
      const value = await client.call('fetchModel', { model });
      put({ plan: { pending: false, value }, fetch: { at: 'rest' } });
      refresh();
      return true;
    } catch (thrown) {
      const error = reportOf(thrown);
      const { fetch } = getState().hub;
      const stopped = error.code === 'fetch-stopped' || error.code === 'cancelled';
      if (fetch.at === 'going') putFetch(stopped ? { at: 'paused', ...progressOf(fetch) } : { at: 'failed', error, ...progressOf(fetch) });
      return false;
    } finally {
      void kept();
    }
  }

  const askDataset = latest(
    0,
    (dataset: { id: string; revision?: string }) => client.call('describeDataset', dataset),
    (value) => put({ dataset: { pending: false, value } }),
    (thrown) => put({ dataset: failed(thrown) }),
  );

  const actions: HubActions = {
    lookUp(text) {
      const typed = typedRepo(text);
      if (typed !== undefined) lookUpRef({ kind: 'hub', ...typed });
    },
    search(text) {
      put({ found: { pending: true }, plan: { ...getState().hub.plan, error: undefined } });
      client.call('searchModels', { search: text.trim() }).then(
        (value) => put({ found: { pending: false, value } }),
        (thrown: unknown) => put({ found: failed(thrown) }),
      );
    },
    askAgain() {
      const { model, data } = getState().settings;
      if (data.kind === 'hub') ask(data);
      if (model.kind === 'hub') lookUpRef(model);
      else refresh();
    },
    fetchModel,
    pauseFetch: () => void client.call('stopFetch', { forget: false }).catch(() => undefined),
    forgetFetch() {
      const { plan, fetch } = getState().hub;
      const forget = async (): Promise<void> => {
        if (fetch.at === 'going') await client.call('stopFetch', { forget: true });
        else if (plan.value !== undefined) await client.call('removeKept', { type: 'model', id: plan.value.id, commit: plan.value.commit });
        putFetch({ at: 'rest' });
        const { model } = getState().settings;
        if (model.kind === 'hub') askPlan(model);
      };
      forget().catch((thrown: unknown) => putFetch({ at: 'failed', error: reportOf(thrown) }));
    },
    describeDataset(text) {
      const typed = typedRepo(text);
      if (typed === undefined) return;
      const { name: id, revision } = typed;
      put({ dataset: { pending: true }, datasetRevision: revision });
      askDataset({ id, ...(revision === undefined ? {} : { revision }) });
    },
    chooseSplit(choice, columns) {
      const { data, eval_data } = refsOf(choice);
      ask(data);
      choose({ data, eval_data, columns });
    },
    showKept: () => void kept(),
    async removeKept({ type, id, commit }) {
      const before = getState().hub.kept.value;
      await client.call('removeKept', { type, id, commit }).then(
        (value) => put({ kept: { pending: false, value } }),
        (thrown) => put({ kept: { pending: false, value: before, error: reportOf(thrown) } }),
      );
      const { model } = getState().settings;
      // A model that was deleted is not fetched again until the person asks for it.
      put({ asked: getState().hub.asked.filter((key) => !key.startsWith(`${type} ${id} `)) });
      if (model.kind === 'hub' && model.name === id && type === 'model') put({ plan: { pending: false }, fetch: { at: 'rest' } });
      refresh();
    },
    async persistKept() {
      await navigator.storage?.persist?.().catch(() => false);
      await kept();
    },
    setHub(settings, remember) {
      const { token: _, ...open } = settings;
      put({ settings, found: { pending: false }, plan: { ...getState().hub.plan, error: undefined } });
      keep(remember ? settings : open);
      sendSettings();
      // A model that was refused may open with the new token, or exist at the new address.
      const { model, settings: chosen } = getState();
      if (chosen.model.kind === 'hub' && model.error !== undefined) lookUpRef(chosen.model);
    },
  };

  return {
    actions,
    /** Tells the worker where the hub is; must come before any other question. */
    sendSettings,
    /** Asks the worker, and nobody else, what is kept and which models are offered. */
    async begin(): Promise<void> {
      void client.call('knownModels').then(
        (known) => put({ known }),
        () => undefined,
      );
      await kept();
      const { settings, hub } = getState();
      if (settings.model.kind === 'hub' && !isSilent(settings.model, hub)) askPlan(settings.model);
    },
    /** After a restart of the worker: tells the new one where the hub is, and marks the fetch of the old one as paused. */
    workerBegan() {
      sendSettings();
      const { fetch } = getState().hub;
      if (fetch.at === 'going') putFetch({ at: 'paused', ...progressOf(fetch) });
    },
  };
}
