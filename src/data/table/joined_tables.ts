// Several files of rows as one table, whatever their format: the parts of a split that are no Parquet. Invariant: rows are numbered on from file to file, in the
// order in which the files are given.

import { RetraceError } from '../../protocol/errors.ts';
import type { ClassNames } from './parquet_schema.ts';
import type { Column, RowBatch, RowRequest, TableSource } from './table.ts';

const withClasses = (column: Column, names: readonly string[] | undefined): Column =>
  names === undefined
    ? column
    : { ...column, kind: 'text', is: `classes (${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''})`, classes: names };

/** Error `files-differ`. `classes`: names of the numbers of some columns. */
export function joinTables(name: string, tables: readonly TableSource[], classes: ClassNames = new Map()): TableSource {
  const [first] = tables;
  if (first === undefined) throw new RangeError('no tables to join');
  for (const other of tables) requireSame(first, other);
  const columns = first.columns.map((column) => withClasses(column, classes.get(column.name)));
  const counts = tables.map(({ rowCount }) => rowCount);
  const rowCount = counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + count, 0) : undefined;
  return {
    ...{ name, columns, header: first.header },
    size: tables.reduce((sum, { size }) => sum + size, 0),
    ...(rowCount === undefined ? {} : { rowCount }),
    reading: { ...first.reading, said: `${tables.length === 1 ? '' : `${tables.length} files, `}${first.reading.said}` },
    rows: (request) => rowsOf(tables, columns, request),
  };
}

function requireSame(first: TableSource, other: TableSource): void {
  const namesOf = ({ columns }: TableSource) => columns.map((column) => column.name).join(', ');
  if (namesOf(first) === namesOf(other)) return;
  throw new RetraceError({
    code: 'files-differ',
    message: `The files of the split have other columns: ${first.name} has ${namesOf(first)}; ${other.name} has ${namesOf(other)}.`,
    where: other.name,
    remedy: 'Choose another split or configuration, or download the files and give one of them.',
  });
}

async function* rowsOf(tables: readonly TableSource[], columns: readonly Column[], request: RowRequest = {}): AsyncGenerator<RowBatch> {
  const asked = request.columns ?? columns.map((_, at) => at);
  const classes = asked.map((at) => columns[at]?.classes);
  const named = (cell: string, at: number): string => (/^\d+$/.test(cell) ? (classes[at]?.[Number(cell)] ?? cell) : cell);
  let [rowsBefore, bytesBefore] = [0, 0];
  for (const table of tables) {
    let last = 0;
    for await (const { rows, bytesRead } of table.rows(request)) {
      last = rows.at(-1)?.number ?? last;
      yield {
        rows: rows.map(({ number, cells }) => ({ number: rowsBefore + number, cells: cells.map(named) })),
        bytesRead: bytesBefore + bytesRead,
      };
    }
    rowsBefore += last;
    bytesBefore += table.size;
  }
}
