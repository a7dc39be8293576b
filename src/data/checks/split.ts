// What looks wrong between the rows that are trained on and those that are evaluated with: of another file, or held back from the same. Pure.

import type { DataWarning } from '../../protocol/messages.ts';
import { countText, plural } from '../../protocol/sentences.ts';
import { addTo, type CheckedRows, listed, quoted, type RowSet, rowSet, rowSetText, rowsIn, rowsWhere } from './rows.ts';

/** Where the rows to evaluate with come from: another file, or those of this one by their place. */
export type Evaluation = { readonly given: CheckedRows } | { readonly held: ReadonlySet<number> };

export type SplitCheck = (whole: CheckedRows, evaluation: Evaluation) => readonly DataWarning[];

/** Texts that stand on both sides: what is measured on them is memory. */
export function textsInBoth(whole: CheckedRows, evaluation: Evaluation): readonly DataWarning[] {
  const { name, numbers, firstRow, what } = whole;
  const isTrained = (row: number): boolean => !('held' in evaluation && evaluation.held.has(row));
  const trained = new Uint8Array(firstRow.length);
  firstRow.forEach((first, row) => {
    if (isTrained(row)) trained[first] = 1;
  });
  const met = new Uint8Array(firstRow.length);
  const meets = (first: number | undefined): boolean => {
    if (first === undefined || trained[first] !== 1) return false;
    met[first] = 1;
    return true;
  };
  const given = 'given' in evaluation ? evaluation.given : undefined;
  const there = given
    ? rowsWhere(given.numbers, (row) => meets(whole.rowOf(given.keyOf(row))))
    : rowsWhere(numbers, (row) => !isTrained(row) && meets(firstRow[row]));
  if (there.count === 0) return [];
  const here = rowsWhere(numbers, (row) => isTrained(row) && met[firstRow[row] ?? 0] === 1);
  const all = 'held' in evaluation ? evaluation.held.size : evaluation.given.numbers.length;
  const side = given ? `of ${given.name}` : `that are held back from ${name}`;
  return [
    {
      code: 'texts-in-both',
      message: `${countText(there.count)} of the ${plural(all, 'row')} ${side} to evaluate with ${there.count === 1 ? 'has' : 'have'} a ${what.one} that is trained on too (${rowSetText(there)}; in ${name} ${rowSetText(here)}). ${whole.classes.size > 1 ? effectOf(there.count / all) : looksBetter}`,
      remedy: given
        ? 'Remove these rows from one of the two files.'
        : 'Remove the repeated rows, or give a file of its own to evaluate on.',
      rows: [rowsIn(given?.name ?? name, there), rowsIn(name, here)],
    },
  ];
}

function classesOf(whole: CheckedRows, evaluation: Evaluation): ReadonlyMap<string, RowSet> {
  if ('given' in evaluation) return evaluation.given.classes;
  const classes = new Map<string, RowSet>();
  for (const row of evaluation.held) addTo(classes, whole.labels[row] ?? '', whole.numbers[row] ?? 0);
  return classes;
}

export const looksBetter = 'The scores will look better than they are.';
export const effectOf = (share: number): string =>
  share < 0.01 ? `Accuracy can look better than it is by ${(100 * share).toFixed(1)} percentage points at most.` : looksBetter;

/** Classes whose score nobody will know. Those of one row are named by another check where rows are held back. */
export function classesNotEvaluated(whole: CheckedRows, evaluation: Evaluation): readonly DataWarning[] {
  const evaluated = classesOf(whole, evaluation);
  const missing = [...whole.classes].filter(([label, { count: size }]) => !evaluated.has(label) && ('given' in evaluation || size > 1));
  if (missing.length === 0) return [];
  const { first } = rowSet(missing.flatMap(([, set]) => set.first).sort((a, b) => a - b));
  const of =
    'given' in evaluation
      ? `${plural(evaluation.given.numbers.length, 'row')} of ${evaluation.given.name}`
      : `${plural(evaluation.held.size, 'row')} held back`;
  const one = missing.length === 1;
  return [
    {
      code: 'classes-not-evaluated',
      message: `${countText(missing.length)} of the ${plural(whole.classes.size, 'class', 'classes')} of ${whole.name} ${one ? 'is' : 'are'} not among the ${of} to evaluate with: ${listed(missing.map(([label, set]) => `${quoted(label)} (${plural(set.count, 'row')})`))}. How well ${one ? 'it is' : 'they are'} learned will not be known.`,
      remedy:
        'given' in evaluation
          ? `Add rows of ${one ? 'this class' : 'these classes'} to it.`
          : `Add rows of ${one ? 'this class' : 'these classes'}, or give a file of its own to evaluate on.`,
      rows: [rowsIn(whole.name, { count: missing.reduce((sum, [, set]) => sum + set.count, 0), first })],
    },
  ];
}
