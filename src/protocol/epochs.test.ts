import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { planEpoch } from '../data/batches.ts';
import { scheduleFactor, warmupSteps } from '../train/schedule.ts';
import { placeOf, stepsOf } from './epochs.ts';

interface Recorded {
  readonly examples: number;
  readonly batch_size: number;
  readonly gradient_accumulation_steps: number;
  readonly max_steps: number;
  readonly epochs: number;
  readonly steps: readonly { readonly batches: readonly number[]; readonly epoch: number; readonly learning_rate: number }[];
}

const file = new URL('../../python/vectors/epochs/expected.json', import.meta.url);
const { cases, warmup_ratio } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Recorded[]; warmup_ratio: number };

describe('steps and epochs are those of Transformers’ Trainer', () => {
  test.each(cases)(
    '$examples examples, batches of $batch_size, $gradient_accumulation_steps to a step, $max_steps steps or $epochs epochs',
    ({ examples, steps: expected, ...training }) => {
      const max_steps = stepsOf(training, examples);
      const epoch = (number: number) =>
        planEpoch({
          lengths: new Uint32Array(examples).fill(3),
          batchSize: training.batch_size,
          seed: 1,
          epoch: number,
          groupByLength: true,
        });
      const found = Array.from({ length: max_steps }, (_, step) => {
        const { epoch: number, from, to, passes } = placeOf(step, training, examples);
        const batches = epoch(number).slice(from, to);
        const learning_rate = scheduleFactor('linear', step, max_steps, warmupSteps(max_steps, warmup_ratio));
        return { batches: batches.map(({ length }) => length), epoch: passes, learning_rate };
      });
      expect(found).toEqual(expected);
      let seen = 0;
      for (const [step, { batches }] of expected.entries()) {
        seen += batches.reduce((sum, size) => sum + size, 0);
        expect(placeOf(step, training, examples).seen).toBe(seen);
      }
    },
  );

  test('every case that is recorded trains, some end in the middle of an epoch, and some steps are short', () => {
    expect(cases.length).toBeGreaterThan(40);
    expect(cases.every(({ steps }) => steps.length > 0)).toBe(true);
    expect(cases.some(({ steps }) => !Number.isInteger(steps.at(-1)?.epoch))).toBe(true);
    expect(
      cases.some(({ steps, gradient_accumulation_steps }) => steps.some(({ batches }) => batches.length < gradient_accumulation_steps)),
    ).toBe(true);
    expect(cases.some(({ examples, batch_size }) => batch_size > examples)).toBe(true);
  });
});

test('each epoch takes every example once, whatever is accumulated', () => {
  const [examples, training] = [10, { batch_size: 3, gradient_accumulation_steps: 3 }];
  const taken = Array.from({ length: stepsOf({ ...training, max_steps: -1, epochs: 2 }, examples) }, (_, step) =>
    placeOf(step, training, examples),
  );
  expect(taken.map(({ epoch, from, to }) => [epoch, from, to])).toEqual([
    [0, 0, 3],
    [0, 3, 4],
    [1, 0, 3],
    [1, 3, 4],
  ]);
});

test('a run of no steps is one: its starting point is what is asked for', () => {
  expect(stepsOf({ batch_size: 2, gradient_accumulation_steps: 1, max_steps: 0, epochs: 3 }, 10)).toBe(0);
});
