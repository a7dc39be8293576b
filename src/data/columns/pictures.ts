// Which column holds the pictures and which their classes; guessed with reasons, those that are named kept.

import type { NamedColumns } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { columnIndex, type Table } from '../table/table.ts';
import type { ChosenColumns } from './choose.ts';
import { hasLabelWord, isRowId, labelNames, plainName } from './names.ts';

/** Error `no-image-column`. */
function imageColumn({ name, columns, kinds }: Table): string {
  const found = columns.find((_, at) => kinds?.[at]?.kind === 'image');
  if (found !== undefined) return found;
  throw new RetraceError({
    code: 'no-image-column',
    message: `${name} has no column of pictures (columns: ${columns.join(', ')}).`,
    where: name,
    remedy: 'Give a folder or a zip with a folder of pictures for each class, or a data set of the hub with a column of pictures.',
  });
}

/** The pictures alone, to predict of. Errors: `no-image-column`, `missing-column`. */
export function unlabelledPictureColumns(table: Table, named?: NamedColumns): ChosenColumns {
  if (named?.image === undefined) return { columns: { image: imageColumn(table) }, reasons: { image: 'it holds pictures' } };
  columnIndex(table, named.image);
  return { columns: { image: named.image }, reasons: {} };
}

/** Of the columns that are left: one with names of classes, one that is called as labels are, else the first. */
function likelyLabel(table: Table, image: string): { readonly label: string; readonly reason: string } | undefined {
  const others = table.columns.filter((column, at) => column !== image && table.kinds?.[at]?.kind !== 'image' && !isRowId(column));
  const withClasses = others.find((column) => table.kinds?.[table.columns.indexOf(column)]?.classes !== undefined);
  if (withClasses !== undefined) return { label: withClasses, reason: 'its classes have names' };
  const called = others.find((column) => labelNames.includes(plainName(column)) || hasLabelWord(column));
  if (called !== undefined) return { label: called, reason: `'${called}' is what labels are often called` };
  return others[0] === undefined ? undefined : { label: others[0], reason: 'it is the first column beside the pictures' };
}

/** The pictures and their classes. Errors: `no-image-column`, `no-label-column`, `missing-column`. */
export function pictureColumns(table: Table, named?: NamedColumns): ChosenColumns {
  const { columns, reasons } = unlabelledPictureColumns(table, named);
  if (named?.label !== undefined) {
    columnIndex(table, named.label);
    return { columns: { ...columns, label: named.label }, reasons };
  }
  const guess = likelyLabel(table, columns.image ?? '');
  if (guess !== undefined) return { columns: { ...columns, label: guess.label }, reasons: { ...reasons, label: guess.reason } };
  const [message, remedy] =
    table.reading?.format === 'pictures'
      ? [
          `The pictures of ${table.name} have no classes: they lie in one folder, or in none that tells them apart.`,
          'Put the pictures of each class into a folder of its own, which is called as the class is; two classes at least.',
        ]
      : [`${table.name} has no column of classes beside its pictures.`, 'Add a column that says of each picture what it shows.'];
  throw new RetraceError({ code: 'no-label-column', message, where: table.name, remedy });
}
