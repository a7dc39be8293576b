import { expect, test } from 'vitest';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { paceOf, predictedMs } from './pace.ts';

test('a device that ran half-full steps is predicted to need as long again for steps as full', () => {
  const plan = { flops: 6000, batch: 4, length: 10 } as PlanReport;
  const step = (ms: number) => ({ tokens: 20, ms });
  const steps = [step(900), step(700), step(3), step(3), step(3)] as never;
  const pace = paceOf([{ name: '', phase: 'finished', progress: {}, evaluations: [], plan, steps }]);
  expect(pace).toEqual({ rate: 1000, tokens: 5, runs: 1 });
  expect(predictedMs(plan, pace)).toBeCloseTo(3);
  expect(predictedMs({ ...plan, length: 4, flops: 2400 }, pace)).toBeCloseTo(2.4);
  expect(paceOf([])).toBeUndefined();
});
