// The layer stack: layers in ranges, each range under a policy of its own. Invariant: ranges count layers as the model does, frozen ones below the stack
// included, here and everywhere else.

import type { Tensor } from '../graph/tensor.ts';
import type { PolicyName } from '../protocol/config.ts';
import type { Layer } from './layers.ts';
import { checkpoint } from './policies/checkpoint.ts';
import { forwardLayer, type Policy, type PolicyContext, type RangeRun, wantedOf } from './policies/policy.ts';
import { reversible } from './policies/reversible.ts';
import { store } from './policies/store.ts';

/** Layers [from, to) of the model under one policy. */
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

/** Errors unless the ranges cover the model's layers [first, end) in order without a gap. */
export function validateRanges(ranges: readonly PolicyRange[], first: number, end: number): void {
  let next = first;
  for (const { from, to } of ranges) {
    if (from !== next || to <= from)
      throw new Error(`policy ranges: layers ${from}..${to} stand where ${next} begins (of ${first}..${end})`);
    next = to;
  }
  if (next !== end) throw new Error(`policy ranges end at ${next} of layers ${first}..${end}`);
}

/** Runs the stack of the model's layers from `first` on forward; the result's `backward` runs it back. */
export function runStack(
  context: PolicyContext,
  { first, layers }: { readonly first: number; readonly layers: readonly Layer[] },
  ranges: readonly PolicyRange[],
  streams: readonly Tensor[],
): RangeRun {
  const end = first + layers.length;
  validateRanges(ranges, first, end);
  let current = streams;
  const runs = ranges.map(({ from, to, policy, every }) => {
    const { run: runRange, wholeBatch } = policies[policy](every);
    const parts = wholeBatch ? [context.parts.reduce((sum, own) => sum + own, 0)] : context.parts;
    const run = runRange({ ...context, parts }, layers.slice(from - first, to - first), current);
    current = run.streams;
    return run;
  });
  return {
    streams: current,
    backward(above, wanted) {
      let state = above;
      for (const [depth, run] of [...runs.entries()].reverse()) state = run.backward(state, wantedOf(wanted, depth > 0));
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
