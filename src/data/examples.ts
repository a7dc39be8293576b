// Rows with a meaning: a text (or a pair), and the number of its class or the number to predict. Not tokens yet.
// Invariant: the numbers of the classes come from the training data alone, sorted; evaluation data is read with the same list.

import type { Columns } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { plural, rowsText } from '../protocol/sentences.ts';
import { permutation, randomKey, siteId } from '../random/counter.ts';
import { numberOf } from './cells.ts';
import { labelForm } from './checks/label_forms.ts';
import type { PictureFile, PreparedPicture } from './pictures/picture.ts';
import { columnIndex, type Table } from './table/table.ts';

export interface Example {
  readonly text: string;
  readonly textPair?: string;
  /** Index into the example's choices or else into the data set's labels; where there are none, the number to predict; 0 of texts alone. */
  readonly label: number;
  /** Answers to choose among. */
  readonly choices?: readonly string[];
  /** The text to be written. */
  readonly target?: string;
  /** What is looked at, of tasks of pictures; `text` is its path. */
  readonly picture?: PictureFile | PreparedPicture;
}

/** An example of which something is to be predicted: it does not say what. */
export type Unlabelled = Omit<Example, 'label'>;

export interface Dataset {
  readonly examples: readonly Example[];
  /** Names of the classes; none where numbers are predicted, choices made or texts written. */
  readonly labels: readonly string[];
}

export interface ColumnChoice {
  /** Of the texts, or of the pictures. */
  readonly textColumn: string;
  readonly textPairColumn?: string | undefined;
  readonly labelColumn?: string | undefined;
  /** One that holds a list, or several that hold an answer each. */
  readonly choiceColumns?: readonly string[] | undefined;
  readonly targetColumn?: string | undefined;
}

/** A run's columns as tables call them. */
export const columnChoice = (
  { image, text, text_pair, label, choices, target }: Columns,
  nameOf: (column: string) => string = (column) => column,
): ColumnChoice => {
  const nameOfAny = (column: string | undefined) => (column === undefined ? undefined : nameOf(column));
  return {
    textColumn: nameOf(image ?? text ?? ''),
    textPairColumn: nameOfAny(text_pair),
    labelColumn: nameOfAny(label),
    choiceColumns: choices?.map(nameOf),
    targetColumn: nameOfAny(target),
  };
};

/** `1 row of a.csv has` */
const rowsHave = ({ name }: Table, { length }: readonly number[]): string =>
  `${plural(length, `row of ${name} has`, `rows of ${name} have`)}`;

/** Error `code`, where there are any such rows. */
export function refuseRows(table: Table, rows: readonly number[], code: string, what: string, remedy: string): void {
  if (rows.length === 0) return;
  throw new RetraceError({
    code,
    message: `${rowsHave(table, rows)} ${what}: ${rowsText(rows)}.`,
    where: `${table.name}, row ${rows[0] ?? 0}`,
    remedy,
  });
}

/** ` "yes" looks like "Yes".`, where labels that are not known look like known ones. */
function alikeText(unknown: readonly string[], known: readonly string[]): string {
  const byForm = new Map(known.map((label) => [labelForm(label), label]));
  const alike = unknown.flatMap((label) => {
    const same = byForm.get(labelForm(label));
    return same === undefined ? [] : [`${JSON.stringify(label)} looks like ${JSON.stringify(same)}`];
  });
  return alike.length === 0 ? '' : ` ${alike.slice(0, 5).join(', ')}.`;
}

/**
 * The rows that have a label, and a sentence on those that have none: where classes have names, -1 stands for no label on the hub.
 * Error: `no-labels`, where no row has one.
 */
export function labelledRows(table: Table, { labelColumn }: Pick<ColumnChoice, 'labelColumn'>): Table {
  if (labelColumn === undefined) return table;
  const labelAt = columnIndex(table, labelColumn);
  if (table.kinds?.[labelAt]?.classes === undefined) return table;
  const has = table.rows.map((row) => !['', '-1'].includes((row[labelAt] ?? '').trim()));
  const without = table.rowNumbers.filter((_, i) => !has[i]);
  if (without.length === 0) return table;
  if (without.length === table.rows.length) {
    throw new RetraceError({
      code: 'no-labels',
      message: `No row of ${table.name} has a label: column "${labelColumn}" holds -1 in all ${table.rows.length} rows.`,
      where: `${table.name}, column "${labelColumn}"`,
      remedy: 'The labels of test parts are often kept secret. Take the training part, or the one for validation.',
    });
  }
  return passingOver(table, has, `no label (-1 in column "${labelColumn}")`);
}

/** The rows that `stay`, and a sentence on the others and what they have. */
export function passingOver(table: Table, stay: readonly boolean[], what: string): Table {
  const others = table.rowNumbers.filter((_, i) => !stay[i]);
  const note = `${rowsHave(table, others)} ${what} and ${others.length === 1 ? 'is' : 'are'} passed over: ${rowsText(others)}.`;
  return { ...keeping(table, stay), notes: [...(table.notes ?? []), note] };
}

/** Those rows alone. */
export const keeping = (table: Table, stay: readonly boolean[]): Table =>
  stay.every(Boolean)
    ? table
    : { ...table, rows: table.rows.filter((_, i) => stay[i]), rowNumbers: table.rowNumbers.filter((_, i) => stay[i]) };

/** The label's column, for tasks that have one. Error: `no-label-column`. */
export function labelColumnOf({ name, columns }: Table, { labelColumn }: ColumnChoice): string {
  if (labelColumn !== undefined) return labelColumn;
  throw new RetraceError({
    code: 'no-label-column',
    message: `No column of ${name} is chosen as the label (columns: ${columns.join(', ')}).`,
    where: name,
    remedy: 'Choose which column holds it.',
  });
}

/** Rows whose texts are there, with what stands in the label column, trimmed. Errors: `missing-column`, `same-column`, `empty-text`, `empty-label`. */
function labelledTexts(table: Table, columns: ColumnChoice, what: 'label' | 'number') {
  const labelColumn = labelColumnOf(table, columns);
  const textAt = columnIndex(table, columns.textColumn);
  const pairAt = columns.textPairColumn === undefined ? undefined : columnIndex(table, columns.textPairColumn);
  const labelAt = columnIndex(table, labelColumn);
  const one = table.pictures === undefined ? 'text' : 'picture';
  if (textAt === labelAt || pairAt === labelAt) {
    throw new RetraceError({
      code: 'same-column',
      message: `Column "${labelColumn}" of ${table.name} is chosen both as ${one} and as ${what}.`,
      where: table.name,
      remedy: 'Choose two different columns.',
    });
  }
  const cell = (row: number, column: number): string => table.rows[row]?.[column] ?? '';
  const rowsWhere = (test: (row: number) => boolean): number[] => table.rowNumbers.filter((_, row) => test(row));
  const values = table.rows.map((_, row) => cell(row, labelAt).trim());
  const noText = rowsWhere((row) => cell(row, textAt).trim() === '' || (pairAt !== undefined && cell(row, pairAt).trim() === ''));
  refuseRows(table, noText, 'empty-text', `no ${one}`, `Fill in the ${one} or remove the rows.`);
  const noLabel = rowsWhere((row) => values[row] === '');
  refuseRows(table, noLabel, 'empty-label', `no ${what} in column "${labelColumn}"`, `Fill in the ${what} or remove the rows.`);
  const textsOf = (row: number) => ({ text: cell(row, textAt), ...(pairAt === undefined ? {} : { textPair: cell(row, pairAt) }) });
  return { values, labelColumn, rowsWhere, textsOf };
}

/** The table's rows as texts, or pairs, to predict of, each as it stands. Error: `missing-column`. */
export function toUnlabelled(table: Table, { textColumn, textPairColumn }: ColumnChoice): readonly Unlabelled[] {
  const textAt = columnIndex(table, textColumn);
  const pairAt = textPairColumn === undefined ? undefined : columnIndex(table, textPairColumn);
  return table.rows.map((row) => ({ text: row[textAt] ?? '', ...(pairAt === undefined ? {} : { textPair: row[pairAt] ?? '' }) }));
}

/** Numbers that kernels take as f32. */
const mostScore = 1e30;

/**
 * The table's rows as examples with a number each. Of data to train on not all may be the same. Errors: those of texts and columns, `not-a-number`,
 * `one-number`.
 */
export function toScoredExamples(table: Table, columns: ColumnChoice, known?: readonly string[]): Dataset {
  const { values, labelColumn, rowsWhere, textsOf } = labelledTexts(table, columns, 'number');
  const isScore = (value: number | undefined): value is number => value !== undefined && Math.abs(value) <= mostScore;
  const scores = values.map(numberOf);
  const others = [...new Set(values.filter((_, row) => !isScore(scores[row])))];
  refuseRows(
    table,
    rowsWhere((row) => !isScore(scores[row])),
    'not-a-number',
    `no finite number in column "${labelColumn}" but ${others
      .slice(0, 5)
      .map((value) => JSON.stringify(value.slice(0, 40)))
      .join(', ')}${others.length > 5 ? ', ...' : ''}`,
    'Write a number, such as 3.5, into these rows or remove them; classification learns labels that are words.',
  );
  if (known === undefined && scores.every((score) => score === scores[0])) {
    throw new RetraceError({
      code: 'one-number',
      message: `All ${scores.length} rows of ${table.name} have the same number, ${values[0]}, in column "${labelColumn}".`,
      where: `${table.name}, column "${labelColumn}"`,
      remedy: scores[0] === -1 ? secretLabels : 'There is nothing to learn from it. Choose another column or add rows with other numbers.',
    });
  }
  return { examples: scores.map((score, row) => ({ ...textsOf(row), label: score as number })), labels: [] };
}

const secretLabels = 'Files of GLUE whose labels are kept secret have -1 everywhere: take the training or development file.';

/**
 * The table's rows as examples. Label values are trimmed; without `labels` (training data) the classes are the distinct values, sorted by
 * their code units, the same in every locale ("10" stands before "2"); with `labels` (evaluation data) they are those.
 * Errors: `missing-column`, `same-column`, `empty-text`, `empty-label`, `unknown-label`, `one-class`.
 */
export function toExamples(table: Table, columns: ColumnChoice, labels?: readonly string[]): Dataset {
  const { values, labelColumn, rowsWhere, textsOf } = labelledTexts(table, columns, 'label');
  const known = labels ?? [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  const numbers = new Map(known.map((label, i) => [label, i]));
  const unknown = [...new Set(values.filter((value) => !numbers.has(value)))];
  refuseRows(
    table,
    rowsWhere((row) => !numbers.has(values[row] ?? '')),
    'unknown-label',
    `a label that the training data does not have (${unknown
      .slice(0, 5)
      .map((value) => `"${value}"`)
      .join(', ')})`,
    `Use the labels of the training data (${known
      .slice(0, 8)
      .map((value) => `"${value}"`)
      .join(', ')}${known.length > 8 ? ', ...' : ''}).${alikeText(unknown, known)}`,
  );
  if (known.length < 2) {
    throw new RetraceError({
      code: 'one-class',
      message: `All ${values.length} rows of ${table.name} have the same label, "${known[0] ?? ''}".`,
      where: `${table.name}, column "${labelColumn}"`,
      remedy: /^[-−]1(?:\.0*)?$/.test(known[0] ?? '')
        ? secretLabels
        : 'A classifier needs at least two classes. Choose another label column or add rows of another class.',
    });
  }
  return { examples: values.map((value, row) => ({ ...textsOf(row), label: numbers.get(value) ?? 0 })), labels: known };
}

/**
 * Splits off `fraction` (between 0 and 1) of the examples, each class in proportion to within one example, the same for the same seed.
 * A class keeps at least one example to train on; numbers to predict are spread over both parts likewise. Both parts keep the order of the file. Error: `too-few-examples`.
 */
export function holdOut(dataset: Dataset, fraction: number, seed: number): { readonly train: Dataset; readonly held: Dataset } {
  const { examples, labels } = dataset;
  const labelOf = (i: number): number => examples[i]?.label ?? 0;
  const shuffled = permutation(randomKey(seed, 0, siteId('data.hold_out')), examples.length);
  const byClass = Array.from(shuffled).sort((a, b) => labelOf(a) - labelOf(b));
  const left = new Array<number>(labels.length).fill(0);
  for (const { label } of labels.length > 0 ? examples : []) left[label] = (left[label] ?? 0) + 1;
  const chosen = new Set<number>();
  byClass.forEach((example, i) => {
    // Evenly through the list sorted by class: that is what makes the classes keep their proportions.
    const due = Math.floor((i + 1) * fraction) > Math.floor(i * fraction);
    const remaining = left[labelOf(example)] ?? 0;
    if (!due || (labels.length > 0 && remaining < 2)) return;
    if (labels.length > 0) left[labelOf(example)] = remaining - 1;
    chosen.add(example);
  });
  if (chosen.size === 0) {
    throw new RetraceError({
      code: 'too-few-examples',
      message: `${plural(examples.length, 'example')}${labels.length > 0 ? ` of ${plural(labels.length, 'class', 'classes')}` : ''} ${examples.length === 1 ? 'is' : 'are'} too few to hold back ${fraction} of them for evaluation.`,
      remedy: `Add examples${labels.length > 0 ? ', choose a label column with fewer classes,' : ''} or give a separate file to evaluate on.`,
    });
  }
  return {
    train: { labels, examples: examples.filter((_, i) => !chosen.has(i)) },
    held: { labels, examples: examples.filter((_, i) => chosen.has(i)) },
  };
}
