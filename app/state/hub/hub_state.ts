// What the page knows of the hub, and what follows from it. Pure types and functions. Not here: what changes it (state/hubbing.ts). Invariant: a reference
// that nobody asked for in this visit, and that is not kept whole, is `silent`: nothing is asked of the hub for it.

import type { DataRef, ModelRef } from '../../../src/protocol/config.ts';
import type { ErrorReport } from '../../../src/protocol/errors.ts';
import type {
  FetchPlan,
  FetchProgress,
  HubDataset,
  HubModelRow,
  HubPlace,
  HubSettings,
  KeptList,
  KnownModel,
} from '../../../src/protocol/hub.ts';
import type { Answer } from '../answer.ts';

export type FetchState =
  | { readonly at: 'rest' }
  | { readonly at: 'going'; readonly progress?: FetchProgress }
  | { readonly at: 'paused'; readonly progress?: FetchProgress }
  | { readonly at: 'failed'; readonly error: ErrorReport; readonly progress?: FetchProgress };

export interface HubState {
  readonly settings: HubSettings;
  /** Where the worker asks, once it has said so. */
  readonly place: Answer<HubPlace>;
  /** Keys (`refKey`) of the models and data sets that the person asked for in this visit. */
  readonly asked: readonly string[];
  readonly known: readonly KnownModel[];
  readonly found: Answer<readonly HubModelRow[]>;
  /** What fetching the chosen model takes; its error is that of the last look-up. */
  readonly plan: Answer<FetchPlan>;
  readonly fetch: FetchState;
  readonly kept: Answer<KeptList>;
  readonly dataset: Answer<HubDataset>;
  /** The revision at which the data set was looked up. */
  readonly datasetRevision?: string | undefined;
}

const nothing = { pending: false } as const;

export const noHub = (settings: HubSettings): HubState => ({
  settings,
  place: nothing,
  asked: [],
  known: [],
  found: nothing,
  plan: nothing,
  fetch: { at: 'rest' },
  kept: nothing,
  dataset: nothing,
});

export type HubRef = Extract<ModelRef, { kind: 'hub' }>;
type HubData = Extract<DataRef, { kind: 'hub' }>;

/** The same for two references to one repository at one revision. */
export const refKey = (ref: HubRef | HubData): string =>
  'split' in ref ? `dataset ${ref.id} ${ref.revision ?? 'main'}` : `model ${ref.name} ${ref.commit ?? ref.revision ?? 'main'}`;

/** The entry of a model in the list of what is kept on this device; undefined where nothing of it is. */
export const keptOf = ({ name, revision = 'main', commit }: HubRef, kept: KeptList | undefined) =>
  kept?.repos.find(
    (repo) =>
      repo.type === 'model' && repo.id === name && (commit === undefined ? repo.revisions.includes(revision) : repo.commit === commit),
  );

/** Whether using this would send a request to the hub that the person has not asked for. A preview of a data set always asks its server, whatever is kept. */
export const isSilent = (ref: ModelRef | DataRef, { asked, kept }: Pick<HubState, 'asked' | 'kept'>): boolean =>
  ref.kind === 'hub' && !asked.includes(refKey(ref)) && ('split' in ref || keptOf(ref, kept.value)?.whole !== true);

export const isWholePlan = ({ bytes, kept }: FetchPlan): boolean => kept >= bytes;
