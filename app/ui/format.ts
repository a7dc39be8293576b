// Numbers as people read them. Bytes are decimal (1 MB = 10^6 B), as file managers and GPU vendors count; tables give them exactly.

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** Three significant digits in the largest unit that leaves something before the point; whole in the smallest. */
function inUnits(value: number, units: readonly string[]): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const size = value / 1000 ** power;
  // 999,600 is 1.00 million, not 1000 thousand.
  if (size >= 999.5 && power < units.length - 1) return inUnits(1000 ** (power + 1), units);
  const digits = power === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)} ${units[power]}`.trimEnd();
}

/** Three significant digits: `41.3 MB`. */
export const bytes = (value: number): string => inUnits(value, UNITS);

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Three significant digits with a prefix: `22.7 M`. */
export const scaled = (value: number): string => inUnits(value, PREFIXES);

/** `8.2 ms`, `140 ms`, `9.1 s` */
export const milliseconds = (ms: number): string => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** A share of 1 as percent; below one percent with one digit, so that nothing real reads as 0 %. */
export function percent(share: number, digits = share > 0 && share < 0.01 ? 1 : 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** Four significant digits; very small and very large ones with an exponent. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** `1 h 04 min`, `3 min 20 s`, `12 s` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
