// The layer stack: layers in ranges, each range under a policy of its own.

import type { PolicyName } from '../protocol/config.ts';
import type { Graph, Tensor } from './ir.ts';
import type { Layer } from './layers.ts';
import { checkpoint } from './policies/checkpoint.ts';
import type { Policy, RangeRun } from './policies/policy.ts';
import { reversible } from './policies/reversible.ts';
import { store } from './policies/store.ts';

/** Layers [from, to) under one policy. */
export interface PolicyRange {
  readonly from: number;
  readonly to: number;
  readonly policy: PolicyName;
  /** For `checkpoint`: layers per segment (1 by default). */
  readonly every?: number;
}

export function policyNamed({ policy, every = 1 }: Pick<PolicyRange, 'policy' | 'every'>): Policy {
  if (policy === 'checkpoint') return checkpoint(every);
  return policy === 'store' ? store : reversible;
}

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
export function runStack(g: Graph, layers: readonly Layer[], ranges: readonly PolicyRange[], streams: readonly Tensor[]): RangeRun {
  validateRanges(ranges, layers.length);
  let current = streams;
  const runs = ranges.map((range) => {
    const run = policyNamed(range).run(g, layers.slice(range.from, range.to), current);
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
