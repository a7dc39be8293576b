// Which ranges of a file on its way are here, as a text: a line each time that something was made sure of, and the last whole line counts. A store adds
// lines, or puts a text of one line in place of the one before. Not here: the file itself. Invariant: a line that was cut off or damaged says nothing, and what was said before it holds.

import * as v from 'valibot';
import type { Range } from './store.ts';

const Line = v.array(v.tuple([v.pipe(v.number(), v.safeInteger(), v.minValue(0)), v.pipe(v.number(), v.safeInteger())]));

/** The line that says that these ranges are here. */
export const journalLine = (ranges: readonly Range[]): string => `${JSON.stringify(ranges.map(({ begin, end }) => [begin, end]))}\n`;

const isAscending = (ranges: readonly Range[]): boolean =>
  ranges.every(({ begin, end }, i) => begin < end && begin >= (ranges[i - 1]?.end ?? 0));

function rangesOf(line: string): Range[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(Line, value);
  if (!parsed.success) return undefined;
  const ranges = parsed.output.map(([begin, end]) => ({ begin, end }));
  return isAscending(ranges) ? ranges : undefined;
}

/** What the journal says last, of a file that has `size` bytes on disk: bytes past them are not here, whatever it says. */
export function readJournal(text: string, size: number): Range[] {
  // What follows the last line end was cut off while it was written.
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines.reverse()) {
    const ranges = rangesOf(line);
    if (ranges !== undefined)
      return ranges.filter(({ begin }) => begin < size).map(({ begin, end }) => ({ begin, end: Math.min(end, size) }));
  }
  return [];
}
