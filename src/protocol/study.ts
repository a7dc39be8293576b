// The study of starting points: methods begun away from the pretrained behaviour by one number, how far they are then and what they reach.
// Types of the call `study` and of its events. Not here: which series there are (src/session/run/study_series.ts), how they lie in panels
// (study_panels.ts).

import type { Columns, DataRef, MethodChoices, MethodName, ModelRef, Pooling, TrainingArguments } from './config.ts';
import type { ErrorReport } from './errors.ts';

export const studySeriesNames = [
  'lora',
  'ia3',
  'meft1-lambda',
  'meft1-beta',
  'meft2-lambda',
  'meft2-beta',
  'meft3',
  'meft1-combination',
] as const;
export type StudySeriesName = (typeof studySeriesNames)[number];

export interface StudyRequest {
  readonly model: ModelRef;
  readonly pooling?: Pooling;
  /** Of pictures, where it is another than the model's own. */
  readonly image_size?: number;
  readonly data: DataRef;
  readonly eval_data?: DataRef;
  readonly columns?: Columns;
  /** Left out: the first of the tasks. */
  readonly task?: string | undefined;
  /** Left out: all. */
  readonly series?: readonly StudySeriesName[];
  /** `max_steps` 0 measures the distance alone. */
  readonly training: Omit<TrainingArguments, 'learning_rate'>;
  /** Left out: each method's own. */
  readonly learning_rate?: number;
  /** Examples that a score is taken over, spread evenly over the evaluation data; 0: all. */
  readonly eval_examples: number;
}

/** From the outputs of the plain model with the same head, before any step: logits, or of a task of words the log-likelihood of each word. */
export interface StartDistance {
  /** ‖outputs − pretrained‖ / ‖pretrained‖ over all texts. */
  readonly relative: number;
  /** Largest difference of an output. */
  readonly largest: number;
}

export interface StudyPoint {
  readonly series: StudySeriesName;
  /** What was moved, and where the method itself would begin. */
  readonly value: number;
  readonly own_start: boolean;
  readonly options: MethodChoices;
  readonly distance?: StartDistance;
  /** After `max_steps` steps. */
  readonly score?: { readonly metric: string; readonly value: number; readonly loss: number };
  /** Why there is no distance or no score: numbers that left their range, say. */
  readonly error?: ErrorReport;
}

/** What a series moves. */
export interface StudySeriesHead {
  readonly name: StudySeriesName;
  readonly method: MethodName;
  /** Such as `LoRA, B = c`. */
  readonly title: string;
  /** What is moved: `c`, `λ`. */
  readonly over: string;
  /** Series of one panel lie on one axis: what they move is of one kind. */
  readonly panel: string;
}

export interface StudySeries extends StudySeriesHead {
  readonly points: readonly StudyPoint[];
}

export interface StudyReport {
  readonly model: string;
  readonly data: string;
  /** Texts that the distance, and examples that the score was taken over. */
  readonly texts: number;
  readonly eval_examples: number;
  readonly max_steps: number;
  readonly metric: string;
  readonly series: readonly StudySeries[];
  /** False where it was stopped before its last point. */
  readonly complete: boolean;
}

/** A point is done; `of` counts all that were asked for. */
export interface StudyEvent {
  readonly type: 'study';
  readonly done: number;
  readonly of: number;
  readonly series: StudySeriesHead;
  readonly point: StudyPoint;
}
