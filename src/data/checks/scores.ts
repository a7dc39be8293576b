// What looks wrong with numbers to predict. Pure, over rows whose label column holds finite numbers: what holds others is refused (../examples.ts).

import { countText, plural } from '../../protocol/sentences.ts';
import { numberOf } from '../cells.ts';
import type { Check } from './labels.ts';
import { type CheckedRows, rowSetText, rowsIn, rowsWhere } from './rows.ts';
import { type SplitCheck, textsInBoth } from './split.ts';
import { idsAsTexts, repeatedTexts, wordlessTexts } from './texts.ts';

const scoresOf = ({ labels }: CheckedRows): Float64Array => Float64Array.from(labels, (label) => numberOf(label) ?? Number.NaN);

/** Below a quarter of these, a few rows say nothing of what is usual. */
const FEWEST_ROWS = 20;
/** So many widths of the middle half away from it, as for the far outliers of a box plot, and as much again: skewed scores are no faults. */
const FAR = 6;

/** A number far from all others: most often a slip of the keyboard, or a code for "none". Its square rules the loss. */
const farScores: Check = (rows) => {
  const scores = scoresOf(rows);
  if (scores.length < FEWEST_ROWS) return [];
  const sorted = Float64Array.from(scores).sort();
  const [low, high] = [0.25, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))] as number) as [number, number];
  const width = high - low;
  if (width === 0) return [];
  const isFar = (score: number): boolean => score < low - FAR * width || score > high + FAR * width;
  const found = rowsWhere(rows.numbers, (row) => isFar(scores[row] as number));
  if (found.count === 0) return [];
  const [first] = scores.filter(isFar);
  return [
    {
      code: 'scores-far-off',
      message: `${plural(found.count, 'number')} in column "${rows.labelColumn}" of ${rows.name} ${found.count === 1 ? 'lies' : 'lie'} far from the others, of which half are between ${low} and ${high}: ${first}${found.count === 1 ? '' : ' among them'} (${rowSetText(found)}). The squared error of such a row outweighs those of many others.`,
      remedy: 'Correct the numbers or remove the rows, unless they are meant.',
      rows: [rowsIn(rows.name, found)],
    },
  ];
};

/** Two numbers in many rows are rather two classes. */
const twoScores: Check = (rows) => {
  if (rows.labels.length < FEWEST_ROWS || rows.classes.size !== 2) return [];
  const [a, b] = [...rows.classes.keys()];
  return [
    {
      code: 'scores-are-classes',
      message: `Column "${rows.labelColumn}" of ${rows.name} holds ${a} and ${b} alone in ${countText(rows.labels.length)} rows: that looks like two classes, not like a number.`,
      remedy: 'Choose classification, or another column.',
      rows: [],
    },
  ];
};

/** In the order in which they are shown. */
export const scoreChecks: readonly Check[] = [idsAsTexts, farScores, twoScores, wordlessTexts, repeatedTexts];

export const scoreSplitChecks: readonly SplitCheck[] = [textsInBoth];
