// The rebuilding errors of a run by layer. Pure.

import type { RunState } from '../state/run.ts';

export interface ErrorOfLayer {
  readonly layer: string;
  readonly last: number;
  /** The largest of the run. */
  readonly most: number;
}

/** In the order of the last step's report: bottom layer first. Empty where no step has one. */
export function errorsOf(steps: RunState['steps']): ErrorOfLayer[] {
  const last = steps.findLast(({ reconstruction }) => reconstruction !== undefined)?.reconstruction ?? [];
  const most = new Map<string, number>();
  for (const { reconstruction = [] } of steps) {
    for (const { layer, error } of reconstruction) most.set(layer, Math.max(error, most.get(layer) ?? 0));
  }
  return last.map(({ layer, error }) => ({ layer, last: error, most: most.get(layer) ?? error }));
}

/** Whole powers of ten around these values, at least two apart; zeros, which have no logarithm, count for nothing. */
export function decades(values: readonly number[]): { from: number; to: number } {
  const powers = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log10);
  if (powers.length === 0) return { from: -8, to: -6 };
  const to = Math.ceil(Math.max(...powers));
  return { from: Math.min(Math.floor(Math.min(...powers)) - 1, to - 2), to };
}
