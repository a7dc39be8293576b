// The first pictures of a set, to show them before anything is chosen. Invariant: of a file of rows those pages alone are read that they lie in.

import type { PictureFile } from '../pictures/picture.ts';
import type { TableSource } from '../table/table.ts';

function inMemory(path: string, bytes: Uint8Array): PictureFile {
  const blob = new Blob([new Uint8Array(bytes)]);
  return { path, size: bytes.length, blob: async () => blob };
}

/** Pictures of a column's first rows, `count` at most, rows without one passed over; those of files of rows in memory. Errors: those of the format. */
export async function firstPictures(source: TableSource, column: number, count: number): Promise<readonly PictureFile[]> {
  const found: PictureFile[] = [];
  for await (const { rows } of source.rows({ columns: [column], pictures: 'bytes' })) {
    for (const { cells, pictures } of rows) {
      const [cell = ''] = cells;
      const [bytes] = pictures ?? [];
      const picture = source.pictures?.get(cell) ?? (bytes && inMemory(cell, bytes));
      if (picture !== undefined) found.push(picture);
      if (found.length === count) return found;
    }
  }
  return found;
}
