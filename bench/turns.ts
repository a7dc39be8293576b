// Steps of several engines, timed by turns: a device's speed drifts, so each has one after the other, and the fastest of each counts.

import type { TestEngine } from '../src/session/testing.ts';
import type { MicroBatch } from '../src/train/trainer.ts';

/** Milliseconds of each engine's fastest step of `turns`, after one that warms up. */
export async function fastestSteps(engines: readonly TestEngine[], batch: MicroBatch, turns: number): Promise<number[]> {
  const fastest = engines.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn <= turns; turn++) {
    for (const [i, { trainer }] of engines.entries()) {
      const begin = performance.now();
      await trainer.step(turn, [batch]);
      if (turn > 0) fastest[i] = Math.min(fastest[i] as number, performance.now() - begin);
    }
  }
  return fastest;
}
