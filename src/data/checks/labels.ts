// What looks wrong with the labels. Each check is pure, over rows that are sound (src/data/examples.ts refuses the others), and says nothing
// where nothing is wrong. Invariant: labels are looked at once each, not once a row.

import type { DataWarning } from '../../protocol/messages.ts';
import { countText, plural } from '../../protocol/sentences.ts';
import { numberOf } from '../cells.ts';
import { differenceOf, lookAlikes } from './label_forms.ts';
import { type CheckedRows, listed, quoted, type RowSet, rowSet, rowSetText, rowsIn } from './rows.ts';

export type Check = (rows: CheckedRows) => readonly DataWarning[];

/** More whole numbers than these are rather counted or measured than chosen from. */
const MOST_NUMBERED = 20;
/** One row in two with a label of its own: an id, or a text. */
const OWN_LABEL_SHARE = 0.5;
const FEWEST_ROWS = 8;

const columnOf = ({ name, labelColumn }: CheckedRows): string => `column "${labelColumn}" of ${name}`;

/** Rows of some classes together, in the order of the file as far as they are listed. */
function together(rows: CheckedRows, labels: readonly string[]): RowSet {
  const sets = labels.flatMap((label) => rows.classes.get(label) ?? []);
  const { first } = rowSet(sets.flatMap((set) => set.first).sort((a, b) => a - b));
  return { count: sets.reduce((sum, set) => sum + set.count, 0), first };
}

/** Without a unit: `12 %`, `$3.50`, `3.5/5`, `4.5 stars`. */
const amountOf = (label: string): number | undefined =>
  numberOf(label.replace(/^[$€£]\s*|\s*(?:[%$€£★]|\/\s*\d+|(?:stars?|points?|pts|out of \d+))$/gi, ''));

interface LabelNumbers {
  /** Those labels that show it. */
  readonly labels: readonly string[];
  readonly what: 'decimal numbers' | 'numbers';
  readonly low: number;
  readonly high: number;
}

/** Decimals, or more whole numbers than classes are numbered by: rather a number to predict. */
function numbersOf({ classes, labels }: CheckedRows): LabelNumbers | undefined {
  const numbers = [...classes.keys()].flatMap((label) => {
    const value = amountOf(label);
    return value === undefined ? [] : [{ label, value }];
  });
  if (numbers.length < 2 || numbers.length < 0.9 * classes.size) return undefined;
  const decimals = numbers.filter(({ value }) => !Number.isInteger(value));
  const [low, high] = numbers.reduce<[number, number]>(
    ([a, b], { value }) => [Math.min(a, value), Math.max(b, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  // Numbers of classes run without gaps from 0 or 1, and each comes again and again.
  const numbered = (low === 0 || low === 1) && high - low + 1 === numbers.length && labels.length >= 10 * numbers.length;
  if (decimals.length === 0 && (numbers.length <= MOST_NUMBERED || numbered)) return undefined;
  const [some, what] = decimals.length > 0 ? ([decimals, 'decimal numbers'] as const) : ([numbers, 'numbers'] as const);
  return { labels: some.map(({ label }) => label), what, low, high };
}

export const numbersAsLabels: Check = (rows) => {
  const numbers = numbersOf(rows);
  if (!numbers) return [];
  const { labels, what, low, high } = numbers;
  const found = together(rows, labels);
  return [
    {
      code: 'labels-are-numbers',
      message:
        `${countText(labels.length)} of the ${plural(rows.classes.size, 'label')} in ${columnOf(rows)} are ${what} from ${low} to ${high} ` +
        `(${listed(labels.map((label) => quoted(label)))}; ${rowSetText(found)}). Each becomes a class of its own, and an answer that is nearly right counts as wrong.`,
      remedy:
        'To predict the number itself, choose the task regression. Else put the numbers into a few classes, such as low, middle and high, or choose another label column.',
      rows: [rowsIn(rows.name, found)],
    },
  ];
};

export const alikeLabels: Check = (rows) => {
  const sizeOf = (label: string): number => rows.classes.get(label)?.count ?? 0;
  const byDifference = new Map<string, string[][]>();
  for (const same of lookAlikes(rows.classes.keys())) {
    const difference = differenceOf(same);
    byDifference.set(difference, [...(byDifference.get(difference) ?? []), same.toSorted((a, b) => sizeOf(b) - sizeOf(a))]);
  }
  return [...byDifference].map(([difference, groups]) => {
    const visible = /Unicode/.test(difference) ? 'code points' : 'as it is';
    const rarer = groups.flatMap((same) => same.slice(1));
    const found = together(rows, rarer);
    const groupText = (same: readonly string[]): string =>
      listed(same.map((label) => `${quoted(label, visible)} (${plural(sizeOf(label), 'row')})`));
    const left = rows.classes.size - rarer.length;
    return {
      code: 'labels-look-alike',
      message: `Labels in ${columnOf(rows)} that differ only in ${difference} are separate classes: ${groups.slice(0, 3).map(groupText).join('; ')}${groups.length > 3 ? `; and ${plural(groups.length - 3, 'more set', 'more sets')}` : ''}. The rarer ones: ${rowSetText(found)}.`,
      remedy: `If they mean the same, write them in one way in the file: ${countText(rows.classes.size)} classes then become ${countText(left)}.`,
      rows: [rowsIn(rows.name, found)],
    };
  });
};

/** Spaces around labels don't count; said where that joins two ways of writing. */
export const untrimmedLabels: Check = (rows) => {
  const joined = [...rows.untrimmed].filter(([label, { count: spaced }]) => spaced < (rows.classes.get(label)?.count ?? 0));
  if (joined.length === 0) return [];
  const found = {
    count: joined.reduce((sum, [, set]) => sum + set.count, 0),
    first: rowSet(joined.flatMap(([, set]) => set.first).sort((a, b) => a - b)).first,
  };
  return [
    {
      code: 'labels-trimmed',
      message: `${plural(found.count, 'label')} in ${columnOf(rows)} ${found.count === 1 ? 'has' : 'have'} spaces around (${listed(joined.map(([label]) => quoted(label)))}; ${rowSetText(found)}). They are left out, so that ${quoted(`${joined[0]?.[0]} `)} is ${quoted(joined[0]?.[0] ?? '')}.`,
      remedy: 'Nothing has to be done if that is meant. Other tools keep the spaces and see more classes.',
      rows: [rowsIn(rows.name, found)],
    },
  ];
};

/** A label of its own in so many rows that the column is an id or a text. */
export const labelledByRow = ({ classes, labels }: Pick<CheckedRows, 'classes' | 'labels'>): boolean =>
  labels.length >= FEWEST_ROWS && classes.size >= OWN_LABEL_SHARE * labels.length;

export const labelOfEachRow: Check = (rows) => {
  if (!labelledByRow(rows)) return [];
  const { classes, labels, numbers } = rows;
  return [
    {
      code: 'labels-as-many-as-rows',
      message: `There are ${countText(classes.size)} different labels in the ${plural(labels.length, 'row')} of ${columnOf(rows)} (${listed([...classes.keys()].map((label) => quoted(label)))}): that looks like an id or a text, not like classes.`,
      remedy: 'Choose another label column.',
      rows: [rowsIn(rows.name, rowSet(numbers))],
    },
  ];
};

export const singleRows: Check = (rows) => {
  if (labelledByRow(rows) || numbersOf(rows)) return [];
  const single = [...rows.classes].filter(([, { count: size }]) => size === 1).map(([label]) => label);
  if (single.length === 0) return [];
  const found = together(rows, single);
  const one = single.length === 1;
  return [
    {
      code: 'classes-of-one-row',
      message: `${one ? '1 class' : `${countText(single.length)} classes`} of ${rows.name} ${one ? 'has' : 'have'} one row only: ${listed(single.map((label) => quoted(label)))} (${rowSetText(found)}). One row can be trained on or evaluated with, not both.`,
      remedy: `Add rows of ${one ? 'this class' : 'these classes'}, join ${one ? 'it' : 'them'} with another, or remove ${one ? 'the row' : 'the rows'}.`,
      rows: [rowsIn(rows.name, found)],
    },
  ];
};

/** Share of one class from which saying it always looks like learning. */
const MOST_OF_ALL = 0.95;
const MOST_TO_LEAST = 100;

export interface Imbalance {
  readonly largest: readonly [label: string, rows: RowSet];
  readonly smallest: readonly [label: string, rows: RowSet];
  /** Of the largest class among all. */
  readonly share: number;
  /** The share alone makes a model that says nothing else look as if it had learned. */
  readonly oneIsAll: boolean;
}

/** Where one class has nearly all, or a hundred times as many as another. `all`: rows of all classes. */
export function imbalanceOf(classes: ReadonlyMap<string, RowSet>, all: number): Imbalance | undefined {
  const sizes = [...classes].sort(([, a], [, b]) => b.count - a.count);
  const [largest, smallest] = [sizes[0], sizes.at(-1)];
  if (!largest || !smallest || sizes.length < 2) return undefined;
  const share = largest[1].count / all;
  const oneIsAll = share >= MOST_OF_ALL;
  return oneIsAll || largest[1].count >= MOST_TO_LEAST * smallest[1].count ? { largest, smallest, share, oneIsAll } : undefined;
}

export const rareClassesRemedy = (what: string): string =>
  `Read F1 and Matthews correlation rather than accuracy; add ${what} of the rare classes, or take fewer of the frequent one.`;

export const unbalancedClasses: Check = (rows) => {
  const all = rows.labels.length;
  const found = labelledByRow(rows) || numbersOf(rows) ? undefined : imbalanceOf(rows.classes, all);
  if (found === undefined) return [];
  const { largest, smallest, share, oneIsAll } = found;
  return [
    {
      code: 'classes-unbalanced',
      message: `${quoted(largest[0])} has ${countText(largest[1].count)} of the ${plural(all, 'row')} of ${rows.name} (${(100 * share).toFixed(1)} %), ${quoted(smallest[0])} ${countText(smallest[1].count)} (${rowSetText(smallest[1])}).${oneIsAll ? ` A model that always says ${quoted(largest[0])} is right that often.` : ''}`,
      remedy: rareClassesRemedy('rows'),
      rows: [rowsIn(rows.name, smallest[1])],
    },
  ];
};

/** GLUE's test files have -1 for each label; PyTorch passes over -100. */
const isHidden = (label: string): boolean => [-1, -100].includes(numberOf(label) ?? 0);

export const hiddenLabels: Check = (rows) => {
  const hidden = [...rows.classes.keys()].filter(isHidden);
  // -1 beside 1 alone is a way to write two classes.
  if (hidden.length === 0 || [...rows.classes.keys()].every((label) => [-1, 1].includes(numberOf(label) ?? 0))) return [];
  const found = together(rows, hidden);
  return [
    {
      code: 'labels-hidden',
      message: `${plural(found.count, 'row')} of ${rows.name} ${found.count === 1 ? 'has' : 'have'} the label ${listed(hidden.map((label) => quoted(label)))} (${rowSetText(found)}). GLUE and others write it where the label is not known or kept secret; here it is a class like the others.`,
      remedy: 'Remove these rows unless it is a class of yours.',
      rows: [rowsIn(rows.name, found)],
    },
  ];
};

const MISSING = /^(?:nan|<na>|null|NA|N\/A|n\/a|#N\/A|#n\/a|None|undefined|-|\?|#VALUE!|#REF!|NaT)$/i;
/** A class may well be called so. */
const NAMED_NONE = new Set(['none', 'NONE', 'na', 'Na', 'UNDEFINED', 'Undefined']);

/** How programs write that there is nothing. */
export const isMissing = (value: string): boolean => MISSING.test(value) && !NAMED_NONE.has(value);

export const missingLabels: Check = (rows) => {
  const missing = [...rows.classes.keys()].filter(isMissing);
  if (missing.length === 0) return [];
  const found = together(rows, missing);
  return [
    {
      code: 'labels-missing',
      message: `${plural(found.count, 'row')} of ${rows.name} ${found.count === 1 ? 'has' : 'have'} the label ${listed(missing.map((label) => quoted(label)))} (${rowSetText(found)}), as programs write it where there is none. Here it is a class like the others.`,
      remedy: 'Fill in the labels or remove the rows, unless it is a class of yours.',
      rows: [rowsIn(rows.name, found)],
    },
  ];
};
