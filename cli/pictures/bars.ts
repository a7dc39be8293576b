// Horizontal stacked bars on one shared axis of bytes: one row each, one colour a part, the total behind it.

import { bytesText } from '../format.ts';
import { type Colour, element, hover, label, picture, textWidth, ticksTo } from './svg.ts';

export interface BarRow {
  readonly label: string;
  /** Bytes of each part, by name. */
  readonly parts: Readonly<Record<string, number>>;
  /** What more there is to say, behind the total. */
  readonly note?: string;
}

export interface Bars {
  readonly title: string;
  readonly subtitle: string;
  /** Parts in the order in which they are stacked. */
  readonly parts: Readonly<Record<string, Colour>>;
  readonly rows: readonly BarRow[];
}

const width = 1000;
const margin = 20;
const rowHeight = 24;
const barHeight = 15;
const legendRow = 20;

const units = [1, 2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40];

/** Ticks that are round in the unit in which bytes are said. */
function byteTicks(most: number): number[] {
  const unit = units.filter((size) => size <= most).at(-1) ?? 1;
  return ticksTo(most / unit, 6).map((tick) => tick * unit);
}

const tickText = (bytes: number): string => (bytes === 0 ? '0' : bytesText(bytes).replace(/\.0(?= )/, ''));

/** Names with their colours, from the left, on as many rows as they need. Gives the elements and how high they are. */
export function legend(names: readonly string[], top: number, right: number): { drawn: string[]; height: number } {
  let [x, y] = [margin, top];
  const drawn = names.map((name) => {
    const wide = 20 + textWidth(name) + 16;
    if (x + wide > right && x > margin) [x, y] = [margin, y + legendRow];
    const item = [
      element('rect', { x, y, width: 12, height: 12, rx: 2, class: `f-${name}` }),
      label(name, { x: x + 18, y: y + 10, class: 'f-ink' }),
    ];
    x += wide;
    return item.join('');
  });
  return { drawn, height: y + legendRow - top };
}

/** The picture as SVG text. */
export function stackedBars({ title, subtitle, parts, rows }: Bars): string {
  const names = Object.keys(parts);
  const totalOf = (row: BarRow) => names.reduce((sum, name) => sum + (row.parts[name] ?? 0), 0);
  const behind = (row: BarRow) => [bytesText(totalOf(row)), ...(row.note === undefined ? [] : [row.note])].join(' · ');
  const left = margin + rows.reduce((most, row) => Math.max(most, textWidth(row.label)), 0) + 12;
  const right = width - margin - rows.reduce((most, row) => Math.max(most, textWidth(behind(row))), 0) - 8;
  const ticks = byteTicks(Math.max(1, ...rows.map(totalOf)));
  const scale = (right - left) / (ticks.at(-1) ?? 1);
  const key = legend(names, 62, width - margin);
  const top = 62 + key.height + 22;
  const bottom = top + rows.length * rowHeight;
  const axis = ticks.map((tick) => {
    const x = left + tick * scale;
    return [
      element('line', { x1: x, x2: x, y1: top - 4, y2: bottom, class: 's-line' }),
      label(tickText(tick), { x, y: top - 10, class: 'f-muted middle' }),
    ].join('');
  });
  const bars = rows.map((row, i) => {
    const y = top + i * rowHeight + (rowHeight - barHeight) / 2;
    let x = left;
    const stacked = names.map((name) => {
      const bytes = row.parts[name] ?? 0;
      const wide = bytes * scale;
      const bar = element(
        'rect',
        { x, y, width: wide, height: barHeight, class: `f-${name}` },
        hover(`${row.label}: ${name} ${bytesText(bytes)}`),
      );
      x += wide;
      return bytes > 0 ? bar : '';
    });
    return [
      label(row.label, { x: left - 12, y: y + 12, class: 'f-ink end' }),
      ...stacked,
      label(behind(row), { x: x + 8, y: y + 12, class: 'f-muted' }),
    ].join('');
  });
  return picture(
    { width, height: bottom + margin },
    { title, description: rows.map((row) => `${row.label}: ${behind(row)}`).join('; ') },
    parts,
    label(title, { x: margin, y: 28, class: 'f-ink title' }),
    label(subtitle, { x: margin, y: 48, class: 'f-muted' }),
    ...key.drawn,
    ...axis,
    ...bars,
  );
}
