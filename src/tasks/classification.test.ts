import { expect, test } from 'vitest';
import { accuracy, confusionMatrix, f1, matthewsCorrelation, predictionsOf } from './metrics/confusion.ts';
import { taskNamed } from './registry.ts';
import { judgedRows } from './testing.ts';

test('two classes: TP 3, FP 1, FN 2, TN 4', () => {
  const labels = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0];
  const predictions = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0];
  const confusion = confusionMatrix(predictions, labels, 2);
  expect([...confusion.counts]).toEqual([4, 1, 2, 3]);
  expect(accuracy(confusion)).toBe(0.7);
  expect(f1(confusion)).toBeCloseTo(6 / 9, 15);
  // (TP·TN - FP·FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)) = 10 / sqrt(4·5·5·6)
  expect(matthewsCorrelation(confusion)).toBeCloseTo(10 / Math.sqrt(600), 15);
});

test('three classes: macro F1 and the general Matthews correlation', () => {
  const labels = [0, 0, 0, 1, 1, 2, 2, 2];
  const predictions = [0, 0, 1, 1, 2, 2, 2, 0];
  const confusion = confusionMatrix(predictions, labels, 3);
  expect([...confusion.counts]).toEqual([2, 1, 0, 0, 1, 1, 1, 0, 2]);
  // F1: 2·2/(3+3), 2·1/(2+2), 2·2/(3+3)
  expect(f1(confusion)).toBeCloseTo((4 / 6 + 2 / 4 + 4 / 6) / 3, 15);
  // covariance 5·8 - (9 + 4 + 9) = 18; both spreads 64 - 22 = 42
  expect(matthewsCorrelation(confusion)).toBeCloseTo(18 / 42, 15);
});

test('nothing over nothing is 0, and a class that occurs nowhere does not count in the mean', () => {
  expect(f1(confusionMatrix([0, 0], [0, 0], 2))).toBe(0);
  expect(matthewsCorrelation(confusionMatrix([0, 0], [0, 1], 2))).toBe(0);
  expect([accuracy, f1, matthewsCorrelation].map((metric) => metric(confusionMatrix([], [], 3)))).toEqual([0, 0, 0]);
  expect(f1(confusionMatrix([0, 1, 0], [0, 1, 1], 5))).toBeCloseTo((2 / 3 + 2 / 3) / 2, 15);
  // Class 2 is predicted but never true: it counts, with 0.
  expect(f1(confusionMatrix([0, 1, 2], [0, 1, 1], 5))).toBeCloseTo((1 + 2 / 3 + 0) / 3, 15);
});

test('filler rows are not counted and the first of equal logits wins', () => {
  const predictions = predictionsOf(Float32Array.of(0, 1, 2, 5, 5, 1, -1, -2, -3), 3);
  expect([...predictions]).toEqual([2, 0, 0]);
  expect([...confusionMatrix(predictions, [2, 1, -100], 3).counts]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 1]);
});

test('a task reports its metrics by their GLUE names and one of them chooses the best', () => {
  const task = taskNamed('classification');
  const { metrics, confusion } = task.score(judgedRows(Float32Array.of(1, 0, 0, 1), [0, 1]), ['no', 'yes']);
  expect(metrics).toEqual({ accuracy: 1, f1: 1, matthews_correlation: 1, loss: expect.closeTo(Math.log(1 + Math.exp(-1)), 6) });
  expect(confusion).toEqual({
    labels: ['no', 'yes'],
    counts: [
      [1, 0],
      [0, 1],
    ],
  });
  expect(Object.keys(metrics)).toEqual([...task.metrics.map(({ name }) => name), 'loss']);
  expect(metrics).toHaveProperty(task.metric_for_best_model);
  expect(() => taskNamed('poetry')).toThrow(
    expect.objectContaining({ code: 'unknown-task', remedy: expect.stringContaining('classification') }),
  );
});
