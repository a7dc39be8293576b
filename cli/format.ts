// Numbers and tables as people read them in a terminal.

import { isShare } from '../src/protocol/metrics.ts';

const units = ['B', 'KiB', 'MiB', 'GiB'];

/** 1536 -> `1.5 KiB`. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${units[unit]}`;
}

/** 1.25e9 -> `1.25 G`. */
export function flopsText(flops: number): string {
  const units = ['', ' k', ' M', ' G', ' T', ' P'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, flops)) / 3)));
  return flops === 0 ? '0' : `${(flops / 1000 ** power).toPrecision(3)}${units[power]}`;
}

/** 3725000 ms -> `1:02:05`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** The value of a metric, which may be that of a further set: shares as percent, the rest as numbers. */
export const scoreText = (metric: string, value: number): string => (isShare(metric) ? percentText(value) : value.toFixed(4));

/** Columns wide enough for their cells; those of numbers to the right. The first row is the header. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const [header = []] = rows;
  const widths = header.map((_, column) => rows.reduce((most, row) => Math.max(most, [...(row[column] ?? '')].length), 0));
  const isNumber = header.map((_, column) =>
    rows.slice(1).every((row) => /^[\d.,\s-]*( ?([KMG]i)?B| [kMGTP]| %|×)?$/.test(row[column] ?? '')),
  );
  const cell = (value: string, column: number) => {
    const gap = ' '.repeat((widths[column] ?? 0) - [...value].length);
    return isNumber[column] ? gap + value : value + gap;
  };
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** Cells quoted where they need it, as RFC 4180 and Python's csv write them. */
export function csvText(rows: readonly (readonly string[])[]): string {
  const cell = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map(cell).join(',')).join('\n');
}

export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [header = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...body.map(line)].join('\n');
}

/** Rows are actual classes, columns predicted ones; of many classes, the pairs most often confused. */
export function confusionText(labels: readonly string[], counts: readonly (readonly number[])[]): string {
  const most = 12;
  if (labels.length <= most) {
    const short = labels.map((label) => (label.length > 14 ? `${label.slice(0, 13)}…` : label));
    return tableText([['actual \\ predicted', ...short], ...counts.map((row, i) => [labels[i] as string, ...row.map(String)])]);
  }
  const pairs = counts.flatMap((row, actual) => row.map((count, predicted) => ({ actual, predicted, count })));
  const wrong = pairs.filter(({ actual, predicted, count }) => actual !== predicted && count > 0).sort((a, b) => b.count - a.count);
  if (wrong.length === 0) return 'No example was confused with another class.';
  const rows = wrong
    .slice(0, most)
    .map(({ actual, predicted, count }) => [labels[actual] as string, labels[predicted] as string, String(count)]);
  return `Most often confused:\n${tableText([['actual', 'predicted', 'examples'], ...rows])}`;
}

const blocks = '▁▂▃▄▅▆▇█';

/** A line of blocks as high as the values. */
export function sparkline(values: readonly number[]): string {
  const most = values.reduce((a, b) => Math.max(a, b), 1);
  return values.map((value) => blocks[Math.min(7, Math.floor((value / most) * 8))]).join('');
}
