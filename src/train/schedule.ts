// Learning-rate schedules by step, as factors on the peak rate; the same numbers as Transformers' get_linear_schedule_with_warmup.

/** Optimizer steps of warm-up for a ratio, as TrainingArguments rounds it. */
export const warmupSteps = (max_steps: number, warmup_ratio: number): number => Math.ceil(max_steps * warmup_ratio);

/** Factor at optimizer step `step` (from 0): up from 0 over the warm-up, then down to 0 at max_steps. */
export function linearSchedule(step: number, max_steps: number, warmup: number): number {
  if (step < warmup) return step / Math.max(1, warmup);
  return Math.max(0, (max_steps - step) / Math.max(1, max_steps - warmup));
}
