// Which columns hold the question, the answers to choose among, and which of them is right, guessed with reasons; those that are named are kept.
// Invariant: a column is guessed to say which answer is right only where its name or nearly all of its values say so.

import type { Columns, NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { labelsFileOf } from '../../protocol/reading.ts';
import { choicesOf, placesOf } from '../choices.ts';
import { columnIndex, type Table } from '../table/table.ts';
import type { ChosenColumns } from './choose.ts';
import { guessColumns } from './guess.ts';
import { answerNames, choiceStems, choicesNames, nameWords, passageNames, plainName, questionNames } from './names.ts';
import { sampleRows } from './profile.ts';

interface Guess<T> {
  readonly value: T;
  readonly reason: string;
}

/** Some rows tell as much as all. */
const sampled = (table: Table): Table => ({ ...table, rows: sampleRows(table.rows), rowNumbers: sampleRows(table.rowNumbers) });

/** Share of the rows of which something has to hold. */
const NEARLY_ALL = 0.9;

const firstNamed = (columns: readonly string[], names: readonly string[]): string | undefined =>
  names.map((name) => columns.find((column) => plainName(column) === name)).find((column) => column !== undefined);

const holds = (table: Table, test: (row: number) => boolean): boolean =>
  table.rows.filter((_, row) => test(row)).length >= NEARLY_ALL * Math.max(1, table.rows.length);

const holdsChoices = (table: Table, columns: readonly string[]): boolean => {
  const choices = choicesOf(table, columns);
  return holds(table, (row) => (choices(row)?.texts.length ?? 0) >= 2);
};

/** `ending0`: the stem `ending` and the counter `0`; `option_b`: `option`, `b`; `A`: no stem. */
function counted(column: string): { readonly stem: string; readonly counter: string } | undefined {
  const words = nameWords(column);
  const counter = words.at(-1) ?? '';
  return (words.length > 1 ? /^(?:\d|[a-f])$/ : /^[a-f]$/).test(counter) ? { stem: words.slice(0, -1).join(''), counter } : undefined;
}

/** Columns whose names differ in a counter alone, by what answers are called; with wrong answers goes the column of the right one. */
function columnsByCounter(columns: readonly string[]): Guess<readonly string[]> | undefined {
  for (const stem of choiceStems) {
    const alike = columns.filter((column) => counted(column)?.stem === stem);
    const right = stem === 'distractor' || stem === 'incorrectanswer' ? firstNamed(columns, ['correctanswer']) : undefined;
    const all = [...alike, ...(right === undefined ? [] : [right])];
    if (all.length < 2) continue;
    const ordered = alike.toSorted((a, b) => ((counted(a)?.counter ?? '') < (counted(b)?.counter ?? '') ? -1 : 1));
    return {
      value: [...ordered, ...(right === undefined ? [] : [right])],
      reason: `answers are often called ${all.map((column) => `'${column}'`).join(', ')}`,
    };
  }
  return undefined;
}

function choicesIn(table: Table, columns: readonly string[]): Guess<readonly string[]> | undefined {
  const some = sampled(table);
  const lists = columns.filter((column) => holdsChoices(some, [column]));
  const named = firstNamed(lists, choicesNames);
  if (named !== undefined) return { value: [named], reason: `lists of answers are often called '${named}'` };
  const several = table.header ? columnsByCounter(columns) : undefined;
  if (several !== undefined) return several;
  const [list] = lists;
  return list === undefined ? undefined : { value: [list], reason: 'it holds lists of texts' };
}

/** The column that says which of the answers is right. */
function answerIn(table: Table, columns: readonly string[], choices: readonly string[]): Guess<string> | undefined {
  const own = choices.length > 1 ? firstNamed(choices, ['correctanswer']) : undefined;
  if (own !== undefined) return { value: own, reason: 'it holds the right answer in every row' };
  const some = sampled(table);
  const choicesAt = choicesOf(some, choices);
  const of = some.rows.map((_, row) => choicesAt(row) ?? { texts: [] });
  const fits = (column: string): boolean => {
    const at = columnIndex(table, column);
    const values = some.rows.map((row) => (row[at] ?? '').trim());
    const places = placesOf(values, of);
    // GLUE and others write -1 where the answer is kept secret.
    return holds(some, (row) => (places[row] ?? -1) >= 0 || values[row] === '-1');
  };
  const able = columns.filter(fits);
  // Where no values fit, the name alone may speak: what is wrong with them is said when they are read.
  const named = firstNamed(able, answerNames) ?? firstNamed(columns, answerNames);
  if (named !== undefined) return { value: named, reason: `the right answer is often called '${named}'` };
  const [first] = able;
  return first === undefined ? undefined : { value: first, reason: 'each of its values names one of the answers' };
}

const wrongTable = (code: string, table: Table, what: string, remedy: string): RetraceError =>
  new RetraceError({
    code,
    message: `${table.name} has no column ${what} (columns: ${table.columns.join(', ')}).`,
    where: table.name,
    remedy,
  });

/** The answers, named or guessed, and what no other part may be. Errors: `missing-column`, `no-choices-column`. */
function answersIn(table: Table, named: NamedColumns) {
  const taken = [named.text, named.text_pair, named.label, ...(named.choices ?? [])].flatMap((name) =>
    typeof name === 'string' ? [table.columns[columnIndex(table, name)] ?? name] : [],
  );
  const without = (...used: readonly string[]): readonly string[] =>
    table.columns.filter((column) => !taken.includes(column) && !used.includes(column));
  const choices = named.choices === undefined ? choicesIn(table, without()) : undefined;
  const answers = named.choices ?? choices?.value;
  if (answers !== undefined) return { answers, without, reasons: choices === undefined ? {} : { choices: choices.reason } };
  throw wrongTable(
    'no-choices-column',
    table,
    'of answers to choose among',
    'Name the column that holds a list of them, or the columns that hold one each.',
  );
}

/**
 * A question (or a passage and a question), its answers, and which is right. Errors: `missing-column`, `no-choices-column`, `no-label-column`,
 * `no-question-column`.
 */
export function choiceColumns(table: Table, named: NamedColumns = {}): ChosenColumns {
  const { answers, without, reasons } = answersIn(table, named);
  const label = named.label === undefined ? answerIn(table, without(...answers), answers) : undefined;
  const labelled = named.label ?? label?.value;
  if (labelled === undefined) {
    throw wrongTable(
      'no-label-column',
      table,
      'that says which answer is right',
      `Name the column that holds its letter, its place counted from 0, or its words. Labels in a file of their own are read where it is called ${labelsFileOf(table.name)} and given with this one, or lies beside it.`,
    );
  }
  const texts = textsIn(table, named, without(...answers, labelled));
  const columns: Columns = { ...texts.columns, label: labelled, choices: [...answers] };
  return { columns, reasons: { ...texts.reasons, ...reasons, ...(label === undefined ? {} : { label: label.reason }) } };
}

/** The same of rows to predict of: a column that says which answer is right is taken for no question, and else passed over. */
export function questionColumns(table: Table, named: NamedColumns = {}): ChosenColumns {
  const { answers, without, reasons } = answersIn(table, named);
  const label = named.label ?? answerIn(table, without(...answers), answers)?.value;
  const texts = textsIn(table, named, without(...answers, ...(label === undefined ? [] : [label])));
  return { columns: { ...texts.columns, choices: [...answers] }, reasons: { ...texts.reasons, ...reasons } };
}

/** The question, and what stands before it where there is a passage. */
function textsIn(table: Table, named: NamedColumns, free: readonly string[]): ChosenColumns {
  if (named.text !== undefined) {
    const { text, text_pair } = named;
    return { columns: { text, ...(typeof text_pair === 'string' ? { text_pair } : {}) }, reasons: {} };
  }
  const question = table.header ? firstNamed(free, questionNames) : undefined;
  const passage = table.header
    ? firstNamed(
        free.filter((column) => column !== question),
        passageNames,
      )
    : undefined;
  const pair = named.text_pair;
  if (question !== undefined && passage !== undefined && pair === undefined) {
    return {
      columns: { text: passage, text_pair: question },
      reasons: { text: `passages are often called '${passage}'`, text_pair: `it goes with '${passage}'` },
    };
  }
  const plain = question ?? passage;
  const more = typeof pair === 'string' ? { text_pair: pair } : {};
  if (plain !== undefined) return { columns: { text: plain, ...more }, reasons: { text: `questions are often called '${plain}'` } };
  if (free.length === 0) throw wrongTable('no-question-column', table, 'left that could be the question', 'Name the column that holds it.');
  const places = free.map((column) => columnIndex(table, column));
  const kinds = table.kinds && { kinds: places.flatMap((at) => table.kinds?.[at] ?? []) };
  const rest: Table = { ...table, ...kinds, columns: free, rows: table.rows.map((row) => places.map((at) => row[at] ?? '')) };
  const guess = guessColumns(rest, { text_pair: null });
  return { columns: { text: guess.columns.text, ...more }, reasons: guess.reasons.text === undefined ? {} : { text: guess.reasons.text } };
}
