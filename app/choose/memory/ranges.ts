// Policies by ranges of layers. Pure. Invariant: ranges cover the layers from the first that is not frozen to the last, in order, without a gap,
// and none is empty; every function here keeps that.

import type { MemorySettings, PolicyName } from '../../../src/protocol/config.ts';

export type Range = NonNullable<MemorySettings['ranges']>[number];

/** The first ranges that are offered: the lower and the upper half, both with `policy`. */
export function halves(from: number, to: number, policy: PolicyName): Range[] {
  const middle = Math.ceil((from + to) / 2);
  return middle > from && middle < to
    ? [
        { from, to: middle, policy },
        { from: middle, to, policy },
      ]
    : [{ from, to, policy }];
}

/** Splits range i into two. */
export function split(ranges: readonly Range[], i: number): Range[] {
  return ranges.flatMap((range, j) => {
    if (j !== i || range.to - range.from < 2) return [range];
    const middle = Math.floor((range.from + range.to) / 2);
    return [
      { ...range, to: middle },
      { ...range, from: middle },
    ];
  });
}

/** Removes range i; its layers go to the range below, or above where there is none below. */
export function merge(ranges: readonly Range[], i: number): Range[] {
  const gone = ranges[i];
  if (gone === undefined || ranges.length < 2) return [...ranges];
  const others = ranges.filter((_, j) => j !== i);
  const heir = Math.max(0, i - 1);
  return others.map((range, j) =>
    j === heir ? { ...range, from: Math.min(range.from, gone.from), to: Math.max(range.to, gone.to) } : range,
  );
}

/** Range i ends at layer `to`, or as near to it as leaves a layer in it and in the next. */
export function withEnd(ranges: readonly Range[], i: number, to: number): Range[] {
  const [own, next] = [ranges[i], ranges[i + 1]];
  if (own === undefined || next === undefined) return [...ranges];
  const end = Math.max(own.from + 1, Math.min(next.to - 1, to));
  return ranges.map((range, j) => (j === i ? { ...range, to: end } : j === i + 1 ? { ...range, from: end } : range));
}

/** Range i with another policy; what `every` meant for the last one is dropped. */
export const withPolicy = (ranges: readonly Range[], i: number, policy: PolicyName): Range[] =>
  ranges.map((range, j) => (j === i ? { from: range.from, to: range.to, policy } : range));

/** Range i with this many layers a segment or between snapshots; 0: as the policy has it. */
export const withEvery = (ranges: readonly Range[], i: number, every: number): Range[] =>
  ranges.map(({ every: _, ...range }, j) => {
    const kept = j === i ? every : (ranges[j]?.every ?? 0);
    return kept > 0 ? { ...range, every: kept } : range;
  });

/** Whether they cover these layers with policies that are allowed: a choice made for another model or method doesn't travel. */
export function fits(ranges: readonly Range[], from: number, to: number, allowed: (policy: PolicyName) => boolean): boolean {
  let next = from;
  for (const range of ranges) {
    if (range.from !== next || range.to <= range.from || !allowed(range.policy)) return false;
    next = range.to;
  }
  return next === to;
}
