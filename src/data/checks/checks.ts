// What looks wrong with the data and should be known before a run: the list of all checks. They warn; what can't be learned from at all is
// refused by src/data/examples.ts. Invariant: the checks see rows, never tokens, and change nothing.

import type { DataWarning } from '../../protocol/messages.ts';
import {
  alikeLabels,
  type Check,
  hiddenLabels,
  labelOfEachRow,
  missingLabels,
  numbersAsLabels,
  singleRows,
  unbalancedClasses,
  untrimmedLabels,
} from './labels.ts';
import type { CheckedRows } from './rows.ts';
import { classesNotEvaluated, type Evaluation, type SplitCheck, textsInBoth } from './split.ts';
import { idsAsTexts, labelsInTexts, repeatedTexts, wordlessTexts } from './texts.ts';

/** Of classes, in the order in which they are shown: what spoils a run most comes first. */
export const classChecks: readonly Check[] = [
  labelOfEachRow,
  numbersAsLabels,
  idsAsTexts,
  labelsInTexts,
  hiddenLabels,
  missingLabels,
  alikeLabels,
  untrimmedLabels,
  singleRows,
  unbalancedClasses,
  wordlessTexts,
  repeatedTexts,
];

/** Likewise, between the rows that are trained on and those that are evaluated with. */
export const classSplitChecks: readonly SplitCheck[] = [textsInBoth, classesNotEvaluated];

/** Of the classes of pictures, which say nothing of the pictures themselves: those are read by `checkPictures` (pictures.ts). */
export const pictureClassChecks: readonly Check[] = [labelOfEachRow, hiddenLabels, missingLabels, alikeLabels, untrimmedLabels];
export const pictureSplitChecks: readonly SplitCheck[] = [classesNotEvaluated];

/** Of the rows of one file, before any are held back. */
export const checkRows = (rows: CheckedRows, checks = classChecks): DataWarning[] => checks.flatMap((check) => check(rows));

/** Of the rows of the training file beside those that are evaluated with. */
export const checkSplit = (rows: CheckedRows, evaluation: Evaluation, checks = classSplitChecks): DataWarning[] =>
  checks.flatMap((check) => check(rows, evaluation));
