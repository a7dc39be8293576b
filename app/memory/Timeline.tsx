// Live bytes through one step: the chosen plan as an area (what is kept for the backward pass below, what comes and goes above), the others as
// lines over it. The cursor follows the mouse and the arrow keys and says what happens at its moment.

import { useMemo, useState } from 'react';
import type { Catalogue } from '../../src/protocol/cards.ts';
import type { PlanReport, TimelineMoment } from '../../src/protocol/messages.ts';
import { bytes } from '../ui/format.ts';
import { ticksOf } from '../ui/ticks.ts';
import { useWidth } from '../ui/use_width.ts';
import { type Axis, axisOf, shortSection, story, titleOf } from './plans.ts';

const HEIGHT = 190;
const LEFT = 56;
const TOP = 20;
const BOTTOM = 22;

interface TimelineProps {
  plans: readonly PlanReport[];
  catalogue: Catalogue | undefined;
}

export function Timeline({ plans, catalogue }: TimelineProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState<number | undefined>(undefined);
  const axis = useMemo(() => axisOf(plans), [plans]);
  const [chosen] = plans;
  const last = axis.names.length - 1;
  if (chosen === undefined || last < 0) return null;
  const at = cursor === undefined ? undefined : Math.min(cursor, last);
  const most = Math.max(1, ...axis.rows.flatMap((row) => row.map((moment) => moment?.live ?? 0)));
  const x = (i: number) => LEFT + (i / axis.names.length) * (width - LEFT);
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const own = axis.rows[0] ?? [];
  const text = at === undefined ? '' : momentText(axis, plans, catalogue, at);
  return (
    <div ref={ref} className="timeline">
      <div
        className="timeline-cursor"
        role="slider"
        tabIndex={0}
        aria-label="Moment of a training step"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at ?? 0}
        aria-valuetext={text || 'Use the arrow keys to walk through the step'}
        onPointerMove={({ nativeEvent }) =>
          setCursor(clamp(Math.floor(((nativeEvent.offsetX - LEFT) / (width - LEFT)) * (last + 1)), last))
        }
        onPointerLeave={() => setCursor(undefined)}
        onKeyDown={(event) => {
          const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -last, End: last }[event.key];
          if (move === undefined) return;
          event.preventDefault();
          setCursor(clamp((at ?? (move > 0 ? -1 : 1)) + move, last));
        }}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          <Ground axis={axis} most={most} width={width} x={x} y={y} rebuilt={chosen.policy !== 'store'} />
          <path className="fill-workspace" d={area(own, x, y, 'live')} />
          <path className="fill-activation" d={area(own, x, y, 'activation')} />
          <path className="line-chosen" d={outline(own, x, y)} />
          {plans.slice(1).map((plan, i) => (
            <path className={`line-other line-${plan.method}`} key={plan.method} d={outline(axis.rows[i + 1] ?? [], x, y)} />
          ))}
          {at !== undefined && <rect className="cursor" x={x(at)} y={TOP} width={x(at + 1) - x(at)} height={HEIGHT - TOP - BOTTOM} />}
        </svg>
      </div>
      <p className="timeline-text" aria-hidden="true">
        {text || 'Point at a moment, or use the arrow keys.'}
      </p>
      <ul className="legend">
        <li>
          <span className="swatch swatch-activation" /> {titleOf(chosen, catalogue)}: kept
        </li>
        <li>
          <span className="swatch swatch-workspace" /> {chosen.policy === 'store' ? 'workspace' : 'made, then dropped'}
        </li>
        {plans.slice(1).map((plan) => (
          <li key={plan.method}>
            <span className={`swatch-line line-${plan.method}`} /> {titleOf(plan, catalogue)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const clamp = (i: number, last: number) => Math.max(0, Math.min(last, i));

interface GroundProps {
  axis: Axis;
  most: number;
  width: number;
  x(i: number): number;
  y(value: number): number;
  /** Whether the backward pass recomputes what the forward pass dropped. */
  rebuilt: boolean;
}

/** Width of a letter of the axis, at most. */
const LETTER = 6.2;

/** What a phase spans, where there is room for it: the last one may begin before its divider, so as to end at the edge. */
function SpanLabel({ text, from, to, edge }: { text: string; from: number; to: number | 'edge'; edge: number }) {
  const fits = from + text.length * LETTER <= (to === 'edge' ? edge : to);
  if (!fits && to !== 'edge') return null;
  return (
    <text className="tick" x={fits ? from : edge} textAnchor={fits ? 'start' : 'end'} y={HEIGHT - 6}>
      {text}
    </text>
  );
}

function Ground({ axis, most, width, x, y, rebuilt }: GroundProps) {
  const spanOf = (from: number, to: number) => `${shortSection(axis.names[from])} → ${shortSection(axis.names[to])}`;
  return (
    <>
      {ticksOf(most).map((tick) => (
        <g key={tick}>
          <line className="grid" x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
          <text className="tick" x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {bytes(tick)}
          </text>
        </g>
      ))}
      {axis.phases.map(({ phase, from, to }) => (
        <g key={from}>
          <line className="divider" x1={x(from)} x2={x(from)} y1={6} y2={HEIGHT - BOTTOM} />
          <text className="phase" x={x(from) + 6} y={13}>
            {phase === 'backward' && rebuilt ? 'backward: rebuilds' : phase}
          </text>
          <SpanLabel text={spanOf(from, to)} from={x(from) + 6} to={to === axis.names.length - 1 ? 'edge' : x(to + 1)} edge={width} />
        </g>
      ))}
    </>
  );
}

/** All moments have the same width: the axis shows their order, not their time. */
function area(row: Axis['rows'][number], x: (i: number) => number, y: (value: number) => number, key: 'live' | 'activation'): string {
  const present = row.flatMap((moment, i) => (moment === undefined ? [] : [{ i, value: moment[key] }]));
  const [first] = present;
  if (first === undefined) return '';
  const top = present.map(({ i, value }) => `V${y(value)}H${x(i + 1)}`).join('');
  return `M${x(first.i)},${y(0)}${top}V${y(0)}Z`;
}

/** From its first moment to its last: where it has none between them, what is live stays as it was. */
function outline(row: readonly (TimelineMoment | undefined)[], x: (i: number) => number, y: (value: number) => number): string {
  const [first, last] = [row.findIndex((moment) => moment !== undefined), row.findLastIndex((moment) => moment !== undefined)];
  return row
    .map((moment, i) => {
      if (moment === undefined) return i > first && i < last ? `H${x(i + 1)}` : '';
      return `${i === first ? `M${x(i)},${y(moment.live)}` : `V${y(moment.live)}`}H${x(i + 1)}`;
    })
    .join('');
}

function momentText(axis: Axis, plans: readonly PlanReport[], catalogue: Catalogue | undefined, at: number): string {
  const [chosen] = plans;
  const name = axis.names[at] ?? '';
  const moment = axis.rows[0]?.[at];
  if (chosen === undefined) return '';
  const others = plans.slice(1).flatMap((plan, i) => {
    const live = axis.rows[i + 1]?.[at]?.live;
    return live === undefined ? [] : [`${titleOf(plan, catalogue)} ${bytes(live)}`];
  });
  const own =
    moment === undefined ? 'not reached' : `${story(chosen, name)}: ${bytes(moment.live)} live, ${bytes(moment.activation)} of them kept`;
  return `${name}: ${own}${others.length > 0 ? ` (${others.join(', ')})` : ''}`;
}
