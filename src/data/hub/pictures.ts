// Pictures of a data set that are files of its repository: what is known of them by their paths, and a split of them as a table. Not here: which files make up a
// split (layout.ts). Invariant: a picture is asked of the hub when it is needed, and no other is with it.

import type { Waiting } from '../../hub/client.ts';
import type { Hub, OpenRepo } from '../../hub/hub.ts';
import type { HubFile } from '../../hub/repo.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { HubColumn } from '../../protocol/hub.ts';
import { isCalledPicture } from '../../protocol/reading.ts';
import { openPictures } from '../picture_sets/folder.ts';
import { classesOf, isMetadata, pictureLayout } from '../picture_sets/layout.ts';
import type { SetFile } from '../picture_sets/listing.ts';
import type { TableSource } from '../table/table.ts';
import type { LaidConfig, LaidSplit } from './layout.ts';

/** What is opened of a split. */
export interface PictureSplit {
  /** Files of all splits of the configuration, or of this alone where the card says which they are. */
  readonly paths: readonly string[];
  /** Where folders say it. */
  readonly part?: string;
}

export const pictureSplit = ({ splits }: LaidConfig, { name, files, pictures }: LaidSplit): PictureSplit | undefined => {
  const paths = (of: readonly HubFile[]): string[] => [...new Set(of.map(({ path }) => path))];
  if (pictures === undefined) return undefined;
  return pictures === 'by card' ? { paths: paths(files) } : { paths: paths(splits.flatMap((split) => split.files)), part: name };
};

/** Files that a run remembers, where they are pictures. */
export const pinnedPictures = (paths: readonly string[]): PictureSplit | undefined => (paths.some(isCalledPicture) ? { paths } : undefined);

/** Errors: those of `openPictures`, `files-gone`; of its pictures those of the hub. */
export function openPictureSplit(
  hub: Hub,
  repo: OpenRepo,
  name: string,
  { paths, part }: PictureSplit,
  waiting?: Waiting,
): Promise<TableSource> {
  const known = new Map(repo.files.map((file) => [file.path, file]));
  const files = paths.map((path): SetFile => {
    const size = known.get(path)?.size;
    if (size === undefined) throw goneFrom(name, path);
    return {
      path,
      size,
      async blob() {
        const source = hub.file(repo, path, waiting);
        if (source === undefined) throw goneFrom(name, path);
        return new Blob([new Uint8Array(await source.read(0, size))]);
      },
    };
  });
  // Whether one class is too few is known when it is known what for.
  return openPictures({ name, files }, { to: 'predict', ...(part === undefined ? { parts: 'one' } : { part }) });
}

const goneFrom = (name: string, path: string): RetraceError =>
  new RetraceError({
    code: 'files-gone',
    message: `${path} of ${name} is not in its repository at the commit that the run remembers.`,
    where: name,
    remedy: 'Choose the data set anew.',
  });

/** Columns of a configuration of pictures, and how many of them a split has, by their paths; nothing where a file beside them says it. */
export function picturesDescribed(
  { splits }: LaidConfig,
  split: LaidSplit,
): { readonly columns: readonly HubColumn[]; readonly rows?: number } {
  const paths = splits.flatMap(({ files }) => files.map(({ path }) => path));
  if (paths.some(isMetadata)) return { columns: [] };
  const classes = classesOf(pictureLayout(paths), paths);
  const names = [...new Set(paths.flatMap((path) => classes.of(path) ?? []))].sort();
  const image = { name: 'image', type: 'Image' };
  return { columns: classes.by === 'none' ? [image] : [image, { name: 'label', type: 'ClassLabel', names }], rows: split.files.length };
}
