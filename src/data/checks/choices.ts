// What looks wrong with questions and their answers. Pure, over rows that are sound: a question, two answers or more, one of them right (../choices.ts).

import { countText, plural } from '../../protocol/sentences.ts';
import { placesOf } from '../choices.ts';
import type { Check } from './labels.ts';
import { quoted, rowSetText, rowsIn, rowsWhere } from './rows.ts';
import { type SplitCheck, textsInBoth } from './split.ts';
import { idsAsTexts, repeatedTexts, wordlessTexts } from './texts.ts';

/** In fewer rows the right answers may well stand where they stand by chance. */
const FEWEST_ROWS = 30;

/** Two answers that are the same words: which of them is right nobody can say. */
const sameAnswers: Check = ({ name, numbers, choices = [] }) => {
  const isDouble = (texts: readonly string[]): boolean => new Set(texts.map((text) => text.trim())).size < texts.length;
  const found = rowsWhere(numbers, (row) => isDouble(choices[row]?.texts ?? []));
  const { texts: first = [] } = choices.find(({ texts }) => isDouble(texts)) ?? {};
  if (found.count === 0) return [];
  const twice = first.find((text, place) => first.findIndex((other) => other.trim() === text.trim()) < place) ?? '';
  return [
    {
      code: 'choices-repeated',
      message: `${plural(found.count, 'question')} of ${name} ${found.count === 1 ? 'has' : 'have'} an answer twice (${rowSetText(found)}), such as ${quoted(twice)}.`,
      remedy: 'Write another answer, or remove the rows: where the right answer stands twice, one of the two counts as wrong.',
      rows: [rowsIn(name, found)],
    },
  ];
};

/** Places that the right answer never has, or always: the label may count from 1, or be no label. */
const placesOfAnswers: Check = ({ name, numbers, labels, labelColumn, choices = [] }) => {
  const found = rowsWhere(numbers, () => true);
  // One text for all rows, or none in common: the label is a column of words.
  if (labels.length < FEWEST_ROWS || labels.some((label) => label.length > 2)) return [];
  const places = placesOf(labels, choices);
  const seen = new Set(places);
  const column = `column "${labelColumn}" of ${name}`;
  if (seen.size === 1) {
    return [
      {
        code: 'answers-in-one-place',
        message: `The right answer is number ${(places[0] ?? 0) + 1} of each of the ${countText(labels.length)} questions, by ${column}.`,
        remedy:
          'Nothing has to be done if that is meant: answers are judged each by itself. Else choose the column that says which is right.',
        rows: [rowsIn(name, found)],
      },
    ];
  }
  if (seen.has(0) || !labels.every((label) => /^\d+$/.test(label))) return [];
  return [
    {
      code: 'answers-never-first',
      message: `The right answer is never the first in the ${countText(labels.length)} questions of ${name}: the numbers in ${column} may count from 1, and are read as counting from 0.`,
      remedy: 'Subtract 1 from them, or write letters, unless it is meant.',
      rows: [rowsIn(name, found)],
    },
  ];
};

/** In the order in which they are shown. */
export const choiceChecks: readonly Check[] = [idsAsTexts, placesOfAnswers, sameAnswers, wordlessTexts, repeatedTexts];

export const choiceSplitChecks: readonly SplitCheck[] = [textsInBoth];
