// Which column holds the text where nothing is to be predicted of it, and which the text to be written for another; guessed with reasons, those that are named kept.

import type { NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { columnIndex, type Table } from '../table/table.ts';
import type { ChosenColumns } from './choose.ts';
import { guessColumns } from './guess.ts';
import { isAside, isRowId, plainName, targetPairNames } from './names.ts';
import { profileColumns } from './profile.ts';

/** A text alone. Error: `missing-column`. */
export function textColumns(table: Table, named?: NamedColumns): ChosenColumns {
  const { columns, reasons } = guessColumns(table, { ...(named?.text === undefined ? {} : { text: named.text }), text_pair: null });
  return { columns: { text: columns.text }, reasons: reasons.text === undefined ? {} : { text: reasons.text } };
}

/** `translation.de`, `translation.en`: as the hub has one sentence in two languages. */
const isLanguage = (column: string): boolean => /(?:^|\.)translation\.[a-z]{2,3}$/i.test(column);

/** Columns of texts, the longest first. */
function textsIn(table: Table, taken: readonly string[]): readonly string[] {
  const able = profileColumns(table).filter(
    ({ at, name, filled, numbers, ids }) =>
      filled > 0.5 &&
      numbers < 0.9 &&
      !ids &&
      !taken.includes(name) &&
      !['list', 'object', 'bytes', 'image'].includes(table.kinds?.[at]?.kind ?? 'text') &&
      !(table.header && (isRowId(name) || isAside(name))),
  );
  return able.toSorted((a, b) => b.length - a.length || a.at - b.at).map(({ name }) => name);
}

function pairIn(table: Table): { readonly source: string; readonly target: string; readonly reason: string } | undefined {
  if (!table.header) return undefined;
  for (const [first, second] of targetPairNames) {
    const [source, target] = [first, second].map((name) => table.columns.find((column) => plainName(column) === name));
    if (source !== undefined && target !== undefined)
      return { source, target, reason: `'${source}' and '${target}' are often a text and what is written for it` };
  }
  const [source, target] = table.columns.filter(isLanguage);
  return source === undefined || target === undefined ? undefined : { source, target, reason: 'it is one of two languages' };
}

/** A text to predict of; what might be written for it only where that is named, or its column is called so. Error: `missing-column`. */
export function promptColumns(table: Table, named: NamedColumns = {}): ChosenColumns {
  if (named.target !== undefined) return targetColumns(table, named);
  const pair = pairIn(table);
  const text = named.text === undefined ? undefined : table.columns[columnIndex(table, named.text)];
  return pair !== undefined && (text ?? pair.source) === pair.source ? targetColumns(table, named) : textColumns(table, named);
}

/** A text and the text to be written for it. Errors: `missing-column`, `no-target-column`. */
export function targetColumns(table: Table, named: NamedColumns = {}): ChosenColumns {
  const nameOf = (column: string): string => table.columns[columnIndex(table, column)] ?? column;
  const [text, target] = [named.text, named.target].map((column) => (column === undefined ? undefined : nameOf(column)));
  if (text !== undefined && target !== undefined)
    return { columns: { text: named.text ?? text, target: named.target ?? target }, reasons: {} };
  const pair = pairIn(table);
  const fits = pair !== undefined && (text ?? pair.source) === pair.source && (target ?? pair.target) === pair.target;
  const taken = [text, target].filter((column) => column !== undefined);
  const free = textsIn(table, taken);
  const longest = 'its texts are the longest of those that are left';
  const source = text ?? (fits ? pair.source : free[0]);
  const written = target ?? (fits ? pair.target : free.find((column) => column !== source));
  if (source === undefined || written === undefined) {
    throw new RetraceError({
      code: 'no-target-column',
      message: `${table.name} has no second column of texts that could be the one to be written (columns: ${table.columns.join(', ')}).`,
      where: table.name,
      remedy: 'Use a table with a column of texts that are read and one of texts to be written for them.',
    });
  }
  const reason = fits ? pair.reason : longest;
  return {
    columns: { text: named.text ?? source, target: named.target ?? written },
    reasons: { ...(text === undefined ? { text: reason } : {}), ...(target === undefined ? { target: reason } : {}) },
  };
}
