// What page and worker say to each other of the hub: settings, models and data sets as its listing shows them, what is kept, and how a fetch goes. Plain data.
// Not here: how any of it is asked for (src/hub). Invariant: a token stands in `HubSettings` alone, which nothing stores and no error or event repeats.

import type { ErrorReport } from './errors.ts';

export interface HubSettings {
  /** Of the hub or a mirror, without a slash at its end; left out: the one that the page was built for, or HF_ENDPOINT. */
  readonly endpoint?: string | undefined;
  /** Of the server that describes data sets and shows their rows. */
  readonly datasets_server?: string | undefined;
  /** An access token of the user's account, for gated and private repositories. */
  readonly token?: string | undefined;
}

/** Where a session asks, as it stands. */
export interface HubPlace {
  readonly endpoint: string;
  readonly datasets_server: string;
  readonly has_token: boolean;
  /** Where files are kept, for people. */
  readonly store: string;
}

/** Whether Retrace can train a model, or the reason why not in one sentence. */
export type Supported = true | string;

/** A row of a search, or of the list of models to begin with. */
export interface HubModelRow {
  readonly id: string;
  readonly model_type?: string | undefined;
  readonly parameters?: number | undefined;
  readonly licence?: string | undefined;
  readonly downloads?: number | undefined;
  /** A person must ask for it on its page. */
  readonly gated: boolean;
  readonly supported: Supported;
}

/** A model to begin with: what it is good for is a sentence. */
export interface KnownModel {
  readonly id: string;
  readonly model_type: string;
  readonly parameters: number;
  /** Of its weights, in the form that is fetched. */
  readonly bytes: number;
  readonly licence: string;
  readonly good_for: string;
}

/** What a fetch of a repository moves, before it does. */
export interface FetchPlan {
  readonly id: string;
  readonly revision: string;
  readonly commit: string;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly kept: number }[];
  /** Bytes of all these files, and of those the ones that are here. */
  readonly bytes: number;
  readonly kept: number;
  /** Bytes free where they will be kept, as far as is known. */
  readonly free?: number | undefined;
  readonly licence?: string | undefined;
}

/** How a fetch goes; `waiting` says why nothing moves, and for how long where that is known. */
export interface FetchProgress {
  readonly id: string;
  readonly done: number;
  readonly of: number;
  readonly state: 'fetching' | 'checking' | 'waiting' | 'fetched' | 'paused';
  /** Bytes a second over the last seconds; left out until it is known. */
  readonly rate?: number;
  readonly ms_left?: number;
  readonly waiting?: { readonly why: ErrorReport; readonly ms?: number };
}

export interface KeptRepo {
  readonly type: 'model' | 'dataset';
  readonly id: string;
  readonly commit: string;
  readonly revisions: readonly string[];
  readonly bytes: number;
  /** Whether all that a run needs is here. */
  readonly whole: boolean;
  /** SHA-256 of a model's weights, where they are one large file. */
  readonly weights?: string;
  /** Milliseconds since 1970. */
  readonly last_used: number;
}

export interface KeptList {
  readonly place: string;
  readonly repos: readonly KeptRepo[];
  readonly free?: number;
  readonly quota?: number;
  readonly persisted?: boolean;
}

/** What the hub knows of a column. */
export interface HubColumn {
  readonly name: string;
  /** `ClassLabel`, or the type of its values. */
  readonly type: string;
  /** Of a `ClassLabel`, in the order of its numbers. */
  readonly names?: readonly string[];
}

export interface HubSplit {
  readonly name: string;
  readonly rows?: number | undefined;
  /** Of its Parquet files. */
  readonly bytes?: number | undefined;
}

export interface HubDataset {
  readonly id: string;
  readonly commit: string;
  readonly configs: readonly { readonly name: string; readonly splits: readonly HubSplit[]; readonly columns: readonly HubColumn[] }[];
  readonly licence?: string | undefined;
  readonly citation?: string | undefined;
  readonly homepage?: string | undefined;
}
