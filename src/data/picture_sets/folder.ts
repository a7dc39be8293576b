// A folder of pictures as a table: a row for each, the picture in column `image`, its class in column `label`; or the rows of a metadata file beside them
// (metadata.ts). Not here: what the folders mean (layout.ts), and pictures in files of rows (../table/parquet.ts).
// Invariant: what is passed over is counted and named; rows stand in the order of their paths, as the `datasets` library has them.

import { RetraceError } from '../../protocol/errors.ts';
import type { TableFormat } from '../../protocol/reading.ts';
import { countText, listText, plural } from '../../protocol/sentences.ts';
import { shownValue } from '../../protocol/shown.ts';
import type { PictureFile } from '../pictures/picture.ts';
import type { Column, RowBatch, RowRequest, TableSource } from '../table/table.ts';
import {
  type Classes,
  classesOf,
  folderOf,
  isCalledPicture,
  isHidden,
  isIn,
  isMetadata,
  type LaidPart,
  onlyPart,
  type PictureLayout,
  pictureLayout,
} from './layout.ts';
import { HEAD, type PictureListing, type SetFile } from './listing.ts';
import { metadataRows } from './metadata.ts';
import { isPicture as isReadPicture } from './sniff.ts';

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

/** By its first bytes where they are at hand; once. */
async function isPictureFile(file: SetFile, isPicture: (first: Uint8Array) => boolean): Promise<boolean> {
  const known = looked.get(file);
  if (known !== undefined) return known;
  const answer = file.head === undefined ? isCalledPicture(file.path) : isPicture(await file.head(HEAD));
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
const are = (count: number): string => (count === 1 ? 'is' : 'are');

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
function refuseOneClass(name: string, of: readonly (string | undefined)[]): void {
  const names = new Set(of.filter((label) => label !== undefined));
  const [only] = names;
  if (names.size !== 1) return;
  throw new RetraceError({
    code: 'one-class',
    message: `All ${plural(of.length, 'picture')} of ${name} are of one class, ${shownValue(only)}: there is nothing to tell apart.`,
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
  { part: wanted, parts, isPicture = isReadPicture, to = 'learn' }: PictureSetOptions = {},
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
  const files = new Map(
    pictures.map((file): [string, PictureFile] => [
      cellOf(file.path),
      { path: cellOf(file.path), size: file.size, blob: () => file.blob() },
    ]),
  );
  const notes = [
    ...(others.length === 0
      ? []
      : [
          `${plural(others.length, 'file')} of ${name} ${are(others.length)} no JPEG, PNG, WebP or GIF and ${are(others.length)} passed over: ${named(others.map(({ path }) => cellOf(path)))}.`,
        ]),
    ...(layout.beside.length === 0
      ? []
      : [
          `${plural(layout.beside.length, 'folder')} of ${name} ${are(layout.beside.length)} none of its parts (${listText(layout.parts.map((one) => one.name))}) and ${are(layout.beside.length)} passed over: ${named(layout.beside)}.`,
        ]),
  ];
  const metadata = shown.filter(({ path }) => isMetadata(path) && path.startsWith(layout.base));
  if (metadata.length > 0) {
    const elsewhere = shown.filter(({ path }) => !isIn(path, part)).map(({ path }) => cellOf(path));
    const found = await metadataRows({ name, metadata, part, files, elsewhere: new Set(elsewhere), cellOf, notes });
    if (found !== undefined) return found;
  }
  const inOthers = shown.filter(({ path }) => !isIn(path, part) && !isMetadata(path) && isCalledPicture(path));
  const classes = classesOf(
    layout,
    [...pictures, ...inOthers].map(({ path }) => path),
  );
  if (to === 'learn')
    refuseOneClass(
      name,
      [...pictures, ...inOthers].map(({ path }) => classes.of(path)),
    );
  return classRows(listing, part, pictures, files, classes, cellOf, notes);
}

/** A row for each picture that has a class, or for each where there are none. */
function classRows(
  listing: PictureListing,
  part: LaidPart,
  pictures: readonly SetFile[],
  files: ReadonlyMap<string, PictureFile>,
  classes: Classes,
  cellOf: (path: string) => string,
  notes: readonly string[],
): TableSource {
  const { name } = listing;
  const all = pictures.map(({ path }) => ({ image: cellOf(path), label: classes.of(path) }));
  const rows = classes.by === 'none' ? all : all.filter(({ label }) => label !== undefined);
  const without = classes.by === 'none' ? [] : all.filter(({ label }) => label === undefined);
  const found = [...new Set(rows.flatMap(({ label }) => label ?? []))].sort();
  const empty = classes.by === 'none' ? [] : emptyFolders(listing, part, pictures);
  const said = [
    ...notes,
    ...(without.length === 0
      ? []
      : [
          `${plural(without.length, 'picture')} of ${name} ${without.length === 1 ? 'lies' : 'lie'} in no folder of a class and ${are(without.length)} passed over: ${named(without.map(({ image }) => image))}.`,
        ]),
    ...(empty.length === 0
      ? []
      : [
          `${plural(empty.length, 'folder')} of ${name} ${empty.length === 1 ? 'holds' : 'hold'} no picture and ${are(empty.length)} no class: ${named(empty.map((folder) => cellOf(folder).slice(0, -1)))}.`,
        ]),
    ...(classes.by === 'first folder'
      ? [`Pictures of ${name} lie in folders of different depths: the first folder is the class, and those in it are not told apart.`]
      : []),
  ];
  const columns: Column[] = [
    { name: 'image', kind: 'image', is: 'pictures' },
    ...(classes.by === 'none'
      ? []
      : [{ name: 'label', kind: 'text' as const, is: `classes (${found.slice(0, 4).join(', ')}${found.length > 4 ? ', ...' : ''})` }]),
  ];
  return {
    ...{ name, columns, header: true, rowCount: rows.length, pictures: files },
    // Of the names, which are what rows are made of.
    size: rows.reduce((sum, { image }) => sum + image.length, 0),
    reading: {
      format: FORMAT,
      header: true,
      said:
        classes.by === 'none'
          ? plural(rows.length, 'picture')
          : `${plural(rows.length, 'picture')} in folders of ${countText(found.length)} ${found.length === 1 ? 'class' : 'classes'}`,
    },
    rows: (request) =>
      batches(
        rows.map(({ image, label }) => (label === undefined ? [image] : [image, label])),
        said,
        request,
      ),
  };
}

async function* batches(
  rows: readonly (readonly string[])[],
  notes: readonly string[],
  { columns, onNote }: RowRequest = {},
): AsyncGenerator<RowBatch> {
  let bytesRead = 0;
  for (let at = 0; at < rows.length; at += BATCH) {
    const some = rows.slice(at, at + BATCH);
    bytesRead = some.reduce((sum, [image = '']) => sum + image.length, bytesRead);
    yield {
      rows: some.map((cells, i) => ({ number: at + i + 1, cells: columns?.map((column) => cells[column] ?? '') ?? cells })),
      bytesRead,
    };
  }
  for (const note of notes) onNote?.(note);
}
