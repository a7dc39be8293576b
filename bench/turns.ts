// Steps of several engines, timed by turns. A device's speed drifts by half within minutes and a lucky turn says nothing, so ratios are taken within
// each turn, and the median of all turns counts.

import type { Batch } from '../src/data/batches.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { median as middle } from '../src/protocol/median.ts';
import type { TestEngine } from '../test/testing.ts';

/** Milliseconds of a step by engine and turn, after a turn that warms up. */
export async function stepTimes(engines: readonly TestEngine[], batch: Batch, turns: number): Promise<number[][]> {
  const times: number[][] = engines.map(() => []);
  for (let turn = 0; turn <= turns; turn++) {
    for (const [i, { trainer }] of engines.entries()) {
      const begin = performance.now();
      await trainer.step(turn, [batch]);
      if (turn > 0) times[i]?.push(performance.now() - begin);
    }
  }
  return times;
}

export const median = (values: readonly number[]): number => middle(values) ?? 0;

/** How much longer one took than the other in the same turn. */
export const ratio = (times: readonly number[], of: readonly number[]): number =>
  median(times.map((ms, turn) => ms / (of[turn] as number)));

/** Batch and length of a step, from an argument such as `16x128`, or those that are usual. Error `usage`. */
export function stepSize(of: readonly string[], usual: readonly [number, number]): readonly [number, number] {
  const [asked, ...more] = of;
  if (asked === undefined) return usual;
  const [, B, T] = /^([1-9]\d*)x([1-9]\d*)$/.exec(asked) ?? [];
  if (B !== undefined && T !== undefined && more.length === 0) return [Number(B), Number(T)];
  throw new RetraceError({
    code: 'usage',
    message: `'${of.join(' ')}' is no size of a step.`,
    remedy: `Give batch and length, such as ${usual.join('x')}, or nothing.`,
  });
}
