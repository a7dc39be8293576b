// What a set of pictures is made of before anything of it is read: files by their paths, wherever they lie. Not here: which of them are pictures, and of what
// (folder.ts). Invariant: a file is read when it is asked for, and no more of it than is asked for.

import { blobSource } from '../../hub/folder.ts';
import type { PictureFile } from '../pictures/picture.ts';

/** A file of a set, picture or not. */
export interface SetFile extends PictureFile {
  /** Its first bytes; left out where they are not to be had for little, as on the hub: its name then tells what it is. */
  head?(count: number): Promise<Uint8Array>;
}

export interface PictureListing {
  /** What people call it: the name of the folder, the zip or the data set. */
  readonly name: string;
  readonly files: readonly SetFile[];
  /** Folders that are known of, empty ones among them; left out, those of the files. Without a slash at the end. */
  readonly folders?: readonly string[];
}

/** Bytes that tell what a file is. */
export const HEAD = 16;

/**
 * Files picked or dropped, with their paths (`webkitRelativePath` has the name of the folder in front), or found in a folder on the disk; `folders` where they
 * are known, in the same form.
 */
export function fileListing(
  files: readonly { readonly path: string; readonly blob: Blob }[],
  name?: string,
  folders?: readonly string[],
): PictureListing {
  const [top = '', ...below] = files[0]?.path.split('/') ?? [];
  const isShared = below.length > 0 && files.every(({ path }) => path.startsWith(`${top}/`));
  return {
    name: name ?? (isShared ? top : 'folder'),
    ...(folders === undefined ? {} : { folders }),
    files: files.map(({ path, blob }) => ({
      path,
      size: blob.size,
      head: (count) => blobSource(path, blob).read(0, Math.min(count, blob.size)),
      blob: async () => blob,
    })),
  };
}
