// The first rows of a split, to show and to guess columns by: as the datasets-server gives them, else read from the files. Invariant: cells are those that the
// files' own reader gives, but for texts that the server cuts, which is said, and names of pictures, which it does not give.

import type { Hub } from '../../hub/hub.ts';
import type { Reading } from '../../protocol/reading.ts';
import { readBeginning, type TableBeginning } from '../table/sample.ts';
import { configOf, openDataset, splitOf } from './dataset.ts';
import { columnOf, type Feature, rowFeatures } from './features.ts';
import { type ServerRows, serverRows } from './server.ts';
import { openSplit, type SplitPlace, splitName } from './split.ts';

function cellOf(row: Readonly<Record<string, unknown>>, { path, kind, type, names }: Feature, number: number): string {
  const value = path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    row,
  );
  if (value === null || value === undefined) return '';
  // An address of the server's own, which is good for an hour.
  if (kind === 'image') return `row ${number}`;
  if (names !== undefined) return typeof value === 'number' ? (names[value] ?? String(value)) : String(value);
  // As files of numbers with a point are read: 1.0 is not the class 1.
  if (kind === 'number' && /float|double/.test(type) && Number.isInteger(value)) return `${value}.0`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function tableOf(place: SplitPlace, { features, rows, num_rows_total, partial }: ServerRows): TableBeginning {
  const columns = rowFeatures(features);
  const name = splitName(place);
  const cut = rows.filter(({ truncated_cells }) => truncated_cells.length > 0).length;
  const count = num_rows_total ?? rows.length;
  const reading: Reading = {
    ...{ format: 'parquet', header: true },
    said: `the first ${rows.length} rows, as the hub's server shows them${partial ? '; the hub converted the beginning of this split only' : ''}`,
  };
  return {
    rows: count,
    counted: 'exactly',
    table: {
      name,
      columns: columns.map((column) => column.name),
      rows: rows.map(({ row }, i) => columns.map((column) => cellOf(row, column, i + 1))),
      rowNumbers: rows.map((_, i) => i + 1),
      header: true,
      kinds: columns.map(columnOf),
      reading,
      ...(count > rows.length ? { sampledFrom: count } : {}),
      ...(cut > 0
        ? { notes: [`The hub's server shows the beginning of long cells only, in ${cut} of these rows; a run reads them whole.`] }
        : {}),
    },
  };
}

/** Errors: those of `openSplit`, `empty-table`. */
export async function splitBeginning(hub: Hub, place: SplitPlace): Promise<TableBeginning> {
  const dataset = place.files === undefined ? await openDataset(hub, { id: place.id, revision: place.revision }) : undefined;
  if (dataset?.converted && place.revision === undefined && (place.commit ?? dataset.repo.commit) === dataset.repo.commit) {
    splitOf(dataset, configOf(dataset, place.config), place.split);
    const rows = await serverRows(hub, { ...place, id: dataset.id });
    if (rows !== undefined && rows.rows.length > 0) return tableOf({ ...place, id: dataset.id }, rows);
  }
  const { source } = await openSplit(hub, place);
  return readBeginning(source, 0);
}
