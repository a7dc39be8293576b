import { expect, test } from 'vitest';
import { overlaid, scoreNameOf } from './overlay.ts';

test('runs of different lengths share one axis, and what a run has not reached is a gap', () => {
  const at = (...steps: number[]) => steps.map((step) => ({ step, value: step * 10 }));
  expect(overlaid([at(1, 2, 3), at(2, 4)])).toEqual({
    steps: [1, 2, 3, 4],
    values: [
      [10, 20, 30, null],
      [null, 20, null, 40],
    ],
  });
});

test('the score that is overlaid is a score, not a loss', () => {
  const evaluation = {
    type: 'evaluate',
    step: 1,
    metrics: { loss: 1, f1: 0.5, accuracy: 0.4 },
    best: true,
    confusion: { labels: [], counts: [] },
    examples: 1,
    ms: 1,
  } as const;
  expect(scoreNameOf([{ evaluations: [] }, { evaluations: [evaluation] }])).toBe('accuracy');
});
