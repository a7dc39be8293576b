// Predicted against true numbers: the axis that both share, which dot a pointer is at, how they are told in words. Pure.

import type { Scatter } from '../../src/protocol/messages.ts';
import { number } from '../ui/format.ts';

export interface Text {
  readonly text: string;
  readonly text_pair?: string;
}

export interface Dot extends Partial<Text> {
  readonly actual: number;
  readonly predicted: number;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Every dot that can be drawn, for both its numbers are finite; with its text, once that is known. */
export const dotsOf = ({ actual, predicted }: Scatter, texts: readonly Text[] = []): Dot[] =>
  actual
    .map((value, i) => ({ ...texts[i], actual: value, predicted: predicted[i] ?? Number.NaN }))
    .filter((dot) => Number.isFinite(dot.actual) && Number.isFinite(dot.predicted));

/** One range for both axes, so that the diagonal is where a prediction is exact, with a little room on either side. */
export function rangeOf(dots: readonly Dot[]): Range {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { actual, predicted } of dots) {
    from = Math.min(from, actual, predicted);
    to = Math.max(to, actual, predicted);
  }
  if (from > to) return { from: 0, to: 1 };
  const room = from === to ? Math.max(1, Math.abs(from)) / 2 : (to - from) * 0.04;
  return { from: from - room, to: to + room };
}

/** The dot nearest to a point of the axes, within a distance that is a share of the range; undefined where none is. */
export function nearest(dots: readonly Dot[], { actual, predicted }: Dot, { from, to }: Range, within: number): number | undefined {
  let best: number | undefined;
  let least = (within * (to - from)) ** 2;
  for (const [i, dot] of dots.entries()) {
    const distance = (dot.actual - actual) ** 2 + (dot.predicted - predicted) ** 2;
    if (distance > least) continue;
    least = distance;
    best = i;
  }
  return best;
}

export const errorOf = ({ actual, predicted }: Dot): number => predicted - actual;

/** The furthest off first. */
export const worstFirst = (dots: readonly Dot[]): Dot[] => dots.toSorted((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)));

export const textOf = ({ text = '', text_pair }: Dot): string => (text_pair === undefined ? text : `${text} · ${text_pair}`);

/** For those who do not see the picture. */
export function described(dots: readonly Dot[], what: string): string {
  const least = (of: (dot: Dot) => number) => number(dots.reduce((a, dot) => Math.min(a, of(dot)), Number.POSITIVE_INFINITY));
  const most = (of: (dot: Dot) => number) => number(dots.reduce((a, dot) => Math.max(a, of(dot)), Number.NEGATIVE_INFINITY));
  if (dots.length === 0) return 'No example to draw.';
  const off = dots.reduce((sum, dot) => sum + Math.abs(errorOf(dot)), 0) / dots.length;
  const actual = `true ${what} from ${least((dot) => dot.actual)} to ${most((dot) => dot.actual)}`;
  const predicted = `predicted from ${least((dot) => dot.predicted)} to ${most((dot) => dot.predicted)}`;
  return `Predicted against true ${what}, a dot for each of ${dots.length} examples: ${actual}, ${predicted}, ${number(off)} apart on average. The table has the examples that are furthest off.`;
}
