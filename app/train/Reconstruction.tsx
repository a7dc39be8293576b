// How far the streams that each layer rebuilds are from what they were, live: a column a layer on a logarithmic axis, the last step filled, the
// worst of the run as a line. Float streams only; fixed ones are rebuilt to the last bit, and then there is nothing to draw.

import { useMemo } from 'react';
import type { RunState } from '../state/run.ts';
import { Figure, Numbers } from '../ui/Figure.tsx';
import { number } from '../ui/format.ts';
import { useWidth } from '../ui/use_width.ts';
import { decades, errorsOf } from './reconstruction.ts';

const HEIGHT = 170;
const LEFT = 46;
const TOP = 8;
const BOTTOM = 22;

export function Reconstruction({ steps }: Pick<RunState, 'steps'>) {
  const errors = useMemo(() => errorsOf(steps), [steps]);
  if (errors.length === 0) return null;
  const worst = errors.reduce((most, one) => (one.last > most.last ? one : most));
  return (
    <Figure
      title="Rebuilding error by layer"
      note={`Largest now: ${number(worst.last)}, ${worst.layer}. Relative; the line marks the worst of the run.`}
      picture={<Columns errors={errors} />}
      table={() => (
        <Numbers
          caption="Rebuilding error by layer"
          head={['Layer', 'Last step', 'Worst']}
          rows={errors.map(({ layer, last, most }) => [layer, number(last), number(most)])}
        />
      )}
    />
  );
}

function Columns({ errors }: { errors: ReturnType<typeof errorsOf> }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { from, to } = decades(errors.map(({ most }) => most));
  const y = (error: number) => {
    const share = error <= 0 ? 0 : Math.max(0, (Math.log10(error) - from) / (to - from));
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  };
  const each = Math.max(0, width - LEFT) / errors.length;
  const gap = Math.min(6, each * 0.2);
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return (
    <div ref={ref}>
      <svg
        className="reconstruction"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label="Rebuilding error of each layer; see the table for numbers."
      >
        {ticks.map((power) => (
          <g key={power}>
            <line className="grid" x1={LEFT} x2={width} y1={y(10 ** power)} y2={y(10 ** power)} />
            <text className="tick" x={LEFT - 6} y={y(10 ** power) + 4} textAnchor="end">
              1e{power}
            </text>
          </g>
        ))}
        {errors.map(({ layer, last, most }, i) => (
          <g key={layer} transform={`translate(${LEFT + i * each} 0)`}>
            <rect className="fill-activation" x={gap / 2} y={y(last)} width={Math.max(1, each - gap)} height={HEIGHT - BOTTOM - y(last)}>
              <title>{`${layer}: ${number(last)}, worst ${number(most)}`}</title>
            </rect>
            <line className="reconstruction-worst" x1={gap / 2} x2={Math.max(1, each - gap / 2)} y1={y(most)} y2={y(most)} />
            {(each > 18 || i % 4 === 0) && (
              <text className="tick" x={each / 2} y={HEIGHT - 6} textAnchor="middle">
                {/\d+$/.exec(layer)?.[0] ?? i}
              </text>
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}
