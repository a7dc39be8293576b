// Predicted against true numbers, a dot an example of the evaluation. On the diagonal a prediction is exact; what a dot is stands below while it is pointed at.

import { memo, type PointerEvent, useEffect, useMemo, useState } from 'react';
import type { Scatter } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { number } from '../ui/format.ts';
import { ticksBetween } from '../ui/ticks.ts';
import { useWidth } from '../ui/use_width.ts';
import { type Dot, described, dotsOf, errorOf, nearest, type Range, rangeOf, type Text, textOf, worstFirst } from './scatter.ts';

interface ScatterViewProps {
  scatter: Scatter;
  /** What the numbers are, as their column is called. */
  what: string;
  /** Examples of the evaluation, of which the dots may be a sample. */
  examples: number;
  textsOf(at: readonly number[]): Promise<readonly Text[]>;
}

/** Rows of the table: those that are furthest off. */
const LISTED = 200;

export function ScatterView({ scatter, what, examples, textsOf }: ScatterViewProps) {
  const [texts, setTexts] = useState<readonly Text[]>([]);
  useEffect(() => {
    let current = true;
    void textsOf(scatter.at).then((found) => current && setTexts(found));
    return () => {
      current = false;
    };
  }, [scatter, textsOf]);
  const drawn = useMemo(() => dotsOf(scatter, texts), [scatter, texts]);
  return (
    <Figure
      title="Predicted against true"
      note={`A dot for each ${drawn.length < examples ? `of ${countText(drawn.length)} of the ${countText(examples)} examples` : 'example'}; on the line the prediction is exact.`}
      picture={<Picture dots={drawn} what={what} />}
      table={() => (
        <Numbers
          caption="Examples, furthest off first"
          head={['Text', `True ${what}`, 'Predicted', 'Off by']}
          rows={worstFirst(drawn)
            .slice(0, LISTED)
            .map((dot, i) => [textOf(dot) || `example ${i + 1}`, number(dot.actual), number(dot.predicted), number(errorOf(dot))])}
        />
      )}
    />
  );
}

const WIDEST = 560;
const LEFT = 52;
const TOP = 8;
const RIGHT = 8;
const BOTTOM = 40;
/** Pixels from a dot at which the pointer is still on it. */
const REACH = 14;

function Picture({ dots, what }: { dots: readonly Dot[]; what: string }) {
  const [ref, given] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | undefined>();
  const range = useMemo(() => rangeOf(dots), [dots]);
  const label = useMemo(() => described(dots, what), [dots, what]);
  const width = Math.min(WIDEST, given);
  const side = Math.max(1, width - LEFT - RIGHT);
  const scale = scaleOf(range, side);
  const pointed = at === undefined ? undefined : dots[at];
  const follow = ({ nativeEvent, currentTarget }: PointerEvent<SVGSVGElement>) => {
    const box = currentTarget.getBoundingClientRect();
    const span = (range.to - range.from) / side;
    const point = {
      actual: range.from + (nativeEvent.clientX - box.left - LEFT) * span,
      predicted: range.to - (nativeEvent.clientY - box.top - TOP) * span,
    };
    setAt(nearest(dots, point, range, REACH / side));
  };
  return (
    <div ref={ref} className="scatter">
      {given > 0 && (
        <svg
          width={width}
          height={side + TOP + BOTTOM}
          role="img"
          aria-label={label}
          onPointerMove={follow}
          onPointerLeave={() => setAt(undefined)}
        >
          {ticksBetween(range.from, range.to).map((tick) => (
            <g key={tick}>
              <line className="grid" x1={LEFT} x2={LEFT + side} y1={scale.y(tick)} y2={scale.y(tick)} />
              <line className="grid" y1={TOP} y2={TOP + side} x1={scale.x(tick)} x2={scale.x(tick)} />
              <text className="tick" x={LEFT - 6} y={scale.y(tick) + 4} textAnchor="end">
                {number(tick)}
              </text>
              <text className="tick" x={scale.x(tick)} y={TOP + side + 16} textAnchor="middle">
                {number(tick)}
              </text>
            </g>
          ))}
          <line className="scatter-exact" x1={scale.x(range.from)} y1={scale.y(range.from)} x2={scale.x(range.to)} y2={scale.y(range.to)} />
          <Dots dots={dots} side={side} range={range} />
          {pointed !== undefined && <circle className="scatter-ring" cx={scale.x(pointed.actual)} cy={scale.y(pointed.predicted)} r={7} />}
          <text className="tick" x={LEFT + side / 2} y={side + TOP + BOTTOM - 5} textAnchor="middle">
            true {what}
          </text>
          <text className="tick" transform={`translate(11 ${TOP + side / 2}) rotate(-90)`} textAnchor="middle">
            predicted {what}
          </text>
        </svg>
      )}
      <p className="scatter-text small muted">
        {pointed === undefined ? (
          'Point at a dot to read its text.'
        ) : (
          <>
            <strong>
              true {number(pointed.actual)}, predicted {number(pointed.predicted)}
            </strong>{' '}
            {textOf(pointed)}
          </>
        )}
      </p>
    </div>
  );
}

const scaleOf = ({ from, to }: Range, side: number) => ({
  x: (value: number) => LEFT + ((value - from) / (to - from)) * side,
  y: (value: number) => TOP + ((to - value) / (to - from)) * side,
});

/** Some thousand circles are drawn once, not at each move of the pointer. */
const Dots = memo(function Dots({ dots, side, range }: { dots: readonly Dot[]; side: number; range: Range }) {
  const { x, y } = scaleOf(range, side);
  return (
    <g className="scatter-dots">
      {dots.map((dot, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: dots have no name, and their order never changes.
        <circle key={i} cx={x(dot.actual)} cy={y(dot.predicted)} r={3.5} />
      ))}
    </g>
  );
});
