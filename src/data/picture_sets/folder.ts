// A folder of pictures as a table: a row for each, the picture in column `image`, its class in column `label`; or the rows of a metadata file beside them
// (metadata.ts). Not here: what the folders mean (layout.ts), and pictures in files of rows (../table/parquet.ts).
// Invariant: what is passed over is counted and named; rows stand in the order of their paths, as the `datasets` library has them.

import { RetraceError } from '../../protocol/errors.ts';
import { isCalledPicture, type TableFormat } from '../../protocol/reading.ts';
import { listText, plural } from '../../protocol/sentences.ts';
import { shownValue } from '../../protocol/shown.ts';
import { pictureKind } from '../pictures/format.ts';
import type { PictureFile } from '../pictures/picture.ts';
import type { Column, RowBatch, RowRequest, TableSource } from '../table/table.ts';
import { classesOf, folderOf, isHidden, isIn, isMetadata, type LaidPart, onlyPart, type PictureLayout, pictureLayout } from './layout.ts';
import { HEAD, type PictureListing, type SetFile } from './listing.ts';
import { metadataRows } from './metadata.ts';

export interface PictureSetOptions {
  /** One of `partsOf`; left out: `train`, or the first that there is. */
  readonly part?: string | undefined;
  /** All files may be one part, whatever their folders are called. Left out: folders name the parts. */
  readonly parts?: 'by folders' | 'one' | undefined;
  /** Whether a file that begins with these bytes is a picture. */
  isPicture?(first: Uint8Array): boolean;
  /** To predict of, pictures may all be of one class. Left out: to learn from. */
  readonly to?: 'learn' | 'predict' | undefined;
}

/** Files that are looked into at a time. */
const AT_A_TIME = 32;
/** Rows made at a time. */
const BATCH = 4096;
/** Files and folders that a note names. */
const NAMED = 3;

const FORMAT: TableFormat = 'pictures';

const layouts =
  'Give each class a folder of its own with its pictures in it: cat/1.jpg, dog/1.jpg; or, with parts, train/cat/1.jpg and test/cat/1.jpg.';

function layoutOf({ files }: PictureListing, parts: PictureSetOptions['parts'] = 'by folders'): PictureLayout {
  const layout = pictureLayout(files.map(({ path }) => path));
  return parts === 'one' ? { ...layout, parts: [{ name: onlyPart, folders: [layout.base] }], beside: [] } : layout;
}

/** Names of the parts of a set, `train` first; a set without any is all `train`. */
export const partsOf = (listing: PictureListing): readonly string[] => layoutOf(listing).parts.map(({ name }) => name);

/** Error `no-such-part`. */
function partNamed({ name }: PictureListing, { parts }: PictureLayout, wanted: string | undefined): LaidPart {
  const [first] = parts;
  const part = wanted === undefined ? first : parts.find((one) => one.name === wanted);
  if (part !== undefined) return part;
  throw new RetraceError({
    code: 'no-such-part',
    message: `${name} has no part "${wanted}". It has ${listText(parts.map((one) => one.name))}.`,
    where: name,
    remedy: `Choose one of these, or put the pictures of "${wanted}" into a folder of that name.`,
  });
}

const looked = new WeakMap<SetFile, boolean>();

/** By its name, so that a broken one is not passed over; else by its first bytes where they are at hand, once. */
async function isPictureFile(file: SetFile, isPicture: (first: Uint8Array) => boolean): Promise<boolean> {
  if (isCalledPicture(file.path)) return true;
  const known = looked.get(file);
  if (known !== undefined) return known;
  const answer = file.head !== undefined && isPicture(await file.head(HEAD));
  looked.set(file, answer);
  return answer;
}

interface Sorted {
  readonly pictures: readonly SetFile[];
  readonly others: readonly SetFile[];
}

async function sorted(files: readonly SetFile[], isPicture: (first: Uint8Array) => boolean): Promise<Sorted> {
  const [pictures, others]: [SetFile[], SetFile[]] = [[], []];
  for (let i = 0; i < files.length; i += AT_A_TIME) {
    const some = files.slice(i, i + AT_A_TIME);
    const answers = await Promise.all(some.map((file) => isPictureFile(file, isPicture)));
    some.forEach((file, at) => {
      (answers[at] ? pictures : others).push(file);
    });
  }
  return { pictures, others };
}

const byPath = (a: SetFile, b: SetFile): number => (a.path < b.path ? -1 : 1);
const named = (paths: readonly string[]): string => listText(paths, NAMED);

/** `3 files of zoo are no pictures and are passed over: a, b, c.`; nothing where there are none. */
function passedOver(paths: readonly string[], one: string, many: string): string[] {
  const { length } = paths;
  return length === 0 ? [] : [`${plural(length, one, many)} and ${length === 1 ? 'is' : 'are'} passed over: ${named(paths)}.`];
}

/** Folders of a part that hold no picture and no folder that does. */
function emptyFolders({ files, folders = [] }: PictureListing, part: LaidPart, pictures: readonly SetFile[]): string[] {
  const known = new Set([...folders.map((folder) => `${folder}/`), ...files.map(({ path }) => folderOf(path))]);
  const filled = new Set<string>();
  for (const { path } of pictures)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) filled.add(path.slice(0, at + 1));
  const empty = [...known].filter(
    (folder) => isIn(folder, part) && !part.folders.includes(folder) && !filled.has(folder) && !isHidden(folder.slice(0, -1)),
  );
  let outer = '';
  return empty.sort().filter((folder) => {
    const isInner = outer !== '' && folder.startsWith(outer);
    if (!isInner) outer = folder;
    return !isInner;
  });
}

/** Error `one-class`. */
function refuseOneClass(name: string, labels: readonly string[]): void {
  const [only] = labels;
  if (new Set(labels).size !== 1) return;
  throw new RetraceError({
    code: 'one-class',
    message: `All ${plural(labels.length, 'picture')} of ${name} are of one class, ${shownValue(only)}: there is nothing to tell apart.`,
    where: name,
    remedy: layouts,
  });
}

/** Error `no-pictures`. */
function noPictures(name: string, part: LaidPart, others: readonly SetFile[]): RetraceError {
  const where = part.folders.join(', ').replace(/\/$/, '');
  const found =
    others.length === 0
      ? 'it has no files'
      : `of its ${plural(others.length, 'file')} none is one: ${named(others.map(({ path }) => path))}`;
  return new RetraceError({
    code: 'no-pictures',
    message: `There are no pictures in ${name}${where === '' ? '' : `/${where}`}; ${found}.`,
    where: where === '' ? name : `${name}/${where}`,
    remedy: `Choose a folder or a zip of JPEG, PNG, WebP or GIF files. ${layouts}`,
  });
}

/**
 * The pictures of a part as a table, found by their paths; of each no more is read than its first bytes. Errors: `no-such-part`, `no-pictures`, `one-class`;
 * of a metadata file those of its format, `no-file-name`, `two-metadata`, `missing-pictures`.
 */
export async function openPictures(
  listing: PictureListing,
  { part: wanted, parts, isPicture = (first) => pictureKind(first) !== undefined, to = 'learn' }: PictureSetOptions = {},
): Promise<TableSource> {
  const { name } = listing;
  const layout = layoutOf(listing, parts);
  const part = partNamed(listing, layout, wanted);
  const shown = listing.files.filter(({ path }) => !isHidden(path)).sort(byPath);
  const { pictures, others } = await sorted(
    shown.filter(({ path }) => isIn(path, part) && !isMetadata(path)),
    isPicture,
  );
  if (pictures.length === 0) throw noPictures(name, part, others);
  const cellOf = (path: string): string => (path.startsWith(layout.base) ? path.slice(layout.base.length) : path);
  const cellsOf = (some: readonly SetFile[]): string[] => some.map(({ path }) => cellOf(path));
  const files = new Map(
    pictures.map((file): [string, PictureFile] => {
      const path = cellOf(file.path);
      return [path, { path, size: file.size, blob: () => file.blob() }];
    }),
  );
  const parted = `of its parts (${listText(layout.parts.map((one) => one.name))})`;
  const notes = [
    ...passedOver(cellsOf(others), `file of ${name} is no JPEG, PNG, WebP or GIF`, `files of ${name} are no JPEG, PNG, WebP or GIF`),
    ...passedOver(layout.beside, `folder of ${name} is none ${parted}`, `folders of ${name} are none ${parted}`),
  ];
  const elsewhere = shown.filter(({ path }) => !isIn(path, part) && !isMetadata(path));
  const metadata = shown.filter(({ path }) => isMetadata(path) && path.startsWith(layout.base));
  const described = await metadataRows({ name, metadata, part, files, elsewhere: new Set(cellsOf(elsewhere)), cellOf, notes });
  if (described !== undefined) return described;

  const all = [...pictures, ...elsewhere.filter(({ path }) => isCalledPicture(path))].map(({ path }) => path);
  const classes = classesOf(layout, all);
  if (to === 'learn')
    refuseOneClass(
      name,
      all.flatMap((path) => classes.of(path) ?? []),
    );
  const rows = pictures.map(({ path }): ClassRow => ({ image: cellOf(path), label: classes.of(path) }));
  const labelled = rows.filter(({ label }) => label !== undefined);
  // Of a part without any class, which may be there to predict of, all rows are pictures alone.
  if (labelled.length === 0) return tableOf(name, rows, files, notes);
  return tableOf(name, labelled, files, [
    ...notes,
    ...passedOver(
      rows.flatMap(({ image, label }) => (label === undefined ? [image] : [])),
      `picture of ${name} lies in no folder of a class`,
      `pictures of ${name} lie in no folder of a class`,
    ),
    ...passedOver(
      emptyFolders(listing, part, pictures).map((folder) => cellOf(folder).slice(0, -1)),
      `folder of ${name} holds no picture`,
      `folders of ${name} hold no picture`,
    ),
    ...(classes.by === 'first folder'
      ? [`Pictures of ${name} lie in folders of different depths: the first folder is the class, and those in it are not told apart.`]
      : []),
  ]);
}

interface ClassRow {
  readonly image: string;
  /** Of all rows, or of none. */
  readonly label: string | undefined;
}

function tableOf(
  name: string,
  rows: readonly ClassRow[],
  pictures: ReadonlyMap<string, PictureFile>,
  notes: readonly string[],
): TableSource {
  const labels = [...new Set(rows.flatMap(({ label }) => label ?? []))].sort();
  const count = plural(rows.length, 'picture');
  const image: Column = { name: 'image', kind: 'image', is: 'pictures' };
  const label: Column = {
    ...{ name: 'label', kind: 'text' },
    is: `classes (${labels.slice(0, 4).join(', ')}${labels.length > 4 ? ', ...' : ''})`,
  };
  return {
    ...{ name, header: true, rowCount: rows.length, pictures, columns: labels.length === 0 ? [image] : [image, label] },
    // Of the names, which are what rows are made of.
    size: rows.reduce((sum, row) => sum + row.image.length, 0),
    reading: {
      ...{ format: FORMAT, header: true },
      said: labels.length === 0 ? count : `${count} in folders of ${plural(labels.length, 'class', 'classes')}`,
    },
    rows: (request) => batches(rows, notes, request),
  };
}

async function* batches(
  rows: readonly ClassRow[],
  notes: readonly string[],
  { columns, onNote }: RowRequest = {},
): AsyncGenerator<RowBatch> {
  const cellsOf = ({ image, label }: ClassRow): readonly string[] => {
    const cells = label === undefined ? [image] : [image, label];
    return columns?.map((column) => cells[column] ?? '') ?? cells;
  };
  let bytesRead = 0;
  for (let at = 0; at < rows.length; at += BATCH) {
    const some = rows.slice(at, at + BATCH);
    bytesRead = some.reduce((sum, { image }) => sum + image.length, bytesRead);
    yield { rows: some.map((row, i) => ({ number: at + i + 1, cells: cellsOf(row) })), bytesRead };
  }
  for (const note of notes) onNote?.(note);
}
