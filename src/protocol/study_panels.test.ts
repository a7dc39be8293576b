import { expect, test } from 'vitest';
import type { StudyPoint, StudySeries, StudySeriesName } from './study.ts';
import { panelsOf, valueText } from './study_panels.ts';

const series = (name: StudySeriesName, panel: string, ...values: number[]): StudySeries => ({
  ...{ name, method: 'meft1', title: name, over: 'c', panel },
  points: values.map((value): StudyPoint => ({ series: name, value, own_start: false, options: {} })),
});

test('series of one panel share its values, each with a gap where it has no point; a series without points has no panel', () => {
  const [first, second, ...others] = panelsOf([
    series('lora', 'lora', 0),
    series('meft1-lambda', 'lambda', 1),
    series('meft3', 'lambda', 0.5),
    series('ia3', 'ia3'),
  ]);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ values: [0], lines: [{ name: 'lora' }] });
  expect(second?.values).toEqual([0.5, 1]);
  expect(second?.lines.map(({ points }) => points.map((each) => each?.value))).toEqual([
    [undefined, 1],
    [0.5, undefined],
  ]);
});

test('powers of two below one are said as fractions', () => {
  expect([1 / 32, 0.125, 0.1, 0, 1, 2].map(valueText)).toEqual(['1/32', '1/8', '0.1', '0', '1', '2']);
});
