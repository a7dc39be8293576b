// Questions with answers to choose among, from the cells of a table: one column that holds a list of them, or several columns that hold one each. Which of
// them is right is said by a letter, a place, or the answer itself. Invariant: a row keeps the number and the order of its answers.

import { type ColumnChoice, type Dataset, type Example, labelColumnOf, refuseRows, type Unlabelled } from './examples.ts';
import { JsonFault, JsonParser } from './table/json_value.ts';
import { columnIndex, type Table } from './table/table.ts';

/** Answers of one question: the letters name them. */
const MOST_CHOICES = 26;

export interface Choices {
  readonly texts: readonly string[];
  /** What the answers are called, where the file says it: `A`, `B`, ... or `1`, `2`, ... */
  readonly names?: readonly string[];
}

/** A list of texts, or of objects with a `text` and a `label`; undefined of anything else. */
function listIn(cell: string): Choices | undefined {
  const texts: string[] = [];
  const names: string[] = [];
  let whole = true;
  try {
    const parser = new JsonParser(cell);
    parser.array(() => {
      const members = parser.next === '{' ? parser.cells() : new Map([['text', parser.cell()]]);
      const [text, name] = [members.get('text'), members.get('label')];
      if (text === undefined || text.kind === 'list' || text.kind === 'object') whole = false;
      else texts.push(text.text);
      if (name !== undefined) names.push(name.text.trim());
    });
    parser.end();
  } catch (thrown) {
    if (thrown instanceof JsonFault) return undefined;
    throw thrown;
  }
  return whole ? { texts, ...(names.length === texts.length ? { names } : {}) } : undefined;
}

/** The column with the names of the answers beside that of their texts: an object of two lists is read as `choices.text` and `choices.label`. */
export const namesBeside = (column: string): string | undefined => (/\.text$/.test(column) ? column.replace(/text$/, 'label') : undefined);

/** Each row's answers; undefined where the row has no list of them. Several columns may be blank at their end, where a question has fewer answers. */
export function choicesOf(table: Table, columns: readonly string[]): (row: number) => Choices | undefined {
  const [only = '', ...others] = columns;
  if (others.length > 0) {
    const places = columns.map((column) => columnIndex(table, column));
    return (row) => {
      const texts = places.map((at) => table.rows[row]?.[at] ?? '');
      return { texts: texts.slice(0, texts.findLastIndex((text) => text.trim() !== '') + 1) };
    };
  }
  const at = columnIndex(table, only);
  const namesAt = table.columns.indexOf(namesBeside(table.columns[at] ?? '') ?? '');
  return (row) => {
    const list = listIn(table.rows[row]?.[at] ?? '');
    const beside = namesAt < 0 ? undefined : listIn(table.rows[row]?.[namesAt] ?? '')?.texts.map((name) => name.trim());
    return list !== undefined && beside?.length === list.texts.length ? { ...list, names: beside } : list;
  };
}

/** Ways to say which answer is right, as its place; outside of the row's answers: none of them. */
const answerForms: readonly ((value: string, choices: Choices) => number)[] = [
  (value, { names }) => names?.indexOf(value) ?? -1,
  (value) => (/^[a-z]$/i.test(value) ? value.toUpperCase().charCodeAt(0) - 65 : -1),
  (value) => (/^\d{1,4}$/.test(value) ? Number(value) : -1),
  (value, { texts }) => texts.findIndex((text) => text.trim() === value),
];

/**
 * The places of the right answers; -1 where the label names none of the row's answers. All rows are read in one way, the one by which most of them name an
 * answer: by the names that the file has for them, by letter, by place from 0, or by the answer's text.
 */
export function placesOf(values: readonly string[], choices: readonly Choices[]): readonly number[] {
  const read = answerForms.map((form) =>
    values.map((value, row) => {
      const of = choices[row] as Choices;
      const place = form(value, of);
      return place < of.texts.length ? place : -1;
    }),
  );
  const named = read.map((places) => places.filter((place) => place >= 0).length);
  return read[named.indexOf(Math.max(...named))] as readonly number[];
}

const shown = (values: readonly string[]): string => {
  const distinct = [...new Set(values)];
  return `${distinct
    .slice(0, 5)
    .map((value) => JSON.stringify(value.slice(0, 40)))
    .join(', ')}${distinct.length > 5 ? ', ...' : ''}`;
};

/**
 * The table's rows as questions with their answers. Of a pair of texts (a passage and a question) one may be blank: the other then stands alone.
 * Errors: `missing-column`, `no-choices-column`, `empty-text`, `not-choices`, `empty-choice`.
 */
export function toQuestions(table: Table, columns: ColumnChoice): readonly Unlabelled[] {
  return questionsIn(table, columns).map(({ texts, choices }) => ({ ...texts, choices: choices.texts }));
}

function questionsIn(table: Table, { textColumn, textPairColumn, choiceColumns = [] }: ColumnChoice) {
  const textAt = columnIndex(table, textColumn);
  const pairAt = textPairColumn === undefined ? undefined : columnIndex(table, textPairColumn);
  const rowsWhere = (test: (row: number) => boolean): number[] => table.rowNumbers.filter((_, row) => test(row));
  const cell = (row: number, at: number): string => table.rows[row]?.[at] ?? '';
  const textsOf = (row: number): Pick<Example, 'text' | 'textPair'> => {
    const [text, pair] = [cell(row, textAt), pairAt === undefined ? '' : cell(row, pairAt)];
    if (pair.trim() === '') return { text };
    return text.trim() === '' ? { text: pair } : { text, textPair: pair };
  };
  const choicesAt = choicesOf(table, choiceColumns);
  const read = table.rows.map((_, row) => choicesAt(row));
  refuseRows(
    table,
    rowsWhere((row) => textsOf(row).text.trim() === ''),
    'empty-text',
    'no question',
    'Fill in the question or remove the rows.',
  );
  const counts = `from 2 to ${MOST_CHOICES} answers in ${choiceColumns.length > 1 ? 'columns' : 'column'} ${choiceColumns.map((name) => `"${name}"`).join(', ')}`;
  refuseRows(
    table,
    rowsWhere((row) => !((read[row]?.texts.length ?? 0) >= 2 && (read[row]?.texts.length ?? 0) <= MOST_CHOICES)),
    'not-choices',
    `no list of ${counts}`,
    'Write the answers as a JSON list, such as ["yes", "no"], or each into a column of its own.',
  );
  const choices = read.filter((one) => one !== undefined);
  refuseRows(
    table,
    rowsWhere((row) => choices[row]?.texts.some((text) => text.trim() === '') === true),
    'empty-choice',
    'an answer to choose that is blank',
    'Fill in the answer or remove the rows.',
  );
  return choices.map((one, row) => ({ texts: textsOf(row), choices: one }));
}

/**
 * The same with `label`, the place of the right answer. A label column that is itself one of the answers' columns says that this column's is right in every
 * row. Errors: those of `toQuestions`, `no-label-column`, `same-column`, `empty-label`, `unknown-answer`.
 */
export function toChoiceExamples(table: Table, columns: ColumnChoice): Dataset {
  const { choiceColumns = [] } = columns;
  const labelColumn = labelColumnOf(table, columns);
  const labelAt = columnIndex(table, labelColumn);
  const questions = questionsIn(table, columns);
  const choices = questions.map((question) => question.choices);
  const rowsWhere = (test: (row: number) => boolean): number[] => table.rowNumbers.filter((_, row) => test(row));
  const always = choiceColumns.map((column) => columnIndex(table, column)).indexOf(labelAt);
  const values = table.rows.map((row) => (row[labelAt] ?? '').trim());
  const places = always >= 0 && choiceColumns.length > 1 ? values.map(() => always) : placesOf(values, choices);
  refuseRows(
    table,
    rowsWhere((row) => values[row] === ''),
    'empty-label',
    `no right answer in column "${labelColumn}"`,
    'Fill in which answer is right or remove the rows.',
  );
  const isNone = (row: number): boolean => !((places[row] ?? -1) >= 0 && (places[row] ?? 0) < (choices[row]?.texts.length ?? 0));
  refuseRows(
    table,
    rowsWhere(isNone),
    'unknown-answer',
    `a value in column "${labelColumn}" that is none of the row's answers (${shown(values.filter((_, row) => isNone(row)))})`,
    'Say which answer is right by its letter, by its place counted from 0, or by its words.',
  );
  return {
    labels: [],
    examples: questions.map(({ texts, choices: { texts: answers } }, row) => ({ ...texts, label: places[row] ?? 0, choices: answers })),
  };
}
