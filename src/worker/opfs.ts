// The origin's private file system as folders and small JSON files. Knows nothing of what is kept in them. Invariant: a JSON file is replaced whole or not
// at all, for a writable stream takes its place only when it is closed.

import { RetraceError } from '../protocol/errors.ts';

const nameOf = (thrown: unknown): string => (thrown instanceof DOMException ? thrown.name : '');
export const isNotFound = (thrown: unknown): boolean => nameOf(thrown) === 'NotFoundError';
const isFull = (thrown: unknown): boolean => nameOf(thrown) === 'QuotaExceededError';

const refuseStore = (why: string): never => {
  throw new RetraceError({
    code: 'store-closed',
    message: `This browser lets the page keep no files: ${why}.`,
    where: "the page's storage",
    remedy: 'Open the page in an ordinary window of Chrome or Edge 121 or newer, or pick a folder from disk: it is read in place.',
  });
};

/** A folder at the top of the origin's private file system. Error: `store-closed`. */
export async function topFolder(name: string): Promise<FileSystemDirectoryHandle> {
  if (navigator.storage?.getDirectory === undefined) refuseStore('it has no private file system for pages, or the page is not at https://');
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) refuseStore('it writes files only as a whole');
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  } catch (thrown) {
    if (isFull(thrown)) return throwFull(name, undefined);
    return refuseStore(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export const makeFolder = (folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemDirectoryHandle> =>
  unlessFull(name, undefined, () => folder.getDirectoryHandle(name, { create: true }));

const orUndefined = <T>(found: Promise<T>): Promise<T | undefined> =>
  found.catch((thrown) => {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  });

export const findFolder = (folder: FileSystemDirectoryHandle | undefined, name: string) =>
  folder === undefined ? Promise.resolve(undefined) : orUndefined(folder.getDirectoryHandle(name));
export const findFile = (folder: FileSystemDirectoryHandle | undefined, name: string) =>
  folder === undefined ? Promise.resolve(undefined) : orUndefined(folder.getFileHandle(name));

/** Names in a folder, in no order; none where there is no folder. */
export async function namesIn(folder: FileSystemDirectoryHandle | undefined): Promise<string[]> {
  const names: string[] = [];
  if (folder !== undefined) for await (const name of folder.keys()) names.push(name);
  return names;
}

/** Removes a file or folder with all in it, where there is one. */
export async function removeEntry(folder: FileSystemDirectoryHandle | undefined, name: string): Promise<void> {
  await orUndefined(folder?.removeEntry(name, { recursive: true }) ?? Promise.resolve());
}

/** What a small JSON file says; undefined where there is none, or where it is damaged. The caller checks its shape. */
export async function readJsonFile(folder: FileSystemDirectoryHandle | undefined, name: string): Promise<unknown> {
  const file = await findFile(folder, name);
  if (file === undefined) return undefined;
  try {
    return JSON.parse(await (await file.getFile()).text());
  } catch {
    return undefined;
  }
}

/** Error: `store-full`. */
export async function writeJsonFile(folder: FileSystemDirectoryHandle, name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  await unlessFull(name, text.length, async () => {
    const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
    try {
      await stream.write(text);
      await stream.close();
    } catch (thrown) {
      await stream.abort().catch(() => undefined);
      throw thrown;
    }
  });
}

/** Bytes that the browser thinks it may still write; its estimate is rough, so nothing is refused by it. */
export async function freeBytes(): Promise<number | undefined> {
  const { quota, usage } = await navigator.storage.estimate().catch((): StorageEstimate => ({}));
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
}

async function throwFull(name: string, bytes: number | undefined): Promise<never> {
  const free = await freeBytes();
  // Chrome reports 10 GiB free, whatever the disk has, so that a page can't tell people by their disks.
  const doubt = free !== undefined && free >= (bytes ?? 0) ? ', but the disk takes no more' : '';
  throw new RetraceError({
    code: 'store-full',
    message:
      `There is no room for ${bytes === undefined ? '' : `${bytes} more bytes of `}${name} in this browser's storage` +
      `${free === undefined ? '' : `: the browser says that ${free} bytes are free for this page${doubt}`}.`,
    where: name,
    remedy: 'Delete models or data sets that are kept on this device, or free disk space; then fetch again. What came so far is kept.',
  });
}

/** Does what writes; a full store is the error `store-full`, which names what was to be written and what is free. */
export async function unlessFull<T>(name: string, bytes: number | undefined, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (thrown) {
    if (isFull(thrown)) return throwFull(name, bytes);
    throw thrown;
  }
}
