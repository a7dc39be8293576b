// Bytes by category of several plans, as bars on one axis.

import type { Catalogue } from '../../src/protocol/cards.ts';
import type { Category } from '../../src/protocol/config.ts';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { bytes, percent } from '../ui/format.ts';
import { ticksOf } from '../ui/ticks.ts';
import { useWidth } from '../ui/use_width.ts';
import { CategoryLegend } from './CategoryLegend.tsx';
import { bytesIn, categoryTitles, titleOf } from './plans.ts';

interface MemoryBarsProps {
  plans: readonly PlanReport[];
  catalogue: Catalogue | undefined;
  shown: readonly Category[];
  /** Whether the first is the chosen one and the others are there to compare. */
  chosen?: boolean;
}

const ROW = 46;
const BAR = 20;
const AXIS = 22;

export function MemoryBars({ plans, catalogue, shown, chosen = true }: MemoryBarsProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const totals = plans.map((plan) => bytesIn(plan, shown));
  const most = Math.max(...totals, 1);
  const height = plans.length * ROW + AXIS;
  const x = (value: number) => (value / most) * Math.max(0, width - 2);
  const summary = plans.map((plan, i) => `${titleOf(plan, catalogue)}: ${bytes(totals[i] ?? 0)}`).join('; ');
  return (
    <div ref={ref} className="bars">
      <svg width={width} height={height} role="img" aria-label={`Memory by category. ${summary}.`}>
        {ticksOf(most).map((tick) => (
          <g key={tick} transform={`translate(${x(tick)} 0)`}>
            <line className="grid" y1={0} y2={plans.length * ROW} />
            {x(tick) < width - 40 && (
              <text className="tick" y={height - 6}>
                {bytes(tick)}
              </text>
            )}
          </g>
        ))}
        {plans.map((plan, row) => (
          <g key={`${plan.method} ${plan.policy}`} transform={`translate(0 ${row * ROW})`}>
            <text className={chosen && row === 0 ? 'bar-name bar-chosen' : 'bar-name'} y={14}>
              {titleOf(plan, catalogue)}
            </text>
            <text className="bar-total" x={width - 1} y={14} textAnchor="end">
              {bytes(totals[row] ?? 0)}
            </text>
            <Bar plan={plan} shown={shown} x={x} total={totals[row] ?? 1} />
          </g>
        ))}
      </svg>
      <CategoryLegend shown={shown} />
    </div>
  );
}

interface BarProps {
  plan: PlanReport;
  shown: readonly Category[];
  total: number;
  x(value: number): number;
}

function Bar({ plan, shown, total, x }: BarProps) {
  let from = 0;
  return shown.map((category) => {
    const own = plan.bytes[category];
    const start = x(from);
    from += own;
    const size = x(from) - start;
    if (own <= 0) return null;
    return (
      // A thin gap between neighbours, so that they are not told apart by colour alone.
      <rect
        key={category}
        className={`fill-${category}`}
        x={start}
        y={20}
        width={Math.max(0.75, size - 1)}
        height={BAR}
        rx={size > 6 ? 2 : 0}
      >
        <title>{`${categoryTitles[category]}: ${bytes(own)} (${percent(own / total)})`}</title>
      </rect>
    );
  });
}
