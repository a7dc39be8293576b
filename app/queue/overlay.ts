// Curves of several runs on one axis of steps. Pure.

import type { RunState } from '../state/run.ts';
import { drawnMetrics } from '../ui/metrics.ts';

interface Reading {
  readonly step: number;
  readonly value: number;
}

/** All steps that any run has, ascending; for each run its value at each, or null. */
export function overlaid(runs: readonly (readonly Reading[])[]): { steps: number[]; values: (number | null)[][] } {
  const steps = [...new Set(runs.flatMap((readings) => readings.map(({ step }) => step)))].sort((a, b) => a - b);
  const values = runs.map((readings) => {
    const at = new Map(readings.map(({ step, value }) => [step, value]));
    return steps.map((step) => at.get(step) ?? null);
  });
  return { steps, values };
}

/** The first metric of the task that is a score; of a task that has none its first. */
export function scoreNameOf(runs: readonly Pick<RunState, 'evaluations'>[]): string {
  return drawnMetrics(runs.flatMap(({ evaluations }) => evaluations)[0]?.metrics ?? {})[0] ?? 'score';
}
