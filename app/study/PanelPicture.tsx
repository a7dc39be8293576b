// Panels side by side on one axis: lines over the few values of one number. A logarithmic axis has a place for zero below its lowest decade.

import type { StudyPoint } from '../../src/protocol/study.ts';
import { type StudyPanel, valueText } from '../../src/protocol/study_panels.ts';
import { ticksOf } from '../ui/ticks.ts';
import { useWidth } from '../ui/use_width.ts';

interface PanelPictureProps {
  panels: readonly StudyPanel[];
  scale: 'log' | 'linear';
  text(value: number): string;
  of(point: StudyPoint): number | undefined;
}

interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the bottom, 1 at the top. */
  at(value: number): number;
}

function axisOf(values: readonly number[], scale: PanelPictureProps['scale']): Axis {
  if (scale === 'linear') {
    const most = Math.max(...values, 1e-9);
    return { ticks: ticksOf(most), at: (value) => value / most };
  }
  const powers = values.filter((value) => value > 0).map(Math.log10);
  const from = Math.floor(Math.min(...powers, 0));
  const to = Math.max(from + 1, Math.ceil(Math.max(...powers, 0)));
  const zero = values.some((value) => value <= 0);
  const bottom = zero ? from - 1 : from;
  const every = Math.max(1, Math.ceil((to - from) / 5));
  const ticks = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => 10 ** (to - i * every));
  return {
    ticks: zero ? [...ticks, 0] : ticks,
    at: (value) => (value <= 0 ? 0 : (Math.log10(value) - bottom) / (to - bottom)),
  };
}

const HEIGHT = 210;
const LEFT = 52;
const TOP = 12;
const BOTTOM = 40;

export function PanelPicture({ panels, ...measure }: PanelPictureProps) {
  const all = panels.flatMap(({ lines }) =>
    lines.flatMap(({ points }) => points.flatMap((point) => (point === undefined ? [] : (measure.of(point) ?? [])))),
  );
  const axis = axisOf(all, measure.scale);
  return (
    <div className="panels">
      {panels.map((panel) => (
        <PanelChart key={panel.lines.map(({ name }) => name).join()} panel={panel} axis={axis} {...measure} />
      ))}
    </div>
  );
}

function PanelChart({
  panel: { over, values, lines },
  axis,
  text,
  of,
}: Omit<PanelPictureProps, 'panels'> & { panel: StudyPanel; axis: Axis }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const x = (i: number) => LEFT + ((i + 0.5) / values.length) * Math.max(0, width - LEFT);
  const y = (value: number) => TOP + (1 - axis.at(value)) * (HEIGHT - TOP - BOTTOM);
  const label = `${lines.map(({ name }) => name).join(', ')} over ${over}; see the table for numbers.`;
  return (
    <div ref={ref} className="panel">
      <ul className="legend">
        {lines.map(({ name }, i) => (
          <li key={name}>
            <span className="swatch swatch-series" style={{ background: `var(--series-${i + 1})` }} /> {name}
          </li>
        ))}
      </ul>
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {axis.ticks.map((tick) => (
          <g key={tick}>
            <line className="grid" x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text className="tick" x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {text(tick)}
            </text>
          </g>
        ))}
        {values.map((value, i) => (
          <text className="tick" key={value} x={x(i)} y={HEIGHT - 22} textAnchor="middle">
            {valueText(value)}
          </text>
        ))}
        <text className="tick" x={(LEFT + width) / 2} y={HEIGHT - 5} textAnchor="middle">
          {over}
        </text>
        {lines.map(({ name, points }, line) => {
          const drawn = points.flatMap((point, i) => {
            const value = point === undefined ? undefined : of(point);
            return point === undefined || value === undefined ? [] : [{ point, value, i }];
          });
          const colour = `var(--series-${line + 1})`;
          return (
            <g key={name}>
              <path
                className="panel-line"
                style={{ stroke: colour }}
                d={drawn.map(({ value, i }, at) => `${at === 0 ? 'M' : 'L'}${x(i)},${y(value)}`).join('')}
              />
              {drawn.map(({ point, value, i }) => (
                <circle className="panel-point" key={i} cx={x(i)} cy={y(value)} r={4} style={{ fill: colour }}>
                  <title>{`${name}, ${over} = ${valueText(point.value)}: ${text(value)}`}</title>
                </circle>
              ))}
              {drawn
                .filter(({ point }) => point.own_start)
                .map(({ value, i }) => (
                  <circle className="panel-ring" key={i} cx={x(i)} cy={y(value)} r={7.5} style={{ stroke: colour }} />
                ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
