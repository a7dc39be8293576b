import { expect, test } from 'vitest';
import type { StudyPoint, StudySeriesName } from '../../src/protocol/study.ts';
import { panelsOf, seriesOf, valueText } from './panels.ts';

const point = (series: StudySeriesName, value: number): StudyPoint => ({ series, value, own_start: value === 1, options: {} });

test('the MEFT methods share a panel for each number; LoRA and (IA)³, whose c differ in kind, do not', () => {
  const points = [point('lora', 0), point('ia3', 1), point('meft1-lambda', 1), point('meft3', 0.5), point('meft1-beta', 1)];
  const panels = panelsOf(seriesOf(undefined, points));
  expect(panels.map(({ lines }) => lines.map(({ name }) => name))).toEqual([['lora'], ['ia3'], ['meft1-lambda', 'meft3'], ['meft1-beta']]);
  const [, , lambda] = panels;
  expect(lambda?.values).toEqual([0.5, 1]);
  expect(lambda?.lines.map(({ points: own }) => own.map((each) => each?.value))).toEqual([
    [undefined, 1],
    [0.5, undefined],
  ]);
});

test('powers of two below one are said as fractions', () => {
  expect([1 / 32, 0.125, 0.1, 0, 1, 2].map(valueText)).toEqual(['1/32', '1/8', '0.1', '0', '1', '2']);
});
