// The layer stack: layers in ranges, each range under a policy of its own.

import type { PolicyName } from '../protocol/config.ts';
import type { Tensor } from './ir.ts';
import type { Layer } from './layers.ts';
import { checkpoint } from './policies/checkpoint.ts';
import { forwardLayer, type Policy, type PolicyContext, type RangeRun } from './policies/policy.ts';
import { reversible } from './policies/reversible.ts';
import { store } from './policies/store.ts';

/** Layers [from, to) under one policy. */
export interface PolicyRange {
  readonly from: number;
  readonly to: number;
  readonly policy: PolicyName;
  /** For `checkpoint`: layers per segment (1 where left out). For `reversible`: layers between snapshots of the streams (none where left out). */
  readonly every?: number | undefined;
}

const policies: Readonly<Record<PolicyName, (every: number | undefined) => Policy>> = {
  store: () => store,
  checkpoint: (every = 1) => checkpoint(every),
  reversible: (every = Number.POSITIVE_INFINITY) => reversible(every),
};

/** Errors unless the ranges cover 0..count in order without a gap. */
export function validateRanges(ranges: readonly PolicyRange[], count: number): void {
  let next = 0;
  for (const { from, to } of ranges) {
    if (from !== next || to <= from) throw new Error(`policy ranges: layers ${from}..${to} follow ${next} (of ${count})`);
    next = to;
  }
  if (next !== count) throw new Error(`policy ranges end at ${next} of ${count} layers`);
}

/** Runs the stack forward; the result's `backward` runs it back. */
export function runStack(
  context: PolicyContext,
  layers: readonly Layer[],
  ranges: readonly PolicyRange[],
  streams: readonly Tensor[],
): RangeRun {
  validateRanges(ranges, layers.length);
  let current = streams;
  const runs = ranges.map(({ from, to, policy, every }) => {
    const run = policies[policy](every).run({ ...context, topmost: to === layers.length }, layers.slice(from, to), current);
    current = run.streams;
    return run;
  });
  return {
    streams: current,
    backward(above, wanted) {
      let state = above;
      for (const [depth, run] of [...runs.entries()].reverse()) state = run.backward(state, wanted || depth > 0);
      return state;
    },
  };
}

/** Runs the stack forward alone. */
export function forwardStack(context: PolicyContext, layers: readonly Layer[], streams: readonly Tensor[]): readonly Tensor[] {
  let current = streams;
  for (const layer of layers) current = forwardLayer(context, layer, current, 'nothing').streams;
  return current;
}
