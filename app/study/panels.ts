// The points of the study as panels of lines: (IA)³ and LoRA each over its own c, the MEFT methods together over λ and over β. Pure.

import type { StudyPoint, StudyReport, StudySeries } from '../../src/protocol/study.ts';

export interface Line {
  readonly name: string;
  /** One for each value of the panel. */
  readonly points: readonly (StudyPoint | undefined)[];
}

export interface Panel {
  readonly over: string;
  /** Ascending. */
  readonly values: readonly number[];
  readonly lines: readonly Line[];
}

/** The series of a report, or, while it is being made, of the points so far. */
export function seriesOf(
  report: StudyReport | undefined,
  points: readonly StudyPoint[],
): Pick<StudySeries, 'name' | 'title' | 'over' | 'points'>[] {
  if (report !== undefined) return [...report.series];
  const names = [...new Set(points.map(({ series }) => series))];
  return names.map((name) => ({
    name,
    title: name,
    over: name.endsWith('beta') ? 'β' : name.startsWith('meft') ? 'λ' : 'c',
    points: points.filter(({ series }) => series === name),
  }));
}

const panelOf = ({ name, over }: Pick<StudySeries, 'name' | 'over'>): string => (over === 'c' ? name : over === 'β' ? 'β' : 'λ');

export function panelsOf(series: readonly Pick<StudySeries, 'name' | 'title' | 'over' | 'points'>[]): Panel[] {
  const drawn = series.filter(({ points }) => points.length > 0);
  return [...new Set(drawn.map(panelOf))].map((panel) => {
    const own = drawn.filter((each) => panelOf(each) === panel);
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
