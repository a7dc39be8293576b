// How fast this device is, from runs that it has done, and what that says about steps that it has not. Pure.
//
// A plan counts the FLOPs of a step that is filled with tokens, but most texts are shorter than the padded length. So the work of a run is its
// plan's FLOPs times the share of tokens that were there, and a prediction assumes as many tokens per example as the measured steps had.

import { median } from '../../src/protocol/median.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import type { RunState } from './run.ts';

export interface Pace {
  /** Floating-point operations per millisecond. */
  readonly rate: number;
  /** Tokens per example in the measured steps. */
  readonly tokens: number;
  /** How many runs were measured. */
  readonly runs: number;
}

/** The first steps compile pipelines and fill caches, so they are left out; the median of the others is the time of a step. */
export const WARM_UP = 2;

/** Median milliseconds per step; undefined where too few steps have run. */
export const stepMs = ({ steps }: Pick<RunState, 'steps'>): number | undefined => median(steps.slice(WARM_UP).map(({ ms }) => ms));

/** FLOPs of all these runs divided by their time; undefined where none has run long enough. */
export function paceOf(runs: readonly RunState[]): Pace | undefined {
  let work = 0;
  let time = 0;
  let tokens = 0;
  let examples = 0;
  let counted = 0;
  for (const { plan, steps } of runs) {
    const warm = steps.slice(WARM_UP);
    if (plan === undefined || warm.length === 0) continue;
    const seen = warm.reduce((sum, step) => sum + step.tokens, 0);
    work += (plan.flops * seen) / (plan.batch * plan.length);
    time += (stepMs({ steps }) ?? 0) * warm.length;
    tokens += seen;
    examples += warm.length * plan.batch;
    counted++;
  }
  return counted === 0 || time <= 0 ? undefined : { rate: work / time, tokens: tokens / examples, runs: counted };
}

export function predictedMs(plan: PlanReport, pace: Pace | undefined): number | undefined {
  if (pace === undefined) return undefined;
  return (plan.flops * Math.min(1, pace.tokens / plan.length)) / pace.rate;
}
