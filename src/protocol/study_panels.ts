// The series of a study as panels of lines, which page and command line draw: those that move the same kind of number lie on one axis. Pure.

import type { StudyPoint, StudySeries } from './study.ts';

export interface StudyLine {
  readonly name: string;
  /** One for each value of the panel. */
  readonly points: readonly (StudyPoint | undefined)[];
}

export interface StudyPanel {
  readonly over: string;
  /** Ascending. */
  readonly values: readonly number[];
  readonly lines: readonly StudyLine[];
}

export function panelsOf(series: readonly StudySeries[]): StudyPanel[] {
  const drawn = series.filter(({ points }) => points.length > 0);
  return [...new Set(drawn.map(({ panel }) => panel))].map((name) => {
    const own = drawn.filter(({ panel }) => panel === name);
    const values = [...new Set(own.flatMap(({ points }) => points.map(({ value }) => value)))].sort((a, b) => a - b);
    return {
      over: [...new Set(own.map(({ over }) => over))].join(' or '),
      values,
      lines: own.map(({ title, points }) => ({
        name: title,
        points: values.map((value) => points.find((point) => point.value === value)),
      })),
    };
  });
}

/** 1/8 for 0.125, as λ and β are said. */
export const valueText = (value: number): string =>
  value > 0 && value < 1 && Number.isInteger(Math.log2(value)) ? `1/${1 / value}` : String(value);
