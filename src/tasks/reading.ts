// The reading half of tasks that are made of choices, of texts alone, or of texts to be written: which columns they need, how rows become examples, what is
// looked for in them. A task's row takes one of these in; encoding, loss and scores are its own. Classes and numbers read in their own files.

import { pictureClassChecks, pictureSplitChecks } from '../data/checks/checks.ts';
import { choiceChecks, choiceSplitChecks } from '../data/checks/choices.ts';
import { textsInBoth } from '../data/checks/split.ts';
import { targetChecks, textChecks } from '../data/checks/texts.ts';
import { toChoiceExamples, toQuestions } from '../data/choices.ts';
import { choiceColumns, questionColumns } from '../data/columns/choices.ts';
import { pictureColumns, unlabelledPictureColumns } from '../data/columns/pictures.ts';
import { promptColumns, targetColumns, textColumns } from '../data/columns/texts.ts';
import { labelledRows } from '../data/examples.ts';
import { toPictureExamples, toUnlabelledPictures } from '../data/pictures/examples.ts';
import { rowsWithText, toPrompts, toTargetExamples, toTexts } from '../data/texts.ts';
import type { DataRef } from '../protocol/config.ts';
import { inContextOf, questionAndAnswer, withContexts } from './question_sets.ts';
import type { Task } from './task.ts';

type Reading = Pick<Task, 'learns' | 'parts' | 'columnsOf' | 'rowsOf' | 'examplesOf' | 'unlabelled' | 'inContext' | 'checks' | 'reads'>;

/** A question, or a passage and a question, with its choices; for models that score each choice beside it. */
export const choiceReading: Reading = {
  learns: 'choice',
  parts: { needed: ['text', 'choices', 'label'], optional: ['text_pair'] },
  columnsOf: choiceColumns,
  rowsOf: labelledRows,
  examplesOf: toChoiceExamples,
  unlabelled: { columnsOf: questionColumns, examplesOf: toQuestions },
  checks: { rows: choiceChecks, split: choiceSplitChecks },
};

/** The same as a context that a language model goes on from: each choice behind it is an answer. */
export const questionReading: Reading = {
  ...choiceReading,
  examplesOf: withContexts(questionAndAnswer),
  inContext: inContextOf(questionAndAnswer),
};

/** Pictures and their classes. */
export const pictureReading: Reading = {
  learns: 'class',
  parts: { needed: ['image', 'label'], optional: [] },
  columnsOf: pictureColumns,
  rowsOf: labelledRows,
  examplesOf: toPictureExamples,
  unlabelled: { columnsOf: unlabelledPictureColumns, examplesOf: toUnlabelledPictures },
  checks: { rows: pictureClassChecks, split: pictureSplitChecks },
};

/** A file of text has a text on each line, whatever commas stand in it. */
const readLines = (data: DataRef): DataRef =>
  data.kind === 'file' && /\.(?:txt|text|md)$/i.test(data.name) ? { separator: '', quote: '', header: false, ...data } : data;

/** Texts alone. */
export const textReading: Reading = {
  learns: 'continuation',
  parts: { needed: ['text'], optional: [] },
  reads: readLines,
  columnsOf: textColumns,
  rowsOf: rowsWithText,
  examplesOf: toTexts,
  unlabelled: { columnsOf: textColumns, examplesOf: toPrompts },
  checks: { rows: textChecks, split: [textsInBoth] },
};

/** Texts with what is to be written for each. */
export const targetReading: Reading = {
  learns: 'text',
  parts: { needed: ['text', 'target'], optional: [] },
  columnsOf: targetColumns,
  rowsOf: (table) => table,
  examplesOf: toTargetExamples,
  unlabelled: { columnsOf: promptColumns, examplesOf: toPrompts },
  checks: { rows: targetChecks, split: [textsInBoth] },
};
