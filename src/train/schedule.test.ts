import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SchedulerName } from '../protocol/config.ts';
import { scheduleFactor, warmupSteps } from './schedule.ts';

interface Recorded {
  readonly lr_scheduler_type: SchedulerName;
  readonly max_steps: number;
  readonly warmup_steps: number;
  readonly factors: readonly number[];
}

const file = new URL('../../python/vectors/optimizers/expected.json', import.meta.url);
const { schedules } = JSON.parse(readFileSync(file, 'utf8')) as { schedules: Recorded[] };

test.each(schedules)(
  '$lr_scheduler_type over $max_steps steps with $warmup_steps of warm-up has the factors of Transformers',
  ({ lr_scheduler_type, max_steps, warmup_steps, factors }) => {
    expect(factors.map((_, step) => scheduleFactor(lr_scheduler_type, step, max_steps, warmup_steps))).toEqual(factors);
  },
);

test('a share of the steps is rounded up to steps of warm-up, as TrainingArguments rounds it', () => {
  expect([warmupSteps(200, 0.06), warmupSteps(10, 0.01), warmupSteps(10, 0)]).toEqual([12, 1, 0]);
});
