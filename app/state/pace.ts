// How fast this device is, from runs that it has done, and what that says about steps that it has not. Pure.
//
// A run's steps are as full as its data: of batch × length tokens only some are there. FLOPs of a plan are those of a full step, so a run's
// work is its plan's FLOPs times its share of tokens, and a prediction is for steps with as many tokens an example as those measured.

import type { PlanReport } from '../../src/protocol/messages.ts';
import type { RunState } from './run.ts';

export interface Pace {
  /** Floating-point operations a millisecond. */
  readonly rate: number;
  /** Tokens an example that the measured steps had. */
  readonly tokens: number;
  /** Runs behind it. */
  readonly runs: number;
}

/** The first steps compile and fill; the middle one of the others is what a step takes. */
const WARM_UP = 2;

const median = (values: readonly number[]): number | undefined => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds of a step, where enough of them have run. */
export const stepMs = ({ steps }: Pick<RunState, 'steps'>): number | undefined => median(steps.slice(WARM_UP).map(({ ms }) => ms));

/** The work done by all these runs over the time that it took, or undefined where none has run. */
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
