// Pictures with a file of rows beside them: metadata.csv, .jsonl or .parquet, whose column `file_name` names the picture of each row, as the `datasets` library
// has it. Invariant: rows are those of the file, under its own numbers; one whose picture is not there is passed over, counted and named.

import { blobSource } from '../../hub/folder.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { listText, plural, rowsText } from '../../protocol/sentences.ts';
import { shownValue } from '../../protocol/shown.ts';
import { addRow, rowSet } from '../checks/rows.ts';
import type { PictureFile } from '../pictures/picture.ts';
import { joinTables } from '../table/joined_tables.ts';
import { openTable } from '../table/open.ts';
import type { Column, RowBatch, RowRequest, TableSource } from '../table/table.ts';
import { folderOf, isIn, type LaidPart, nameOf } from './layout.ts';
import type { SetFile } from './listing.ts';

export interface MetadataSet {
  readonly name: string;
  /** All such files of the set, of any part. */
  readonly metadata: readonly SetFile[];
  readonly part: LaidPart;
  /** Pictures of the part, by their cells. */
  readonly files: ReadonlyMap<string, PictureFile>;
  /** Cells of files of other parts, whose rows are not this part's. */
  readonly elsewhere: ReadonlySet<string>;
  cellOf(path: string): string;
  readonly notes: readonly string[];
}

/** `file_name` is the picture itself; `mask_file_name` another one, in column `mask`. */
const FILE_NAME = /^(?:(.+)_)?file_name$/;
/** Several of them belong to a row. */
const FILE_NAMES = /^(?:.+_)?file_names$/;

/** Error `two-metadata`: files of one folder that may say different things. */
function requireOneEach(metadata: readonly SetFile[]): void {
  const first = new Map<string, string>();
  for (const { path } of metadata) {
    const before = first.get(folderOf(path));
    first.set(folderOf(path), path);
    if (before === undefined) continue;
    throw new RetraceError({
      code: 'two-metadata',
      message: `${before} and ${path} lie in one folder, and both say what its pictures are.`,
      where: path,
      remedy: 'Remove one of the two.',
    });
  }
}

/** Those whose folder is round the part, or within it. */
const concerns = (path: string, part: LaidPart): boolean =>
  isIn(path, part) || part.folders.some((folder) => folder.startsWith(folderOf(path)));

/** The rows of a part; undefined where no metadata file is about it. Errors: those of the format, `no-file-name`, `two-metadata`, `missing-pictures`, `files-differ`. */
export async function metadataRows(set: MetadataSet): Promise<TableSource | undefined> {
  const metadata = set.metadata.filter(({ path }) => concerns(path, set.part));
  requireOneEach(metadata);
  const tables: TableSource[] = [];
  for (const file of metadata) {
    // As pandas reads a CSV, which is how the library does.
    const settings = file.path.endsWith('.csv') ? { header: true } : {};
    tables.push(withPictures(set, file, await openTable(blobSource(file.path, await file.blob()), settings)));
  }
  const [first] = tables;
  if (first === undefined) return undefined;
  const from = listText(
    metadata.map(({ path }) => set.cellOf(path)),
    3,
  );
  return asSet(set, from, tables.length === 1 ? first : joinTables(set.name, tables));
}

/** The rows as those of the set, which says what it says of its files too. */
function asSet(set: MetadataSet, from: string, table: TableSource): TableSource {
  const { name, notes, files: pictures } = set;
  return {
    ...table,
    ...{ name, pictures },
    reading: { ...table.reading, said: `${from}: ${table.reading.said}` },
    async *rows(request) {
      yield* table.rows(request);
      for (const note of notes) request?.onNote?.(note);
    },
    otherwise() {
      const other = table.otherwise?.();
      return other && asSet(set, from, other);
    },
  };
}

/** `./a/../b.jpg` as a path from the top; undefined where it leads out. */
function resolved(folder: string, fileName: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${folder}${fileName.replaceAll('\\', '/')}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

function withPictures(set: MetadataSet, file: SetFile, table: TableSource): TableSource {
  const images = new Map(
    table.columns.flatMap(({ name }, at) => (FILE_NAME.test(name) ? [[at, FILE_NAME.exec(name)?.[1] ?? 'image'] as const] : [])),
  );
  if (images.size === 0) throw noFileName(file.path, table);
  const columns = table.columns.map((column, at): Column => {
    const name = images.get(at);
    return name === undefined ? column : { name, kind: 'image', is: 'pictures' };
  });
  const { name, size, header, reading } = table;
  return {
    // How many rows will have a picture is not known beforehand.
    ...{ name, size, header, reading, columns },
    rows: (request) => rowsOf(set, file.path, table, images, request),
    otherwise() {
      const other = table.otherwise?.();
      return other && withPictures(set, file, other);
    },
  };
}

async function* rowsOf(
  { name, files, elsewhere, cellOf }: MetadataSet,
  path: string,
  table: TableSource,
  images: ReadonlyMap<number, string>,
  request: RowRequest = {},
): AsyncGenerator<RowBatch> {
  // Every row is judged by all its pictures, whichever columns are wanted.
  const asked = request.columns ?? table.columns.map((_, at) => at);
  const read = [...new Set([...asked, ...images.keys()])];
  const missing = rowSet();
  let [example, kept] = ['', 0];
  for await (const { rows, bytesRead } of table.rows({ ...request, columns: read })) {
    const here = rows.flatMap(({ number, cells }) => {
      const found = [...images.keys()].map((at) => {
        const fileName = cells[read.indexOf(at)] ?? '';
        const full = resolved(folderOf(path), fileName);
        return { at, fileName, cell: full === undefined ? '' : cellOf(full) };
      });
      const lost = found.find(({ cell }) => !files.has(cell));
      if (lost !== undefined) {
        if (elsewhere.has(lost.cell)) return [];
        addRow(missing, number);
        example ||= lost.fileName;
        return [];
      }
      const cellAt = new Map(found.map(({ at, cell }) => [at, cell]));
      return [{ number, cells: asked.map((at) => cellAt.get(at) ?? cells[read.indexOf(at)] ?? '') }];
    });
    kept += here.length;
    if (here.length > 0) yield { rows: here, bytesRead };
  }
  if (kept === 0 && missing.count > 0) throw missingPictures(name, path, missing.count, example);
  if (missing.count === 0) return;
  const one = missing.count === 1;
  request.onNote?.(
    `${plural(missing.count, `row of ${cellOf(path)} names a picture that is`, `rows of ${cellOf(path)} name pictures that are`)} not there and ${one ? 'is' : 'are'} passed over: ${rowsText(missing.first, missing.count)}, such as ${shownValue(example)}.`,
  );
}

function noFileName(path: string, { columns }: TableSource): RetraceError {
  const lists = columns.find(({ name }) => FILE_NAMES.test(name));
  return new RetraceError({
    code: 'no-file-name',
    message:
      lists === undefined
        ? `${path} has no column "file_name", which says whose row each is. Its columns are ${listText(
            columns.map(({ name }) => `"${name}"`),
            20,
          )}.`
        : `Column "${lists.name}" of ${path} names several pictures in a row; one for each row is read.`,
    where: path,
    remedy: `Name the column of the pictures' files "file_name", with paths from the folder of ${nameOf(path)}; or remove ${nameOf(path)}, so that folders name the classes.`,
  });
}

const missingPictures = (name: string, path: string, count: number, example: string): RetraceError =>
  new RetraceError({
    code: 'missing-pictures',
    message: `None of the ${plural(count, 'row')} of ${path} names a picture of ${name}: ${shownValue(example)}, for one, is not there.`,
    where: `${path}, column "file_name"`,
    remedy: `Write paths from the folder of ${nameOf(path)}, with the ending: train/1.jpg.`,
  });
