// Texts without labels: each alone, as language models learn them, or with the text to be written for it. From the cells of a table; not tokens yet.
// Invariant: a text is taken as it stands, its outer white space too, for a language model writes that as well.

import { RetraceError } from '../protocol/errors.ts';
import { type ColumnChoice, type Dataset, passingOver, refuseRows, type Unlabelled } from './examples.ts';
import { columnIndex, type Table } from './table/table.ts';

function columnOfTexts(table: Table, column: string, code: 'empty-text' | 'empty-target', what: string): readonly string[] {
  const at = columnIndex(table, column);
  const texts = table.rows.map((row) => row[at] ?? '');
  const blank = table.rowNumbers.filter((_, row) => texts[row]?.trim() === '');
  refuseRows(table, blank, code, `no text in column "${column}"`, `Fill in the ${what} or remove the rows.`);
  return texts;
}

/** The rows that have a text: data sets of running text have empty lines among their rows. Where no row has one, they are all there to be refused. */
export function rowsWithText(table: Table, { textColumn }: Pick<ColumnChoice, 'textColumn'>): Table {
  const at = columnIndex(table, textColumn);
  const has = table.rows.map((row) => (row[at] ?? '').trim() !== '');
  return has.includes(true) && has.includes(false) ? passingOver(table, has, `no text in column "${textColumn}"`) : table;
}

/** The table's rows as texts alone. Errors: `missing-column`, `empty-text`. */
export function toTexts(table: Table, { textColumn }: ColumnChoice): Dataset {
  return { labels: [], examples: columnOfTexts(table, textColumn, 'empty-text', 'text').map((text) => ({ text, label: 0 })) };
}

/** The table's rows as texts to predict of; with what might be written for each, where a column is said to hold it. Errors: those of texts. */
export const toPrompts = (table: Table, choice: ColumnChoice): readonly Unlabelled[] =>
  (choice.targetColumn === undefined ? toTexts(table, choice) : toTargetExamples(table, choice)).examples.map(
    ({ label: _, ...rest }) => rest,
  );

/** The table's rows as texts with what is to be written for each. Errors: `missing-column`, `no-target-column`, `same-column`, `empty-text`, `empty-target`. */
export function toTargetExamples(table: Table, { textColumn, targetColumn }: ColumnChoice): Dataset {
  if (targetColumn === undefined) {
    throw new RetraceError({
      code: 'no-target-column',
      message: `No column of ${table.name} is chosen as the text to be written (columns: ${table.columns.join(', ')}).`,
      where: table.name,
      remedy: 'Choose which column holds it.',
    });
  }
  if (columnIndex(table, textColumn) === columnIndex(table, targetColumn)) {
    throw new RetraceError({
      code: 'same-column',
      message: `Column "${targetColumn}" of ${table.name} is chosen both as the text that is read and as the text to be written.`,
      where: table.name,
      remedy: 'Choose two different columns.',
    });
  }
  const sources = columnOfTexts(table, textColumn, 'empty-text', 'text');
  const targets = columnOfTexts(table, targetColumn, 'empty-target', 'text to be written');
  return { labels: [], examples: sources.map((text, row) => ({ text, target: targets[row] ?? '', label: 0 })) };
}
