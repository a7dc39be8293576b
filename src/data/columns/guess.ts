// Which column is the text and which the label, guessed so that most files need no choice, each guess with its reason. A proposal to show, never
// a decision. Invariant: names decide before content does, unless the cells say that the name can't be meant (a "title" of numbers).

import type { ColumnReasons, Columns, NamedColumns } from '../../protocol/config.ts';
import { countText, plural } from '../../protocol/sentences.ts';
import { numberOf } from '../cells.ts';
import { columnIndex, type Table } from '../table/table.ts';
import {
  hasLabelWord,
  hasTextWord,
  isAside,
  isRowId,
  kindNames,
  labelNames,
  nameWords,
  pairEnds,
  pairNames,
  plainName,
  scoreNames,
  sideNames,
  textNames,
} from './names.ts';
import { type ColumnProfile, profileColumns, sampleRows } from './profile.ts';

export interface ColumnGuess {
  /** The label is absent where no other column is left. */
  readonly columns: Columns;
  /** Of those that were guessed, not named. */
  readonly reasons: ColumnReasons;
}

interface Choice {
  readonly column: ColumnProfile;
  readonly reason: string;
}
type Profiles = readonly ColumnProfile[];

const quoted = (value: string): string => `"${value.length > 24 ? `${value.slice(0, 23)}…` : value}"`;

/** Its cells may be texts. */
const isText = ({ filled, numbers, ids }: ColumnProfile): boolean => filled > 0.5 && numbers < 0.9 && !ids;
/** Its cells may be labels: they differ, and are no sentences. */
const isLabel = ({ filled, distinct, words }: ColumnProfile): boolean => filled > 0.5 && distinct >= 2 && words < 8;

const byName = (columns: Profiles, name: string): ColumnProfile | undefined => columns.find((column) => plainName(column.name) === name);
const least = (columns: Profiles): ColumnProfile | undefined => columns.toSorted((a, b) => a.distinct - b.distinct || a.at - b.at)[0];

/** Two names that are the same but for `1` and `2`, `a` and `b` ... */
function pairByEnds(columns: Profiles): readonly [ColumnProfile, ColumnProfile] | undefined {
  for (const column of columns) {
    const words = nameWords(column.name);
    for (const [one, other] of pairEnds) {
      const at = words.lastIndexOf(one);
      if (at < 0 || words.length < 2) continue;
      const sought = words.with(at, other).join(' ');
      const second = columns.find(({ name }) => nameWords(name).join(' ') === sought);
      if (second && column.words >= 2 && second.words >= 2) return [column, second];
    }
  }
  return undefined;
}

/** Two columns of texts whose rows share words: a sentence and its paraphrase, a premise and a hypothesis. */
function pairByContent(table: Table, columns: Profiles): readonly [ColumnProfile, ColumnProfile] | undefined {
  const texts = columns.filter((column) => isText(column) && column.words >= 3);
  const [first, second] = texts;
  if (texts.length !== 2 || !first || !second || first.length > 3 * second.length || second.length > 3 * first.length) return undefined;
  const rows = sampleRows(table.rows);
  const wordsOf = (text: string | undefined): Set<string> => new Set(text?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const seconds = rows.map((row) => wordsOf(row[second.at]));
  /** Words of the first text that stand in the second of a row that is so many rows on. */
  const shared = (shift: number): number =>
    rows.reduce((sum, row, i) => {
      const words = [...wordsOf(row[first.at])];
      return sum + words.filter((word) => seconds[(i + shift) % rows.length]?.has(word)).length / Math.max(1, words.length);
    }, 0) / rows.length;
  return rows.length >= 8 && shared(0) > 0.2 + shared(Math.ceil(rows.length / 2)) ? [first, second] : undefined;
}

function choosePair(table: Table, columns: Profiles): readonly [Choice, Choice] | undefined {
  const texts = columns.filter(isText);
  const because = ([first, second]: readonly [ColumnProfile, ColumnProfile], reason: string, again: string): readonly [Choice, Choice] => [
    { column: first, reason },
    { column: second, reason: again },
  ];
  if (table.header) {
    for (const names of pairNames) {
      const [first, second] = names.map((name) => byName(texts, name));
      if (first && second)
        return because(
          [first, second],
          `pairs of texts are often called '${first.name}' and '${second.name}'`,
          `it goes with '${first.name}'`,
        );
    }
    const alike = pairByEnds(texts.filter(({ name }) => !isRowId(name) && !isAside(name)));
    if (alike) return because(alike, `'${alike[0].name}' and '${alike[1].name}' are named as a pair`, `it goes with '${alike[0].name}'`);
    // A plain name says which column is the text: no other is joined to it by content.
    if (textNames.some((name) => byName(texts, name))) return undefined;
  }
  const alike = pairByContent(
    table,
    columns.filter(({ name }) => !table.header || (!isRowId(name) && !isAside(name))),
  );
  return alike && because(alike, 'its texts share words with those beside them in another column', 'its texts share words with the first');
}

function chooseText(columns: Profiles, header: boolean): Choice | undefined {
  const texts = columns.filter(isText);
  const named = header ? textNames.map((name) => byName(texts, name)).find(Boolean) : undefined;
  if (named) {
    const others = texts.filter((column) => column !== named && column.words >= 3 && !isAside(column.name) && !isRowId(column.name));
    const more = others.length === 0 ? '' : `; ${others.map(({ name }) => `'${name}'`).join(', ')} could be a text too`;
    return { column: named, reason: `texts are often called '${named.name}'${more}` };
  }
  const longest = (some: Profiles): ColumnProfile | undefined => some.toSorted((a, b) => b.length - a.length || a.at - b.at)[0];
  const worded = header ? longest(texts.filter(({ name }) => hasTextWord(name))) : undefined;
  if (worded) return { column: worded, reason: `'${worded.name}' sounds like a text` };
  const plain = header ? texts.filter(({ name }) => !isRowId(name) && !isAside(name)) : texts;
  const column = [plain, texts, columns.filter(({ name }) => !header || !isRowId(name)), columns].map(longest).find(Boolean);
  if (!column) return undefined;
  const { words, length } = column;
  return {
    column,
    reason: `its texts are the longest: ${words < 1.5 ? `${Math.round(length)} characters` : `${Math.round(words)} words`} on average`,
  };
}

/** `its 2 values are "0" and "1"`, over all rows. */
function valuesText(table: Table, at: number): string {
  const values = new Set(table.rows.map((row) => (row[at] ?? '').trim()));
  values.delete('');
  // Of named classes it is none: rows without a label are passed over.
  if (table.kinds?.[at]?.classes !== undefined) values.delete('-1');
  const numbers = [...values].map(numberOf);
  const rows = `in ${plural(table.rows.length, 'row')}`;
  if (values.size === 0) return `it is empty ${rows}`;
  if (values.size <= 4) {
    const sorted = [...values].sort().map(quoted);
    return values.size === 1
      ? `its only value is ${sorted[0]}`
      : `its ${values.size} values are ${sorted.slice(0, -1).join(', ')} and ${sorted.at(-1)}`;
  }
  if (numbers.some((number) => number === undefined)) return `it has ${countText(values.size)} different values ${rows}`;
  const [low, high] = numbers.reduce<[number, number]>(([a, b], n = 0) => [Math.min(a, n), Math.max(b, n)], [Infinity, -Infinity]);
  return `it has ${countText(values.size)} different values ${rows}, numbers from ${low} to ${high}`;
}

/** A label column whose name says so. The beginning of a file that is sorted by its label has one value of it. */
function labelByName(columns: Profiles, seen: 'all rows' | 'the first'): Choice | undefined {
  const labels = columns.filter(isLabel);
  const maybe = seen === 'all rows' ? labels : columns.filter((column) => isLabel({ ...column, distinct: column.distinct + 1 }));
  const first = (names: readonly string[], of: Profiles) => names.map((name) => byName(of, name)).find(Boolean);
  const plain = first(labelNames, maybe);
  if (plain) return { column: plain, reason: `labels are often called '${plain.name}'` };
  const kinds = labels.filter(({ name }) => kindNames.includes(plainName(name)));
  const kind = least(kinds);
  if (kind) {
    const others = kinds.filter((column) => column !== kind).map(({ name }) => `'${name}'`);
    return {
      column: kind,
      reason: `labels are often called '${kind.name}'${others.length === 0 ? '' : `, and of it and ${others.join(', ')} it has the fewest values`}`,
    };
  }
  const score = first(scoreNames, labels);
  if (score) return { column: score, reason: `labels are often called '${score.name}'` };
  const worded = least(labels.filter(({ name }) => hasLabelWord(name)));
  if (worded) return { column: worded, reason: `'${worded.name}' sounds like a label` };
  const side = least(labels.filter(({ name }) => sideNames.includes(plainName(name))));
  if (side) return { column: side, reason: `'${side.name}' is often a label, and no other column is called like one` };
  // Of one value only, or another in each row: the name alone speaks for it.
  const any = first([...labelNames, ...kindNames, ...scoreNames], columns);
  return any && { column: any, reason: `labels are often called '${any.name}'` };
}

/** A label column whose numbers stand for classes that the file or its data set names: who does that says which column the label is. */
function labelByClasses({ kinds = [] }: Table, columns: Profiles): Choice | undefined {
  const classesOf = ({ at }: ColumnProfile): number => kinds[at]?.classes?.length ?? 0;
  const named = columns.filter((column) => classesOf(column) > 0);
  const column =
    labelNames.map((name) => byName(named, name)).find(Boolean) ?? named.toSorted((a, b) => classesOf(a) - classesOf(b) || a.at - b.at)[0];
  if (!column) return undefined;
  const others = named.filter((other) => other !== column).map(({ name }) => `'${name}'`);
  return {
    column,
    reason: `its ${classesOf(column)} classes have names${others.length === 0 ? '' : ` (as have those of ${others.join(', ')})`}`,
  };
}

/** The label is a column with few values: that with the fewest, of those that vary. */
function labelByContent(columns: Profiles, header: boolean): Choice | undefined {
  const able = header ? columns.filter(({ name }) => !isRowId(name)) : columns;
  const plain = header ? able.filter(({ name }) => !isAside(name)) : able;
  const noIds = (some: Profiles): Profiles => some.filter((column) => isLabel(column) && !column.ids);
  const column = [noIds(plain), noIds(able), able.filter(({ distinct }) => distinct >= 2), able].map(least).find(Boolean);
  return column && { column, reason: 'it has the fewest values of the columns that are left' };
}

/**
 * The columns' parts. Those in `named` are kept as they are, and the others guessed around them; a text that is named has no pair unless that
 * is named too, and a pair of `null` is none. Error: `missing-column` for a name that the table doesn't have.
 */
export function guessColumns(table: Table, named: NamedColumns = {}): ColumnGuess {
  const profiles = profileColumns(table);
  const given = [named.text, named.text_pair, named.label].filter((name) => typeof name === 'string');
  const takenAt = given.map((name) => columnIndex(table, name));
  // Lists and objects are no texts and no labels.
  const readable = profiles.filter(({ at }) => !['list', 'object', 'bytes', 'image'].includes(table.kinds?.[at]?.kind ?? 'text'));
  const free = (readable.length > 0 ? readable : profiles).filter(({ at }) => !takenAt.includes(at));
  const byWord = () => (table.header ? labelByName(free, table.sampledFrom === undefined ? 'all rows' : 'the first') : undefined);
  const label = named.label === undefined ? (labelByClasses(table, free) ?? byWord()) : undefined;
  const withoutLabel = free.filter((column) => column !== label?.column);

  const pair = named.text === undefined && named.text_pair === undefined ? choosePair(table, withoutLabel) : undefined;
  const text =
    pair?.[0] ?? (named.text === undefined ? (chooseText(withoutLabel, table.header) ?? chooseText(free, table.header)) : undefined);
  const left = free.filter((column) => column !== text?.column && column !== pair?.[1].column);
  const labelled =
    named.label === undefined ? (label && left.includes(label.column) ? label : labelByContent(left, table.header)) : undefined;

  const text_pair = named.text_pair ?? pair?.[1].column.name;
  const labelName = named.label ?? labelled?.column.name;
  return {
    columns: {
      text: named.text ?? text?.column.name ?? String(0),
      ...(text_pair === undefined ? {} : { text_pair }),
      ...(labelName === undefined ? {} : { label: labelName }),
    },
    reasons: {
      ...(text ? { text: text.reason } : {}),
      ...(pair ? { text_pair: pair[1].reason } : {}),
      ...(labelled ? { label: `${labelled.reason}; ${valuesText(table, labelled.column.at)}` } : {}),
    },
  };
}
