// A budget of bytes on the wire: which settings it may choose, what it has chosen, and what half and twice as much would give. Not here: how it chooses
// (src/train/budget.ts). Invariant: what is chosen was planned, and its bytes are those that are allocated.

import { median } from './median.ts';
import type { GranularityName, PolicyName } from './options/memory.ts';

/** Settings of memory that always have a value: only who makes a configuration knows which of them nobody chose. The others are chosen where they are left out. */
export const leftToBudget = ['policy', 'checkpoint_every'] as const;

/** Layers [from, to) under a policy. */
export interface ChosenRange {
  readonly from: number;
  readonly to: number;
  readonly policy: PolicyName;
  readonly every?: number | undefined;
}

/** The settings of memory that a budget may choose. */
export interface ChosenSettings {
  readonly policy: PolicyName;
  readonly checkpoint_every: number;
  readonly ranges?: ChosenRange[] | undefined;
  readonly granularity?: GranularityName | undefined;
  readonly micro_batch_size?: number | undefined;
}

/** A plan that a budget may choose. */
export interface BudgetPlan {
  readonly ranges: readonly ChosenRange[];
  readonly granularity: GranularityName;
  readonly micro_batch_size: number;
  /** Bytes of all buffers. */
  readonly total: number;
  readonly activation_and_workspace: number;
  readonly dispatches: number;
  /** Predicted, of a step of the longest texts. */
  readonly ms: number;
}

/** Settings of memory that a choice stands for, in place of those that `memory` left to the budget. */
export function settingsOf<T extends ChosenSettings & { readonly budget_chooses?: unknown }>(
  { ranges, granularity, micro_batch_size }: BudgetPlan,
  memory: T,
): Omit<T, 'budget_chooses' | 'ranges'> & ChosenSettings {
  const { budget_chooses: _, ranges: given, ...rest } = memory;
  const [first] = ranges;
  return {
    ...rest,
    policy: first?.policy ?? memory.policy,
    checkpoint_every: (first?.policy === 'checkpoint' ? first.every : undefined) ?? memory.checkpoint_every,
    ...(ranges.length > 1 || given !== undefined ? { ranges: [...ranges] } : {}),
    ...{ granularity, micro_batch_size },
  };
}

/** What a training step of the longest texts takes at a granularity. */
export type GranularityPrice = Pick<BudgetPlan, 'granularity' | 'dispatches' | 'activation_and_workspace'> & {
  readonly predicted_ms?: number;
};

export interface BudgetReport {
  /** Bytes. */
  readonly budget: number;
  readonly chosen: BudgetPlan;
  /** What half of it and twice as much would give; left out: nothing fits. */
  readonly half?: BudgetPlan;
  readonly twice?: BudgetPlan;
  /** The fastest of all plans that were made, whatever it takes. */
  readonly fastest: BudgetPlan;
  readonly plans: number;
}

/** Whose rates a prediction goes by: those measured on the device at hand, or a typical processor's. */
export type RatesOf = 'device' | 'typical processor';

/** `layers 0-8 reversible, 8-12 stored`, or `reversible`. */
export function rangesText(ranges: readonly ChosenRange[]): string {
  const policyText = ({ policy, every }: ChosenRange) =>
    policy === 'checkpoint' && every !== undefined && every > 1 ? `${policy} every ${every}` : policy;
  const [first] = ranges;
  if (first !== undefined && ranges.length === 1) return policyText(first);
  return `layers ${ranges.map((range) => `${range.from}-${range.to} ${policyText(range)}`).join(', ')}`;
}

/** `reversible, fast, micro-batches of 4`. */
export const choiceText = ({ ranges, granularity, micro_batch_size }: BudgetPlan, batch: number): string =>
  [rangesText(ranges), granularity, ...(micro_batch_size < batch ? [`micro-batches of ${micro_batch_size}`] : [])].join(', ');

/** `412 ms`, `1.25 s`. */
export const timeText = (ms: number): string => (ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`);

/** Milliseconds that a step took, and those that it was predicted to take. */
export interface TimedStep {
  readonly ms: number;
  readonly predicted_ms: number;
}

/** What steps took beside their predictions: medians, and the two as a sentence. */
export function comparedTimes(steps: readonly TimedStep[]): {
  readonly measured: number;
  readonly predicted: number;
  readonly text: string;
} {
  const measured = median(steps.map(({ ms }) => ms)) ?? 0;
  // Of the predictions the one that goes with it: steps are compared each with its own.
  const predicted = measured * (median(steps.map(({ ms, predicted_ms }) => predicted_ms / ms)) ?? 0);
  const error = predicted / measured - 1;
  const off = `${(100 * Math.abs(error)).toFixed(1)} % ${error < 0 ? 'less' : 'more'}`;
  return { measured, predicted, text: `a step takes ${timeText(measured)}; ${timeText(predicted)} were predicted, ${off}` };
}
