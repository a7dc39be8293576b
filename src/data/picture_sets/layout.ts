// Which part and which class each file of a set of pictures belongs to, by the folders that it lies in: as the `datasets` library's imagefolder has it where
// that is not a trap. Looks at paths alone. Invariant: what a path is does not depend on the order in which paths are given.

import { isCalledPicture } from '../../protocol/reading.ts';
import { bySplit, splitWord } from '../hub/split_names.ts';

/** The part that a set has which names none. */
export const onlyPart = 'train';

export interface LaidPart {
  readonly name: string;
  /** Folders of its files, with a slash at the end; '' is all. More than one where several are called so: `val` and `valid`. */
  readonly folders: readonly string[];
}

export interface PictureLayout {
  /** Folders round all of it, of no meaning: 'archive/images/'. */
  readonly base: string;
  /** At least one. */
  readonly parts: readonly LaidPart[];
  /** Folders beside the parts that are none, in order. */
  readonly beside: readonly string[];
}

const metadataNames = ['metadata.csv', 'metadata.jsonl', 'metadata.parquet'];
/** Files that are about a set, and those of editors and systems. */
const silent = [
  'README.md',
  'config.json',
  'dataset_info.json',
  'dataset_infos.json',
  'dataset_dict.json',
  'Thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
];

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** The folder of a file, with a slash at the end; '' at the top. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
export const isMetadata = (path: string): boolean => metadataNames.includes(nameOf(path));
/** Files of which nothing is said. */
export const isHidden = (path: string): boolean =>
  silent.includes(nameOf(path)) || path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX' || part === '@eaDir');

/** Those that lie somewhere, for where the classes are: pictures by their names; all where none is called so. */
function telling(paths: readonly string[]): readonly string[] {
  const shown = paths.filter((path) => !isHidden(path) && !isMetadata(path));
  const called = shown.filter(isCalledPicture);
  return called.length > 0 ? called : shown;
}

interface Tops {
  /** Folders at this place, each with whether it holds folders in its turn. */
  readonly folders: ReadonlyMap<string, boolean>;
  readonly hasFiles: boolean;
}

function topsOf(paths: readonly string[], base: string): Tops {
  const folders = new Map<string, boolean>();
  let hasFiles = false;
  for (const path of paths) {
    const [top = '', ...rest] = path.slice(base.length).split('/');
    if (rest.length === 0) hasFiles = true;
    else folders.set(top, (folders.get(top) ?? false) || rest.length > 1);
  }
  return { folders, hasFiles };
}

/** A folder that holds all, and more than pictures of one class, is a wrapper; the outermost is in any case, for its name is that of the set. */
function baseOf(paths: readonly string[]): string {
  let base = '';
  for (;;) {
    const { folders, hasFiles } = topsOf(paths, base);
    const [only] = folders;
    if (only === undefined || folders.size > 1 || hasFiles) return base;
    const [name, isNested] = only;
    if (splitWord(name) !== undefined || (base !== '' && !isNested)) return base;
    base += `${name}/`;
  }
}

/** Parts among the folders at the top. A class may be called `train` too, beside `bus` and `car`: one such folder alone is a part if no other is divided as it is. */
function partsAmong({ folders }: Tops): readonly string[] {
  const named = [...folders.keys()].filter((name) => splitWord(name) !== undefined);
  const others = [...folders.keys()].filter((name) => !named.includes(name));
  const isPart =
    others.length === 0 ||
    new Set(named.map(splitWord)).size > 1 ||
    (named.every((name) => folders.get(name) === true) && others.every((name) => folders.get(name) === false));
  return isPart ? named : [];
}

export function pictureLayout(paths: readonly string[]): PictureLayout {
  const all = telling(paths);
  const base = baseOf(all);
  const tops = topsOf(all, base);
  const named = partsAmong(tops);
  if (named.length === 0) return { base, parts: [{ name: onlyPart, folders: [base] }], beside: [] };
  const parts = new Map<string, string[]>();
  for (const folder of [...named].sort()) {
    const name = splitWord(folder) ?? onlyPart;
    parts.set(name, [...(parts.get(name) ?? []), `${base}${folder}/`]);
  }
  return {
    base,
    parts: [...parts].map(([name, folders]) => ({ name, folders })).sort(bySplit),
    beside: [...tops.folders.keys()].filter((name) => !named.includes(name)).sort(),
  };
}

export const isIn = (path: string, { folders }: LaidPart): boolean => folders.some((folder) => path.startsWith(folder));

export interface Classes {
  /** Of a file in one of the parts; undefined where its folder is none of a class. */
  of(path: string): string | undefined;
  /** The folder that a file lies in names its class, or the first below the part where some lie deeper than others. */
  readonly by: 'own folder' | 'first folder' | 'none';
}

/** Folders of a file below its part. */
function foldersBelow(path: string, parts: readonly LaidPart[]): readonly string[] {
  const part = parts.flatMap(({ folders }) => folders).find((folder) => path.startsWith(folder));
  return part === undefined ? [] : path.slice(part.length).split('/').slice(0, -1);
}

/** Classes of all parts together, by pictures of all of them. */
export function classesOf({ parts }: PictureLayout, pictures: readonly string[]): Classes {
  const depths = new Set<number>();
  for (const path of pictures) depths.add(foldersBelow(path, parts).length);
  depths.delete(0);
  if (depths.size === 0) return { of: () => undefined, by: 'none' };
  if (depths.size === 1) return { of: (path) => foldersBelow(path, parts).at(-1), by: 'own folder' };
  return { of: (path) => foldersBelow(path, parts)[0], by: 'first folder' };
}
