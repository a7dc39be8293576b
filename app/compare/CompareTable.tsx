// The matrix as one table that is a picture too: each row has its bytes by category as a bar, all on one axis. Columns sort.

import { memo, useState } from 'react';
import { type Category, categories } from '../../src/protocol/config.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { CategoryLegend } from '../memory/CategoryLegend.tsx';
import { bytesIn, categoryTitles, transientCategories } from '../memory/plans.ts';
import { keyOf } from '../state/cells.ts';
import { bytes, milliseconds, scaled } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { ticksOf } from '../ui/ticks.ts';
import { columns, type Row, type Sorting } from './rows.ts';

interface CompareTableProps {
  rows: readonly Row[];
  /** Whether more are being planned. */
  running: boolean;
  sorting: Sorting | undefined;
  onSort(sorting: Sorting): void;
  picked: readonly string[];
  onPick(key: string): void;
}

type Shown = 'all' | 'transient' | 'trained';

const shownCategories: Readonly<Record<Shown, readonly Category[]>> = {
  all: categories,
  transient: transientCategories,
  trained: categories.filter((category) => category !== 'weights'),
};

const written: Readonly<Record<string, (value: number) => string>> = {
  gpu_bytes: bytes,
  transient_bytes: bytes,
  host_bytes: bytes,
  trainable_parameters: scaled,
  flops: scaled,
  predicted_ms: milliseconds,
  measured_ms: milliseconds,
};

export const CompareTable = memo(function CompareTable({ rows, running, sorting, onSort, picked, onPick }: CompareTableProps) {
  const [shown, setShown] = useState<Shown>('all');
  const of = shownCategories[shown];
  const most = Math.max(1, ...rows.map(({ plan }) => bytesIn(plan, of)));
  if (rows.length === 0) {
    return running ? (
      <div className="skeleton skeleton-tall" role="status" aria-label="Planning" />
    ) : (
      <p className="muted">Planning is paused while a run is active. Plan now (the run will slow down for a few seconds).</p>
    );
  }
  const [name, ...figures] = columns;
  return (
    <>
      <div className="row compare-shown">
        <Segmented<Shown>
          label="Bytes in the bars"
          value={shown}
          items={[
            { value: 'all', label: 'All bytes' },
            { value: 'trained', label: 'Without weights' },
            { value: 'transient', label: 'Activations and workspace' },
          ]}
          onChange={setShown}
        />
        <CategoryLegend shown={of} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable). */}
      <section className="scroll scroll-wide" tabIndex={0} aria-label="Methods and policies, table">
        <table className="numbers compare-table">
          <thead>
            <tr>
              {name !== undefined && <Head column={name} sorting={sorting} onSort={onSort} />}
              <th scope="col" className="bar-head">
                <span className="hidden">Bytes by category</span>
                <Axis most={most} />
              </th>
              {figures.map((column) => (
                <Head key={column.key} column={column} sorting={sorting} onSort={onSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                <th scope="row">
                  <label className="pick">
                    <input type="checkbox" checked={picked.includes(keyOf(row))} onChange={() => onPick(keyOf(row))} />
                    <span>
                      {row.title.slice(0, row.title.lastIndexOf(','))} <span className="muted">{row.policy}</span>
                    </span>
                  </label>
                </th>
                <td className="bar-cell">
                  <Bar row={row} shown={of} most={most} />
                </td>
                {figures.map(({ key, value }) => {
                  const own = value(row);
                  return <td key={key}>{typeof own === 'number' ? (written[key] ?? countText)(own) : '–'}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
});

function Head({
  column: { key, title },
  sorting,
  onSort,
}: {
  column: (typeof columns)[number];
  sorting: Sorting | undefined;
  onSort(sorting: Sorting): void;
}) {
  const own = sorting?.key === key ? sorting : undefined;
  return (
    <th scope="col" aria-sort={own === undefined ? 'none' : own.descending ? 'descending' : 'ascending'}>
      <button type="button" className="sort" onClick={() => onSort({ key, descending: own !== undefined && !own.descending })}>
        {title}
        {own !== undefined && <Icon name={own.descending ? 'down' : 'up'} />}
      </button>
    </th>
  );
}

/** Widths are percentages, so the bar needs no measuring. */
const UNIT = 1000;

function Bar({ row: { plan, title }, shown, most }: { row: Row; shown: readonly Category[]; most: number }) {
  let from = 0;
  const parts = shown.map((category) => {
    const start = from;
    from += plan.bytes[category];
    return { category, start, own: plan.bytes[category] };
  });
  return (
    <svg
      className="compare-bar"
      viewBox={`0 0 ${UNIT} 14`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${title}: ${parts.map(({ category, own }) => `${categoryTitles[category]} ${bytes(own)}`).join(', ')}`}
    >
      {parts
        .filter(({ own }) => own > 0)
        .map(({ category, start, own }) => (
          <rect key={category} className={`fill-${category}`} x={(start / most) * UNIT} width={(own / most) * UNIT} height={14}>
            <title>{`${categoryTitles[category]}: ${bytes(own)}`}</title>
          </rect>
        ))}
    </svg>
  );
}

function Axis({ most }: { most: number }) {
  return (
    <span className="bar-axis" aria-hidden="true">
      {ticksOf(most)
        .filter((tick) => tick <= most * 0.86)
        .map((tick) => (
          <span key={tick} style={{ left: `${(tick / most) * 100}%` }}>
            {bytes(tick)}
          </span>
        ))}
    </span>
  );
}
