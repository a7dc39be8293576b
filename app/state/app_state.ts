// The types of the page's state and its first values: what is chosen, what the worker has answered, the run. Not here: what changes it (store.ts and the
// files beside it).

import type { BenchEvent } from '../../src/protocol/bench.ts';
import type { Catalogue } from '../../src/protocol/cards.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type {
  DataPreview,
  DataProgress,
  DataReport,
  Environment,
  ExportResult,
  ImportResult,
  ModelDescription,
  PlanReport,
  Prediction,
  SavedRun,
} from '../../src/protocol/messages.ts';
import type { ProfiledStep } from '../../src/protocol/profile.ts';
import type { StudyReport, StudySeries } from '../../src/protocol/study.ts';
import type { Answer } from './answer.ts';
import type { Outcome } from './cells.ts';
import type { HubState } from './hub/hub_state.ts';
import type { Merging } from './merging.ts';
import type { Theme } from './persist.ts';
import type { QueueItem } from './queue.ts';
import type { RunState } from './run.ts';
import type { Settings } from './settings.ts';
import type { WritingState } from './writing.ts';

/** `bench` has no tab: its address alone leads there. */
export const screens = ['choose', 'train', 'compare', 'results', 'bench'] as const;
export type Screen = (typeof screens)[number];

export interface Comparison {
  /** Identifies the cells and settings that the outcomes belong to. */
  readonly signature: string;
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly running: boolean;
  readonly done: number;
  readonly of: number;
}

export const noComparison: Comparison = { signature: '', outcomes: {}, running: false, done: 0, of: 0 };

export interface QueueState {
  readonly items: readonly QueueItem[];
  readonly going: boolean;
  /** The queue stops when the current run ends. */
  readonly halting: boolean;
  /** Another tab was running the queue when this one tried to. */
  readonly elsewhere?: boolean;
}

export interface StudyState {
  readonly running: boolean;
  readonly done: number;
  readonly of: number;
  /** Steps that each start is trained for, in the current or the last study. */
  readonly steps?: number;
  /** The points measured so far. */
  readonly series: readonly StudySeries[];
  readonly report?: StudyReport;
  readonly error?: ErrorReport;
}

export const noStudy: StudyState = { running: false, done: 0, of: 0, series: [] };

/** The device, while it is measured and afterwards. */
export interface BenchState {
  readonly running: boolean;
  readonly event?: BenchEvent;
  readonly error?: ErrorReport;
}

export const noBench: BenchState = { running: false };

export interface AppState {
  readonly screen: Screen;
  readonly theme: Theme;
  readonly settings: Settings;
  readonly catalogue: Answer<Catalogue>;
  readonly environment: Answer<Environment>;
  readonly model: Answer<ModelDescription>;
  readonly preview: Answer<DataPreview>;
  readonly report: Answer<DataReport>;
  /** How far the data are read or tokenised, while that takes long. */
  readonly preparing?: DataProgress | undefined;
  /** The chosen plan first, then those it is compared with. */
  readonly plans: Answer<readonly PlanReport[]>;
  readonly hub: HubState;
  readonly run?: RunState | undefined;
  readonly comparison: Comparison;
  readonly queue: QueueState;
  readonly study: StudyState;
  readonly bench: BenchState;
  /** The last step of the run that was timed dispatch by dispatch. */
  readonly profiled: Answer<ProfiledStep>;
  readonly startError?: ErrorReport | undefined;
  /** After cancelling, until something else is chosen: what was lost with the worker, or empty. */
  readonly cancelled?: string | undefined;
  readonly savedRuns: readonly SavedRun[];
  readonly prediction: Answer<Prediction>;
  readonly writing: WritingState;
  readonly exported: Answer<ExportResult>;
  readonly merging: Merging;
  readonly imported: Answer<ImportResult>;
  /** The base that a refused adapter names, where it is neither the chosen model nor kept here. */
  readonly baseWanted?: string | undefined;
}
