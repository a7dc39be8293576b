// What a confusion matrix says about each label and about pairs of labels. Pure. Rows are true labels, columns predicted ones.

import type { Confusion } from '../../src/protocol/messages.ts';
import type { Cell } from './mistakes.ts';

export interface LabelScore {
  readonly label: string;
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

export function scoresOf({ labels, counts }: Confusion): LabelScore[] {
  return labels.map((label, i) => {
    const right = counts[i]?.[i] ?? 0;
    const support = (counts[i] ?? []).reduce((sum, count) => sum + count, 0);
    const predicted = counts.reduce((sum, row) => sum + (row[i] ?? 0), 0);
    return { label, support, precision: ratio(right, predicted), recall: ratio(right, support), f1: ratio(2 * right, support + predicted) };
  });
}

export interface Mistake {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
  /** By the numbers of the labels. */
  readonly at: Cell;
}

/** Pairs that are taken for one another, most often first. */
export function mistakesOf({ labels, counts }: Confusion): Mistake[] {
  return counts
    .flatMap((row, i) =>
      row.flatMap((count, j) =>
        i !== j && count > 0 ? [{ actual: labels[i] ?? '', predicted: labels[j] ?? '', count, at: { actual: i, predicted: j } }] : [],
      ),
    )
    .sort((a, b) => b.count - a.count);
}
