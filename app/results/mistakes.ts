// Examples that were told wrong, as they are listed: those of a cell of the confusion table, or all. Pure.

import type { Confusion, Mistake } from '../../src/protocol/messages.ts';

/** A cell of the confusion table, by the numbers of its labels. */
export interface Cell {
  readonly actual: number;
  readonly predicted: number;
}

export const mistakesAt = (mistakes: readonly Mistake[], cell: Cell | undefined): readonly Mistake[] =>
  cell === undefined ? mistakes : mistakes.filter(({ actual, predicted }) => actual === cell.actual && predicted === cell.predicted);

/** How many examples the cell has; without one, how many were told wrong in all. */
export function wrongIn({ counts }: Confusion, cell: Cell | undefined): number {
  if (cell !== undefined) return counts[cell.actual]?.[cell.predicted] ?? 0;
  return counts.reduce((sum, row, i) => sum + row.reduce((all, count, j) => all + (i === j ? 0 : count), 0), 0);
}
