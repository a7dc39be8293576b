import { expect, test } from 'vitest';
import { taskNamed, tasks } from './registry.ts';

test('a written text that is the target but for its outer white space counts, and nothing else does', () => {
  const task = taskNamed('sequence_to_sequence');
  expect(task.scoreWritten?.([' a b\n', 'A b', 'a  b', ''], ['a b', 'a b', 'a b', 'a b'])).toEqual({ exact_match: 1 / 4 });
  expect(task.metric_for_best_model).toBe('perplexity');
});

test('what is measured of written texts is a metric of the task, with a title', () => {
  const measured = tasks.filter(({ scoreWritten }) => scoreWritten !== undefined);
  expect(measured.length).toBeGreaterThan(0);
  for (const { metrics, scoreWritten } of measured)
    expect(metrics.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(scoreWritten?.([], []) ?? {})));
});
