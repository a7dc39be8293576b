// A run as the page draws it, folded from the worker's events. Pure. Invariant: the state depends on the sequence of events alone, not on how
// they were batched, so a resumed run that sends its past again looks as it did.

import type { Columns } from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type { Phase, PlanReport, RunEvent } from '../../src/protocol/messages.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
export type StepEvent = Of<'step'>;
export type EvaluateEvent = Of<'evaluate'>;
export type MemoryEvent = Of<'memory'>;
export type ProfileEvent = Of<'profile'>;
export type FinishedEvent = Of<'finished'>;
export type Best = NonNullable<FinishedEvent['best']>;

export interface RunState {
  readonly name: string;
  /** What it learns from, where that is known. */
  readonly columns?: Columns | undefined;
  /** The name of its task, once its data have been read. */
  readonly task?: string;
  /** The labels of its data, once they have been read. */
  readonly labels?: readonly string[];
  /** How its model was read, and what the classifier starts from. */
  readonly notes?: readonly string[];
  readonly phase: Phase;
  readonly progress: { readonly done?: number; readonly of?: number; readonly detail?: string };
  readonly plan?: PlanReport;
  readonly steps: readonly StepEvent[];
  readonly evaluations: readonly EvaluateEvent[];
  readonly memory?: MemoryEvent;
  /** The last of its steps that was timed dispatch by dispatch. */
  readonly profile?: ProfileEvent;
  readonly savedAt?: number;
  readonly finished?: FinishedEvent;
  readonly error?: ErrorReport;
}

export const newRun = (name: string, columns?: Columns): RunState => ({
  name,
  columns,
  phase: 'loading model',
  progress: {},
  steps: [],
  evaluations: [],
});

export function afterEvents(run: RunState, events: readonly RunEvent[]): RunState {
  const steps: StepEvent[] = [];
  const evaluations: EvaluateEvent[] = [];
  let next = run;
  for (const event of events) {
    switch (event.type) {
      case 'phase': {
        // An import sends phases too; they do not belong to the run that has ended.
        if (next.finished !== undefined) break;
        const { type: _, phase, ...progress } = event;
        next = { ...next, phase, progress };
        break;
      }
      case 'fetching':
        // A download of the model or the data belongs to the phase that waits for it.
        if (next.finished === undefined && event.state !== 'fetched')
          next = { ...next, progress: { done: event.done, of: event.of, detail: `${event.state} ${event.id}` } };
        break;
      case 'data':
        next = { ...next, task: event.task, labels: event.labels };
        break;
      case 'model':
        next = { ...next, notes: event.notes };
        break;
      case 'plan': {
        const { type: _, ...plan } = event;
        next = { ...next, plan };
        break;
      }
      case 'step':
        steps.push(event);
        if (next.phase === 'saving') next = { ...next, phase: 'training' };
        break;
      case 'evaluate':
        evaluations.push(event);
        break;
      case 'memory':
        // The worker sends its memory account again after each checkpoint, which is how the page knows that one was written.
        next = { ...next, memory: event, ...(next.phase === 'saving' ? { savedAt: (steps.at(-1) ?? run.steps.at(-1))?.step ?? 0 } : {}) };
        break;
      case 'profile':
        next = { ...next, profile: event };
        break;
      case 'saved':
        break;
      case 'finished':
        next = { ...next, finished: event, phase: event.reason === 'stopped' ? 'stopped' : 'finished' };
        break;
      case 'error':
        next = { ...next, error: event.error, phase: 'failed' };
        break;
    }
  }
  return {
    ...next,
    steps: steps.length > 0 ? [...run.steps, ...steps] : run.steps,
    evaluations: evaluations.length > 0 ? [...run.evaluations, ...evaluations] : run.evaluations,
  };
}

const ENDED: readonly Phase[] = ['finished', 'stopped', 'failed'];

export const isActive = (run: RunState | undefined): run is RunState => run !== undefined && !ENDED.includes(run.phase);

export function bestOf(run: RunState): EvaluateEvent | undefined {
  return run.evaluations.findLast(({ best }) => best);
}

/** Milliseconds per step and tokens per second over the last steps, and the time left at that pace. */
export function paceOf(steps: readonly StepEvent[], window = 20): { ms: number; tokensPerSecond: number; leftMs: number } | undefined {
  const recent = steps.slice(-window);
  const last = recent.at(-1);
  const spent = recent.reduce((sum, { ms }) => sum + ms, 0);
  if (last === undefined || spent <= 0) return undefined;
  const ms = spent / recent.length;
  const tokens = recent.reduce((sum, step) => sum + step.tokens, 0);
  return { ms, tokensPerSecond: (tokens * 1000) / spent, leftMs: Math.max(0, last.max_steps - last.step) * ms };
}

/** Exponential moving average with Adam's correction for its start at 0. */
export function smoothed(values: readonly number[], keep = 0.9): number[] {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return sum / weight;
  });
}
