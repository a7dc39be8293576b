// Pictures of a preview: some of each class. Reads no more names than a table has, and of pictures that stand in a file of rows no more than the first ones.

import type { Row, TableSource } from '../../data/table/table.ts';
import type { Columns } from '../../protocol/config.ts';
import type { PreviewPicture } from '../../protocol/messages.ts';

/** Pictures in all, and rows that are looked at where their pictures stand in the file itself. */
const most = 60;
const firstRows = 48;

/** The first rows, with the pictures that stand in them. */
async function beginning(source: TableSource, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source.rows({ pictures: 'bytes' })) {
    rows.push(...batch.rows.slice(0, count - rows.length));
    if (rows.length >= count) break;
  }
  return rows;
}

/** By the names of the columns. */
export async function previewPictures(source: TableSource, { image = '', label }: Columns): Promise<PreviewPicture[]> {
  const at = (name: string | undefined): number => source.columns.findIndex((column) => column.name === name);
  const [imageAt, labelAt] = [at(image), at(label)];
  const files = source.pictures;
  const rows = await beginning(source, files ? Number.POSITIVE_INFINITY : firstRows);
  const byClass = new Map<string, { row: Row; path: string }[]>();
  for (const row of rows) {
    const [path, own] = [row.cells[imageAt] ?? '', labelAt < 0 ? '' : (row.cells[labelAt] ?? '').trim()];
    const known = byClass.get(own);
    if (known) known.push({ row, path });
    else byClass.set(own, [{ row, path }]);
  }
  const classes = [...byClass].sort(([a], [b]) => (a < b ? -1 : 1));
  const each = Math.max(1, Math.floor(most / Math.max(1, classes.length)));
  const picked = classes.slice(0, most).flatMap(([own, all]) => all.slice(0, each).map((one) => ({ own, ...one })));
  const shown = await Promise.all(
    picked.map(async ({ own, row, path }) => {
      const bytes = row.pictures?.[imageAt];
      const file = bytes ? new Blob([new Uint8Array(bytes)]) : await files?.get(path)?.blob();
      return file ? [{ path, file, ...(labelAt < 0 ? {} : { label: own }) }] : [];
    }),
  );
  return shown.flat();
}
