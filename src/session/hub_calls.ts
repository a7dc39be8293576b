// Those calls of a session that are about the hub alone, beside a run or without one. Not here: what they do (hub_models.ts, src/hub).

import { describeDataset } from '../data/hub/dataset.ts';
import type { Hub } from '../hub/hub.ts';
import { knownModels } from '../hub/known_models.ts';
import type { Calls } from '../protocol/messages.ts';
import { baseOf, type Fetching, searchModels } from './models/hub_models.ts';

export type Answering<K extends keyof Calls> = { [Name in K]: (argument: Calls[Name]['argument']) => Promise<Calls[Name]['answer']> };

export type HubCalls = ReturnType<typeof hubCalls>;

/** `forgetModels`: what was opened may be gone, or come from elsewhere. */
export const hubCalls = (hub: Hub, fetching: Fetching, forgetModels: () => void) =>
  ({
    hubSettings: async (settings) => {
      forgetModels();
      return hub.configure(settings);
    },
    knownModels: async () => knownModels,
    searchModels: ({ search }) => searchModels(hub, search),
    fetchPlan: ({ model }) => fetching.plan(model),
    fetchModel: ({ model }) => fetching.fetch(model),
    stopFetch: async ({ forget }) => {
      await fetching.stop(forget);
      if (forget) forgetModels();
    },
    describeDataset: (place) => describeDataset(hub, place),
    keptRepos: () => hub.kept(),
    removeKept: ({ type, id, commit }) => {
      forgetModels();
      return hub.remove({ type, id }, commit);
    },
    persistKept: async () => (await hub.store.persist?.()) ?? true,
    baseOf: (adapter) => baseOf(hub, fetching, adapter),
  }) satisfies Partial<Answering<keyof Calls>>;
