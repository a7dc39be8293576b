// Curves over steps, drawn by uPlot on a canvas. Colours come from the style sheet. The numbers are in the table of the figure around it.

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { number } from './format.ts';
import { useWidth } from './use_width.ts';

export interface Curve {
  readonly name: string;
  /** A custom property of the style sheet, such as `--accent`. */
  readonly colour: string;
  readonly look: 'faint' | 'line' | 'points';
  readonly dashed?: boolean;
  readonly values: readonly (number | null)[];
}

interface LineChartProps {
  label: string;
  steps: readonly number[];
  curves: readonly Curve[];
  height: number;
  /** Changes when the colours do. */
  theme: string;
  /** Charts whose cursors move together. */
  group?: string;
  /** Values are scores, of which 1 is the best there is. */
  scores?: boolean;
}

/** From the tenth below the least score to a little above 1, so that a point at 1 is not cut off. */
const scoreRange = (_: uPlot, least: number): uPlot.Range.MinMax => {
  const from = Math.floor(least * 10 - 0.01) / 10;
  return [from, 1 + (1 - from) / 20];
};
/** With a single step the axis begins at 0, so that the point is drawn at its right end. */
const stepRange = ({ data: [steps] }: uPlot): uPlot.Range.MinMax => {
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 0];
  return [first === last ? 0 : first, Math.max(last, 1)];
};

/** Distances of ticks: a step is whole. */
const WHOLE = [1, 2, 5].flatMap((first) => Array.from({ length: 7 }, (_, power) => first * 10 ** power)).sort((a, b) => a - b);

/** Ticks of one axis are written alike: no exponents beside plain numbers. */
const tickTexts = (ticks: readonly number[]): string[] => {
  const largest = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0);
  return ticks.map((tick) => (largest >= 1e-3 && largest < 1e6 ? String(Number(tick.toPrecision(4))) : number(tick)));
};

const property = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function seriesOf({ name, colour, look, dashed = false }: Curve): uPlot.Series {
  const stroke = property(colour);
  const dash = dashed ? { dash: [6, 4] } : {};
  const value = (_: uPlot, raw: number | null) => (raw === null ? '–' : number(raw));
  if (look === 'points')
    return { label: name, stroke, width: 1.5, spanGaps: true, points: { show: true, size: 7, fill: stroke }, value, ...dash };
  return {
    label: name,
    stroke,
    width: look === 'line' ? 2 : 1,
    alpha: look === 'line' ? 1 : 0.4,
    // A line needs two points; a single one is drawn as a dot.
    points: { show: ({ data: [steps] }) => steps.length < 2, size: 7, fill: stroke },
    spanGaps: true,
    value,
    ...dash,
  };
}

/** A chart, or its place until there is something to draw: making three canvases at the click that starts a run would stall the page. */
export function Chart(props: LineChartProps) {
  return props.steps.length === 0 ? <div className="chart-place" style={{ height: props.height }} /> : <LineChart {...props} />;
}

function LineChart({ label, steps, curves, height, theme, group = 'run', scores = false }: LineChartProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const plot = useRef<uPlot | null>(null);
  const data = [steps, ...curves.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef({ data, curves, width });
  latest.current = { data, curves, width };
  // The chart is made anew only when what it consists of changes; numbers and sizes are handed to the one that is there.
  const makeup = `${theme} ${curves.map(({ name, colour, look }) => `${name} ${colour} ${look}`).join()}`;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `makeup` stands for the curves; the newest ones are read through `latest`.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const axis: uPlot.Axis = {
      stroke: property('--text-muted'),
      grid: { stroke: property('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const options: uPlot.Options = {
      width: Math.max(latest.current.width, 100),
      height,
      scales: { x: { time: false, range: stepRange }, ...(scores ? { y: { range: scoreRange } } : {}) },
      axes: [
        { ...axis, size: 24, incrs: WHOLE },
        { ...axis, size: 56, values: (_, ticks) => tickTexts(ticks) },
      ],
      series: [{ label: 'Step', value: (_, raw) => (raw === null ? '–' : String(raw)) }, ...latest.current.curves.map(seriesOf)],
      cursor: { sync: { key: group }, drag: { x: false, y: false } },
      legend: { live: true },
    };
    // In a task of its own: several charts that appear together would block the page.
    const timer = setTimeout(() => {
      options.width = Math.max(latest.current.width, 100);
      plot.current = new uPlot(options, latest.current.data, element);
    });
    return () => {
      clearTimeout(timer);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [makeup, height, group, scores, frame]);

  useEffect(() => plot.current?.setData(data));
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  return <div ref={frame} className="line-chart" role="img" aria-label={label} />;
}
