// The setup that a memory budget chooses, in place of the one that a configuration says; what is reported of it, and the error where nothing fits. Not here: the
// search (src/train/budget.ts). Invariant: a configuration whose budget has chosen is planned as it stands, so that a resumed run keeps its plan.

import type { Plan } from '../../plan/plan.ts';
import { type DeviceRates, stepTimes, typicalRates } from '../../plan/time.ts';
import { type BudgetPlan, type BudgetReport, type RatesOf, settingsOf } from '../../protocol/budget.ts';
import type { MemorySettings } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { longestOf } from '../../protocol/lengths.ts';
import type { PlanReport } from '../../protocol/messages.ts';
import { type Candidate, chooseWithin } from '../../train/budget.ts';
import { type ProgramSetup, programName } from '../../train/programs.ts';
import { remediesFor } from './remedies.ts';

/** How fast a device is, and whether that was measured on it; what it can bind. */
export interface KnownDevice {
  readonly rates: DeviceRates;
  readonly of: RatesOf;
  readonly largest_binding?: number;
}

/** Where no device is at hand. */
export const typicalDevice: KnownDevice = { rates: typicalRates, of: 'typical processor' };

/** Whether the budget of these settings has yet to choose. */
export const hasToChoose = ({ memory_budget, budget_chooses }: MemorySettings): boolean =>
  memory_budget !== undefined && budget_chooses !== undefined;

export interface Settled {
  readonly setup: ProgramSetup;
  /** The settings that say so. */
  readonly memory: MemorySettings;
  /** Where a budget has chosen. */
  readonly budget?: BudgetReport;
}

function planOf({ ranges, granularity, micro_batch_size, total, activation_and_workspace, dispatches, ms }: Candidate): BudgetPlan {
  return { ranges, granularity, micro_batch_size, total, activation_and_workspace, dispatches, ms };
}

/**
 * What a budget chooses, where it has yet to; `setup` has been made of `memory` as it stands. Error: `budget-too-small`, with the smallest plan and what would
 * help.
 */
export function settle(memory: MemorySettings, setup: ProgramSetup, { rates, largest_binding }: KnownDevice = typicalDevice): Settled {
  if (!hasToChoose(memory)) return { setup, memory };
  const { memory_budget: budget = 0, budget_chooses: open = [], ranges } = memory;
  const choice = chooseWithin({
    ...{ budget, setup, rates, largest_binding, checkpoint_every: memory.checkpoint_every, snapshot_every: memory.snapshot_every },
    free: {
      policy: open.includes('policy') && ranges === undefined,
      checkpoint_every: open.includes('checkpoint_every'),
      granularity: memory.granularity === undefined,
      micro_batch_size: memory.micro_batch_size === undefined,
    },
  });
  const { chosen, half, twice, smallest, fastest, plans } = choice;
  if (!chosen) {
    throw new RetraceError({
      code: 'budget-too-small',
      message: `No plan of ${setup.method.title} fits in ${budget} bytes: the smallest of ${plans} takes ${smallest.total}, ${smallest.total - budget} too many.`,
      where: 'memory_budget',
      remedy: `Allow at least ${smallest.total} bytes. ${remediesFor(smallest.setup, smallest.total)}`,
    });
  }
  return {
    setup: chosen.setup,
    memory: settingsOf(planOf(chosen), memory),
    budget: {
      ...{ budget, chosen: planOf(chosen), fastest: planOf(fastest), plans },
      ...(half ? { half: planOf(half) } : {}),
      ...(twice ? { twice: planOf(twice) } : {}),
    },
  };
}

/** Predicts steps of a plan's programs by the padded lengths of their batches. */
export function stepPredictor(plan: Plan, { rates }: KnownDevice): (batches: readonly { readonly length: number }[]) => number {
  const times = stepTimes(plan, rates);
  return (batches) => times(batches.map(({ length }) => programName('training', length)));
}

/** The slices of a step of the longest texts. */
const slicesOf = ({ batch_size, step_batch_size, rows_per_example = 1, buckets }: ProgramSetup): { length: number }[] => {
  const micro = batch_size / rows_per_example;
  return new Array<{ length: number }>(Math.ceil((step_batch_size ?? micro) / micro)).fill({ length: longestOf(buckets) });
};

/** What a plan's report says of the budget and of the time of a step, where the device is known. */
export const budgetReport = (
  { setup, budget }: Settled,
  plan: Plan,
  known: KnownDevice | undefined,
): Pick<PlanReport, 'predicted' | 'budget'> => ({
  ...(known && setup.purposes.includes('training')
    ? { predicted: { ms: stepPredictor(plan, known)(slicesOf(setup)), rates: known.of } }
    : {}),
  ...(budget ? { budget } : {}),
});
