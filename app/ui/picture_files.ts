// Pictures that people pick, drop or paste, as the protocol wants them. Nothing is read here: blobs are handles, and the worker reads what it needs.

import type { DataRef } from '../../src/protocol/config.ts';
import { isCalledPicture } from '../../src/protocol/reading.ts';
import { droppedEntries, type FolderFile, filesUnder } from './files.ts';

const isPacked = ({ name }: File): boolean => /\.(?:zip|parquet)$/i.test(name);

/** Of a zip or a file of rows that one alone; of files of a folder, or of single ones, all. */
export function picturesOfPicked(files: readonly File[]): DataRef | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const packed = files.find(isPacked);
  if (packed !== undefined && first.webkitRelativePath === '') return { kind: 'file', name: packed.name, blob: packed };
  const folder = first.webkitRelativePath.split('/')[0] ?? '';
  const pathOf = (file: File) => (folder === '' ? file.name : file.webkitRelativePath.slice(folder.length + 1));
  return {
    ...{ kind: 'pictures', name: folder === '' ? 'pictures' : folder },
    files: files.map((file) => ({ path: pathOf(file), blob: file })),
  };
}

/** The same, dropped: a folder, or the folders of the classes by themselves. The event is asked at once, for it forgets what it held. */
export async function picturesOfDropped(transfer: DataTransfer): Promise<DataRef | undefined> {
  const [entries, files] = [droppedEntries(transfer), [...transfer.files]];
  const [only, ...others] = entries;
  if (!entries.some(({ isDirectory }) => isDirectory)) return picturesOfPicked(files);
  if (only?.isDirectory && others.length === 0) return { kind: 'pictures', name: only.name, files: await filesUnder(only, '') };
  const found: FolderFile[] = [];
  for (const entry of entries) for (const file of await filesUnder(entry, entry.name)) found.push(file);
  return { kind: 'pictures', name: 'pictures', files: found };
}

/** The files of these that are called pictures, or that the browser takes for some. */
export const picturesAmong = (files: Iterable<File>): readonly File[] =>
  [...files].filter(({ type, name }) => type.startsWith('image/') || isCalledPicture(name));
