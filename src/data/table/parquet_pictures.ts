// Pictures in Parquet: a struct of the bytes of a file and of its path, as the datasets library writes them. Which chunks are read of it, and what a row of it is.
// Invariant: bytes are read where they are asked for, and names alone where they are not.

import type { ByteSource } from '../../formats/bytes.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { shownValue } from '../../protocol/shown.ts';
import type { ParquetColumn, PictureLeaves } from './parquet_cells.ts';
import type { RowRequest } from './table.ts';

export const keyOf = (path: readonly string[]): string => path.join('\0');

/** What is read for some columns, by its key: columns of the file as wholes, of pictures the leaves that are wanted. */
export function partsOf(columns: readonly ParquetColumn[], pictures: RowRequest['pictures']): ReadonlyMap<string, readonly string[]> {
  const paths = columns.flatMap(({ path: [top = ''], picture }) => {
    if (picture === undefined) return [[top]];
    return [...(picture.path === undefined ? [] : [picture.path]), ...(pictures === 'bytes' ? [picture.bytes] : [])];
  });
  return new Map(paths.map((path) => [keyOf(path), path]));
}

export interface FoundPicture {
  /** The name that the file gives, else that of the row; '' where there is no picture. */
  readonly cell: string;
  readonly bytes: Uint8Array | undefined;
}

/** Error `picture-elsewhere`: the file names a picture that it does not hold. */
export function pictureOf(
  file: ByteSource,
  column: ParquetColumn,
  leaves: PictureLeaves,
  valueAt: (path: readonly string[]) => unknown,
  { number, before, withPictures }: { readonly number: number; readonly before: number; readonly withPictures: boolean },
): FoundPicture {
  const path = leaves.path && valueAt(leaves.path);
  const name = path instanceof Uint8Array ? new TextDecoder('utf-8', { fatal: true }).decode(path) : typeof path === 'string' ? path : '';
  const unnamed = `row ${before + number}`;
  if (!withPictures) return { cell: name || unnamed, bytes: undefined };
  const bytes = valueAt(leaves.bytes);
  if (bytes instanceof Uint8Array) return { cell: name || unnamed, bytes };
  if (name === '') return { cell: '', bytes: undefined };
  throw new RetraceError({
    code: 'picture-elsewhere',
    message: `Row ${number} of ${file.name} names the picture ${shownValue(name)} in column "${column.name}", and does not hold it.`,
    where: `${file.name}, row ${number}`,
    remedy: 'Write the file with the pictures in it: Dataset.to_parquet(..., embed_external_files=True) of the datasets library.',
  });
}
