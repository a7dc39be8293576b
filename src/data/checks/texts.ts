// What looks wrong with the texts, and with texts and labels together. Pure, over rows that are sound.
// Invariant: linear in the rows; a text is compared with others by its key, through a map.

import type { DataWarning } from '../../protocol/messages.ts';
import { countText, plural } from '../../protocol/sentences.ts';
import { looksLikeId } from '../cells.ts';
import { type Check, isMissing } from './labels.ts';
import { type CheckedRows, listed, quoted, type RowSet, rowSetText, rowsIn, rowsWhere } from './rows.ts';

const FEWEST_ROWS = 8;

const have = (value: number): string => (value === 1 ? 'has' : 'have');

/** Rows whose cell, in any column of texts, is so. */
const rowsOfTexts = ({ texts, pairs, numbers }: CheckedRows, test: (text: string) => boolean): RowSet =>
  rowsWhere(numbers, (row) => test(texts[row] ?? '') || (pairs !== undefined && test(pairs[row] ?? '')));

/** Longer texts are none of the words for nothing. */
const LONGEST_MISSING = 16;
const saysNothing = (text: string): boolean =>
  text.length <= LONGEST_MISSING && (isMissing(text.trim()) || /^\s*\[(?:deleted|removed)\]\s*$/.test(text));

export const wordlessTexts: Check = (rows) => {
  const missing = rowsOfTexts(rows, saysNothing);
  const wordless = rowsOfTexts(rows, (text) => text.trim() !== '' && !/[\p{L}\p{N}\p{So}]/u.test(text) && !saysNothing(text));
  return [
    ...(wordless.count === 0
      ? []
      : [
          {
            code: 'texts-without-words',
            message: `${plural(wordless.count, 'text')} of ${rows.name} ${have(wordless.count)} no letter and no digit (${rowSetText(wordless)}).`,
            remedy: 'Fill in the texts or remove the rows: nothing can be learned from them.',
            rows: [rowsIn(rows.name, wordless)],
          },
        ]),
    ...(missing.count === 0
      ? []
      : [
          {
            code: 'texts-missing',
            message: `${plural(missing.count, 'text')} of ${rows.name} ${missing.count === 1 ? 'is' : 'are'} what programs write where there is none, such as "nan" or "[deleted]" (${rowSetText(missing)}).`,
            remedy: 'Fill in the texts or remove the rows.',
            rows: [rowsIn(rows.name, missing)],
          },
        ]),
  ];
};

const shownText = ({ texts, pairs }: CheckedRows, row: number): string =>
  [texts[row] ?? '', ...(pairs === undefined ? [] : [pairs[row] ?? ''])].map((text) => quoted(text)).join(' with ');

export const repeatedTexts: Check = (rows) => {
  const { name, numbers, labels, firstRow } = rows;
  const again = rowsWhere(numbers, (row) => firstRow[row] !== row);
  if (again.count === 0) return [];
  const repeatedFirst = firstRow[firstRow.findIndex((first, row) => first !== row)] ?? 0;
  const contrary = new Map<number, number>();
  firstRow.forEach((first, row) => {
    if (labels[first] !== labels[row] && !contrary.has(first)) contrary.set(first, row);
  });
  const { one, many } = rows.what;
  const warnings: DataWarning[] = [
    {
      code: 'texts-repeated',
      message: `${plural(again.count, 'row')} of ${name} ${again.count === 1 ? 'repeats' : 'repeat'} a ${one} of a row before (${rowSetText(again)}), such as ${shownText(rows, repeatedFirst)}.`,
      remedy: 'Remove the repetitions, unless it is meant that these rows count more.',
      rows: [rowsIn(name, again)],
    },
  ];
  const [example] = contrary;
  if (example === undefined) return warnings;
  const there = rowsWhere(numbers, (row) => contrary.has(firstRow[row] ?? row));
  const [first, other] = example;
  const shown = (row: number): string => `${quoted(labels[row] ?? '')} in row ${numbers[row]}`;
  return [
    ...warnings,
    {
      code: 'labels-contradict',
      message: `${plural(contrary.size, one, many)} of ${name} ${have(contrary.size)} different labels in different rows (${rowSetText(there)}): ${shownText(rows, first)} is ${shown(first)} and ${shown(other)}.`,
      remedy: 'Decide on one label for each, or remove these rows: no model can be right about them.',
      rows: [rowsIn(name, there)],
    },
  ];
};

export const idsAsTexts: Check = (rows) => {
  const columns = [
    { column: rows.textColumn, texts: rows.texts },
    ...(rows.pairs === undefined || rows.pairColumn === undefined ? [] : [{ column: rows.pairColumn, texts: rows.pairs }]),
  ];
  return columns.flatMap(({ column, texts }) => {
    const ids = rowsWhere(rows.numbers, (row) => looksLikeId((texts[row] ?? '').trim()));
    if (texts.length < FEWEST_ROWS || ids.count < 0.9 * texts.length) return [];
    return [
      {
        code: 'texts-are-ids',
        message: `${countText(ids.count)} of the ${plural(texts.length, 'text')} in column "${column}" of ${rows.name} look like numbers, ids or links (${listed(texts.slice(0, 3).map((text) => quoted(text)))}), not like texts.`,
        remedy: 'Choose another text column.',
        rows: [rowsIn(rows.name, ids)],
      },
    ];
  });
};

const LEAK_SHARE = 0.5;

/** In most rows what is to be written is what is read. */
const targetsAreTexts: Check = ({ name, numbers, texts, pairs = [], textColumn, pairColumn }) => {
  const same = rowsWhere(numbers, (row) => texts[row]?.trim() === pairs[row]?.trim());
  if (texts.length < FEWEST_ROWS || same.count < LEAK_SHARE * texts.length) return [];
  return [
    {
      code: 'targets-are-texts',
      message: `In ${countText(same.count)} of the ${plural(texts.length, 'row')} of ${name} the text to be written is the text that is read (${rowSetText(same)}).`,
      remedy: `Columns "${textColumn}" and "${pairColumn}" hold the same: choose another, unless copying is what is to be learned.`,
      rows: [rowsIn(name, same)],
    },
  ];
};

/** Of texts alone, and of texts with those to be written; in the order in which they are shown. */
export const textChecks: readonly Check[] = [idsAsTexts, wordlessTexts, repeatedTexts];
export const targetChecks: readonly Check[] = [idsAsTexts, targetsAreTexts, wordlessTexts, repeatedTexts];

const letter = /[\p{L}\p{N}]/u;

/** Whether the words stand in the text by themselves. Both in lower case. */
function stands(words: string, text: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (!letter.test(text[at - 1] ?? ' ') && !letter.test(text[at + words.length] ?? ' ')) return true;
  }
  return false;
}

/** So many rows show whether it is worth looking at all of them. */
const GLANCE_ROWS = 1000;

export const labelsInTexts: Check = (rows) => {
  const { texts, pairs, labels, numbers, name } = rows;
  if (labels.length < FEWEST_ROWS) return [];
  const same = rowsWhere(numbers, (row) => texts[row]?.trim() === labels[row] || pairs?.[row]?.trim() === labels[row]);
  if (same.count >= LEAK_SHARE * labels.length) {
    return [
      {
        code: 'labels-are-texts',
        message: `In ${countText(same.count)} of the ${plural(labels.length, 'row')} of ${name} the label is the text itself (${rowSetText(same)}).`,
        remedy: `Columns "${rows.textColumn}" and "${rows.labelColumn}" hold the same: choose another text or label column.`,
        rows: [rowsIn(name, same)],
      },
    ];
  }
  const all = [...rows.classes.keys()];
  const formsOf = new Map(all.map((label) => [label, [...new Set([label.toLowerCase(), label.toLowerCase().replaceAll('_', ' ')])]]));
  // Another class's label shows how often such words stand in texts anyhow.
  const otherOf = new Map(all.map((label, i) => [label, all[(i + 1) % all.length] ?? '']));
  const has = (row: number, label: string): boolean => {
    const text = (pairs === undefined ? (texts[row] ?? '') : `${texts[row]}\n${pairs[row]}`).toLowerCase();
    return (formsOf.get(label) ?? []).some((words) => stands(words, text));
  };
  const labelOf = (row: number): string => labels[row] ?? '';
  const step = Math.max(1, Math.floor(labels.length / GLANCE_ROWS));
  const glance = rowsWhere(numbers, (row) => row % step === 0 && has(row, labelOf(row)));
  if (glance.count < (0.8 * LEAK_SHARE * labels.length) / step) return [];
  const own = rowsWhere(numbers, (row) => has(row, labelOf(row)));
  const strange = rowsWhere(numbers, (row) => has(row, otherOf.get(labelOf(row)) ?? ''));
  if (own.count < LEAK_SHARE * labels.length || strange.count > own.count / 2) return [];
  const [row] = own.first;
  return [
    {
      code: 'labels-in-texts',
      message: `In ${countText(own.count)} of the ${plural(labels.length, 'row')} of ${name} the label stands in the text (${rowSetText(own)}), such as ${quoted(labelOf(numbers.indexOf(row ?? 0)))} in row ${row}. A model learns to look for the word and fails where it is absent.`,
      remedy: 'Take the label out of the texts, unless they will carry it later too.',
      rows: [rowsIn(name, own)],
    },
  ];
};
