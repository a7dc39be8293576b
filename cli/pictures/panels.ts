// Small panels side by side, a row of them for each measure: lines over few steps of one number, on one axis a row. Logarithmic axes have a
// place for zero below their lowest decade.

import { type Colour, element, hover, label, picture, ticksTo } from './svg.ts';

export interface Line {
  /** Told in the panel where there is more than one. */
  readonly name: string;
  /** One for each of the panel's steps; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
  /** Index of the step to mark, where it has one. */
  readonly marked: number;
}

export interface Panel {
  readonly steps: readonly string[];
  readonly over: string;
}

export interface Measure {
  readonly title: string;
  readonly scale: 'log' | 'linear';
  readonly text: (value: number) => string;
  /** Lines of each panel, in the panels' order. */
  readonly lines: readonly (readonly Line[])[];
}

const width = 1000;
const margin = 20;
const axisWidth = 54;
const plotHeight = 150;
const gap = 22;
/** Above a row: its title; below: steps and what they are steps of. */
const above = 34;
const keyRow = 16;
const below = 50;
const colours: Readonly<Record<string, Colour>> = {
  one: { light: '#0072b2', dark: '#3f9fe4' },
  two: { light: '#d55e00', dark: '#f07f3c' },
  three: { light: '#a9568d', dark: '#cf83b4' },
};
const colourNames = Object.keys(colours);

interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the bottom, 1 at the top. */
  at(value: number): number;
}

function axisOf({ scale, lines }: Measure): Axis {
  const values = lines.flat().flatMap((line) => line.values.filter((value) => value !== undefined));
  if (scale === 'linear') {
    const ticks = ticksTo(Math.max(...values, 0), 4);
    const most = ticks.at(-1) ?? 1;
    return { ticks, at: (value) => value / most };
  }
  const decades = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const [low, high] = [Math.floor(Math.min(...decades, 0)), Math.ceil(Math.max(...decades, 0))];
  const zero = values.some((value) => value <= 0) ? 1 : 0;
  const span = Math.max(1, high - low + zero);
  const every = Math.ceil((high - low + 1) / 6);
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((power) => (high - power) % every === 0);
  return {
    ticks: [...(zero ? [0] : []), ...powers.map((power) => 10 ** power)],
    at: (value) => (value <= 0 ? 0 : (Math.log10(value) - low + zero) / span),
  };
}

/** One line with its points; it breaks where a value is missing. */
function lineOf({ name, values, marked }: Line, colour: string, x: (step: number) => number, y: (value: number) => number, tell: string[]) {
  const points = values.map((value, step) => (value === undefined ? undefined : { x: x(step), y: y(value), step }));
  const path = points.map((point, i) => (point ? `${points[i - 1] ? 'L' : 'M'}${point.x.toFixed(1)} ${point.y.toFixed(1)}` : '')).join('');
  return [
    element('path', { d: path, class: `s-${colour}`, 'stroke-width': 2 }),
    ...points.flatMap((point) =>
      point
        ? [
            ...(point.step === marked
              ? [element('circle', { cx: point.x, cy: point.y, r: 7, class: `s-${colour}`, 'stroke-width': 1.5 })]
              : []),
            element('circle', { cx: point.x, cy: point.y, r: 3.5, class: `f-${colour}` }, hover(`${name}: ${tell[point.step]}`)),
          ]
        : [],
    ),
  ].join('');
}

/** The picture as SVG text. */
export function drawPanels(text: { title: string; subtitle: string }, panels: readonly Panel[], measures: readonly Measure[]): string {
  const wide = (width - 2 * margin - axisWidth - gap * (panels.length - 1)) / panels.length;
  const leftOf = (column: number) => margin + axisWidth + column * (wide + gap);
  // Names of lines stand above the first row alone, one over the other.
  const key = keyRow * Math.max(0, ...(measures[0]?.lines ?? []).map(({ length }) => length));
  const drawn = measures.flatMap((measure, row) => {
    const top = 70 + above + key + row * (plotHeight + above + below);
    const axis = axisOf(measure);
    const y = (value: number) => top + plotHeight * (1 - axis.at(value));
    const titles = [label(measure.title, { x: margin, y: top - 16 - (row === 0 ? key : 0), class: 'f-ink' })];
    const cells = panels.flatMap((panel, column) => {
      const left = leftOf(column);
      const inset = 14;
      const x = (step: number) => left + inset + (step * (wide - 2 * inset)) / Math.max(1, panel.steps.length - 1);
      const lines = measure.lines[column] ?? [];
      const told = (line: Line) =>
        line.values.map((value, i) => `${panel.over} = ${panel.steps[i]}: ${value === undefined ? '–' : measure.text(value)}`);
      return [
        ...axis.ticks.flatMap((tick) => [
          element('line', { x1: left, x2: left + wide, y1: y(tick), y2: y(tick), class: 's-line' }),
          ...(column === 0 ? [label(measure.text(tick), { x: left - 8, y: y(tick) + 4, class: 'f-muted end' })] : []),
        ]),
        ...panel.steps.map((step, i) => label(step, { x: x(i), y: top + plotHeight + 20, class: 'f-muted middle' })),
        label(panel.over, { x: left + wide / 2, y: top + plotHeight + 37, class: 'f-muted middle' }),
        ...(row === 0
          ? lines.map((line, i) =>
              label(line.name, {
                x: left,
                y: top - 10 - keyRow * (lines.length - 1 - i),
                class: `f-${colourNames[i % colourNames.length]}`,
              }),
            )
          : []),
        ...lines.map((line, i) => lineOf(line, colourNames[i % colourNames.length] as string, x, y, told(line))),
      ];
    });
    return [...cells, ...titles];
  });
  const height = 70 + key + measures.length * (plotHeight + above + below);
  return picture(
    { width, height },
    { title: text.title, description: text.subtitle },
    colours,
    label(text.title, { x: margin, y: 28, class: 'f-ink title' }),
    label(text.subtitle, { x: margin, y: 48, class: 'f-muted' }),
    ...drawn,
  );
}
