// Which files of a repository make up which split: on the branch of the hub's own conversion by their folders, elsewhere as the card says or by their names, as
// the `datasets` library finds them. Looks at paths alone. Invariant: files of a split stand in the order of their rows, which is that of their names.

import type { HubFile } from '../../hub/repo.ts';
import { isCalledPicture } from '../../protocol/reading.ts';
import { isHidden, isIn, isMetadata, pictureLayout } from '../picture_sets/layout.ts';
import type { DatasetCard } from './card.ts';
import { bySplit, splitNamed } from './split_names.ts';

/** Where the hub keeps what it converted. */
export const convertedBranch = 'refs/convert/parquet';

export interface LaidSplit {
  readonly name: string;
  readonly files: readonly HubFile[];
  /** The hub converted the first few gigabytes only. */
  readonly partial?: boolean;
  /** Its files are pictures, and what is said of them in files beside them; whether folders say that these are its files, or the card. */
  readonly pictures?: 'by folders' | 'by card';
}

export interface LaidConfig {
  readonly name: string;
  readonly splits: readonly LaidSplit[];
}

const converted = /^([^/]+)\/(partial-)?([^/]+)\/\d+\.parquet$/;
const readable = /\.(?:parquet|csv|tsv|jsonl?|ndjson)$/i;
/** Of JSON, but no rows. */
const noRows = /(?:^|\/)(?:dataset_infos?|config|package|tsconfig|croissant)\.json$|(?:^|\/)\./;

const byPath = (a: HubFile, b: HubFile): number => (a.path < b.path ? -1 : 1);

/** Of a listing of the hub's conversion; undefined where it is none. */
export function convertedLayout(files: readonly HubFile[]): LaidConfig[] | undefined {
  const rows = files.filter(({ path }) => /\.parquet$/.test(path)).sort(byPath);
  if (rows.length === 0 || files.some(({ path }) => path === 'README.md') || !rows.every(({ path }) => converted.test(path)))
    return undefined;
  const configs = new Map<string, Map<string, { files: HubFile[]; partial: boolean }>>();
  for (const file of rows) {
    const [, config = '', partial, name = ''] = converted.exec(file.path) ?? [];
    const splits = configs.get(config) ?? new Map<string, { files: HubFile[]; partial: boolean }>();
    configs.set(config, splits);
    const split = splits.get(name) ?? { files: [], partial: partial !== undefined };
    splits.set(name, split);
    split.files.push(file);
  }
  return [...configs].map(([name, splits]) => ({
    name,
    splits: [...splits]
      .map(([split, { files: own, partial }]) => ({ name: split, files: own, ...(partial ? { partial } : {}) }))
      .sort(bySplit),
  }));
}

function byNames(files: readonly HubFile[]): LaidSplit[] {
  const splits = new Map<string, HubFile[]>();
  for (const file of files) {
    const name = splitNamed(file.path);
    if (name !== undefined) splits.set(name, [...(splits.get(name) ?? []), file]);
  }
  if (splits.size === 0) return files.length === 0 ? [] : [{ name: 'train', files }];
  return [...splits].map(([name, own]) => ({ name, files: own })).sort(bySplit);
}

/** A pattern of paths: `*` within a folder, `**` across them. */
function patternOf(pattern: string): RegExp {
  const source = pattern
    .replace(/^\.?\/+/, '')
    .split(/(\*\*\/?|\*|\?)/)
    .map((piece) => {
      if (piece.startsWith('**')) return piece === '**/' ? '(?:.*/)?' : '.*';
      return piece === '*' ? '[^/]*' : piece === '?' ? '[^/]' : piece.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    });
  return new RegExp(`^${source.join('')}$`);
}

/** Splits of pictures, by the folders that they lie in; a file beside them that covers several is one of each. */
function byFolders(files: readonly HubFile[]): LaidSplit[] {
  const layout = pictureLayout(files.map(({ path }) => path));
  const concerns = (path: string, folders: readonly string[]): boolean =>
    isMetadata(path) && folders.some((folder) => folder.startsWith(path.slice(0, path.lastIndexOf('/') + 1)));
  return layout.parts.map((part) => ({
    name: part.name,
    pictures: 'by folders',
    files: files.filter(({ path }) => isIn(path, part) || concerns(path, part.folders)),
  }));
}

/** Files that are rows; or pictures with what is said of them, where there are no rows beside and hardly anything else: a repository may have a picture or two to show. */
function rowsAmong(files: readonly HubFile[]): { readonly files: readonly HubFile[]; readonly arePictures: boolean } {
  const rows = files.filter(({ path }) => readable.test(path) && !noRows.test(path)).sort(byPath);
  const pictures = files.filter(({ path }) => isCalledPicture(path) && !isHidden(path));
  const others = files.filter(({ path }) => !isCalledPicture(path) && !isHidden(path) && !isMetadata(path));
  if (pictures.length <= others.length || !rows.every(({ path }) => isMetadata(path))) return { files: rows, arePictures: false };
  return { files: [...pictures, ...rows].sort(byPath), arePictures: true };
}

/** Of any other listing. Files that are no rows of a kind that is read, and no pictures, are left out. */
export function plainLayout(listed: readonly HubFile[], { configs }: DatasetCard): LaidConfig[] {
  const { files: rows, arePictures } = rowsAmong(listed);
  const found = arePictures ? byFolders : byNames;
  const laid = configs.map(({ name, splits, folder }): LaidConfig => {
    if (splits.length === 0)
      return { name, splits: found(folder === '' ? rows : rows.filter(({ path }) => path.startsWith(`${folder}/`))) };
    const matched = splits.map((split): LaidSplit => {
      const patterns = split.patterns.map(patternOf);
      const files = rows.filter(({ path }) => patterns.some((pattern) => pattern.test(path)));
      return { name: split.name, files, ...(arePictures ? { pictures: 'by card' } : {}) };
    });
    return { name, splits: matched.filter((split) => split.files.length > 0) };
  });
  const named = laid.filter(({ splits }) => splits.length > 0);
  if (named.length > 0) return named;
  const splits = rows.length === 0 ? [] : found(rows);
  return splits.length === 0 ? [] : [{ name: 'default', splits }];
}

/** Why a repository without rows has none, as far as its files tell. */
export function whyNoRows(files: readonly HubFile[]): string {
  const script = files.find(({ path }) => /^[^/]+\.py$/.test(path));
  if (script !== undefined)
    return `its rows are made by a script (${script.path}), which is not run here, and the hub has no Parquet files of them`;
  const endings = [...new Set(files.map(({ path }) => /\.[a-z0-9]+$/i.exec(path)?.[0].toLowerCase() ?? ''))].filter(
    (ending) => !['', '.md', '.gitattributes', '.gitignore', '.json'].includes(ending),
  );
  if (endings.length === 0) return 'its repository has no files of rows';
  return `it has files of other kinds (${endings.slice(0, 5).join(', ')}), and the hub has no Parquet files of them`;
}
