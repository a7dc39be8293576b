// Those calls of the page that are about the hub and what is kept of it, by name: argument and answer. Not here: all other calls (messages.ts).

import type { AdapterSource, ModelRef } from './config.ts';
import type { FetchPlan, HubDataset, HubModelRow, HubPlace, HubSettings, KeptList, KnownModel } from './hub.ts';

export interface HubCalls {
  /** Where to ask from now on; what is left out is as it was at first. Nothing is asked for yet. Error: `bad-endpoint`. */
  hubSettings: { argument: HubSettings; answer: HubPlace };
  /** Models to begin with, without a request. */
  knownModels: { argument: undefined; answer: readonly KnownModel[] };
  searchModels: { argument: { search: string }; answer: readonly HubModelRow[] };
  /** What fetching a model would move. Where all of it is kept, without a request. */
  fetchPlan: { argument: { model: ModelRef }; answer: FetchPlan };
  /** Fetches what a run needs of a model; `fetching` events follow, and it answers once everything is here and checked. */
  fetchModel: { argument: { model: ModelRef }; answer: FetchPlan };
  /** Ends a fetch under way, which then rejects with `fetch-stopped`; what came so far is kept, or with `forget` removed. */
  stopFetch: { argument: { forget: boolean }; answer: undefined };
  /** Its configurations, splits and columns. Errors: `hub-*`, `no-rows-on-hub`. */
  describeDataset: { argument: { id: string; revision?: string }; answer: HubDataset };
  keptRepos: { argument: undefined; answer: KeptList };
  removeKept: { argument: { type: 'model' | 'dataset'; id: string; commit?: string }; answer: KeptList };
  /** Asks the browser not to clear what is kept; says whether it will not. */
  persistKept: { argument: undefined; answer: boolean };
  /**
   * The base that an adapter names: a model that is here with those very weights, and the id that its files give. An adapter of the hub is fetched for it,
   * and `commit` says which it was.
   */
  baseOf: {
    argument: AdapterSource;
    answer: { readonly name: string; readonly sha256?: string; readonly found?: ModelRef; readonly commit?: string };
  };
}
