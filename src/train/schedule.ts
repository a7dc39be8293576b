// Learning-rate schedules by name, as factors on the peak rate by step; the same numbers as Transformers' get_scheduler.

import type { SchedulerName } from '../protocol/config.ts';

/** Optimizer steps of warm-up for a ratio, as TrainingArguments rounds it. */
export const warmupSteps = (max_steps: number, warmup_ratio: number): number => Math.ceil(max_steps * warmup_ratio);

/** Factor after the warm-up, from the steps that are `left` of the `of` behind it. */
const afterWarmup: Readonly<Record<SchedulerName, (left: number, of: number) => number>> = {
  linear: (left, of) => Math.max(0, left / of),
  cosine: (left, of) => Math.max(0, 0.5 * (1 + Math.cos(Math.PI * ((of - left) / of)))),
  constant_with_warmup: () => 1,
};

/** Factor at optimizer step `step` (from 0): up from 0 over the warm-up, then as the schedule says, to max_steps. */
export function scheduleFactor(name: SchedulerName, step: number, max_steps: number, warmup: number): number {
  if (step < warmup) return step / Math.max(1, warmup);
  return afterWarmup[name](max_steps - step, Math.max(1, max_steps - warmup));
}
