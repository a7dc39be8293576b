// Whether the first row of a file names its columns or is data like the others, with the reason. A guess, for files that don't say it.
// Invariant: only what speaks plainly for data makes it data; else the first row names the columns, as in nearly all files.

import { numberOf, wordCount } from '../cells.ts';
import { isKnownName } from './names.ts';
import { sampleRows } from './profile.ts';

export interface HeaderGuess {
  readonly header: boolean;
  readonly reason: string;
}

const quoted = (cell: string): string => `"${cell.length > 24 ? `${cell.slice(0, 23)}…` : cell}"`;

/** `rows` are those below the first. */
export function guessHeader(first: readonly string[], rows: readonly (readonly string[])[]): HeaderGuess {
  const sample = sampleRows(rows);
  const columns = first.map((cell, at) => {
    const below = sample.map((row) => (row[at] ?? '').trim()).filter((value) => value !== '');
    const mean = (of: (value: string) => number): number => below.reduce((sum, value) => sum + of(value), 0) / Math.max(1, below.length);
    return {
      cell: cell.trim(),
      again: below.includes(cell.trim()),
      repeats: new Set(below).size <= below.length / 2,
      numbers: below.length > 0 && mean((value) => (numberOf(value) === undefined ? 0 : 1)) >= 0.9,
      words: mean(wordCount),
    };
  });
  const known = columns.find(({ cell, again }) => isKnownName(cell) && !again);
  if (known) return { header: true, reason: `${quoted(known.cell)} is what columns are called` };
  // As pandas names columns that have no names; the first may be its index.
  if (first.length > 1 && columns.every(({ cell }, i) => cell === String(i) || cell === String(i - 1) || (i === 0 && cell === '')))
    return { header: true, reason: 'it counts the columns' };
  const number = columns.find(({ cell, numbers }) => numbers && numberOf(cell) !== undefined);
  if (number) return { header: false, reason: `${quoted(number.cell)} is a number like those below it` };
  const repeated = columns.find(({ cell, again, repeats }) => cell !== '' && again && repeats);
  if (repeated) return { header: false, reason: `${quoted(repeated.cell)} comes again below it` };
  const overNumbers = columns.find(({ cell, numbers }) => numbers && cell !== '');
  if (overNumbers) return { header: true, reason: `${quoted(overNumbers.cell)} stands over numbers` };
  const prose = columns.find(({ cell, words }) => wordCount(cell) >= 4 && words >= 3);
  if (prose) return { header: false, reason: `${quoted(prose.cell)} reads like the texts below it` };
  return { header: true, reason: 'most files have one' };
}
