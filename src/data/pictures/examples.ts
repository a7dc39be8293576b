// Rows of a set of pictures as examples: the picture, unread, and the number of its class. Not here: which columns hold them, how pictures become numbers.

import { RetraceError } from '../../protocol/errors.ts';
import { shownValue } from '../../protocol/shown.ts';
import { type ColumnChoice, type Dataset, toExamples, type Unlabelled } from '../examples.ts';
import { columnIndex, type Table } from '../table/table.ts';
import type { PictureFile } from './picture.ts';

/** The picture that a cell of the column of pictures stands for. Error `no-pictures`. */
function pictureOf({ name, pictures }: Table, cell: string): PictureFile {
  const picture = pictures?.get(cell);
  if (picture !== undefined) return picture;
  throw new RetraceError({
    code: 'no-pictures',
    message: `${shownValue(cell)} in ${name} stands for no picture.`,
    where: name,
    remedy: 'Choose a folder or a zip of pictures, or a column that holds them.',
  });
}

/** Likewise of data to predict of. Error: `missing-column`. */
export function toUnlabelledPictures(table: Table, { textColumn }: ColumnChoice): readonly Unlabelled[] {
  const at = columnIndex(table, textColumn);
  return table.rows.map((row) => ({ text: row[at] ?? '', picture: pictureOf(table, row[at] ?? '') }));
}

/** Its text is the picture's path. Errors: those of `toExamples`. */
export function toPictureExamples(table: Table, columns: ColumnChoice, labels?: readonly string[]): Dataset {
  const { examples, labels: known } = toExamples(table, columns, labels);
  return { labels: known, examples: examples.map((example) => ({ ...example, picture: pictureOf(table, example.text) })) };
}
