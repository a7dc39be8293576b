// What of a disk may fail while files of the hub are written to it, said for people; and the two ways of writing that nothing can fall into. Knows no layout.
// Invariant: no folder outside the root is written to, whatever links stand on the way.

import { randomUUID } from 'node:crypto';
import { mkdir, open, realpath, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { RetraceError } from '../../src/protocol/errors.ts';

export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** Bytes that may still be written where `path` is, or will be. */
export async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT' || at === dirname(at)) return undefined;
    }
  }
}

const isFull = (thrown: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(thrown));
export const isClosed = (thrown: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG'].includes(codeOf(thrown));

async function storeFull(path: string, wanted: number): Promise<RetraceError> {
  const free = await freeBytes(path);
  return new RetraceError({
    code: 'store-full',
    message: `The disk of the hub's cache takes no more: ${wanted} bytes were to be written, ${free ?? 'an unknown number'} are free.`,
    where: path,
    remedy:
      'Free disk space (retrace hub list, retrace hub remove), or let HF_HUB_CACHE name a folder on another disk. What came so far is kept.',
  });
}

export const storeClosed = (path: string, what: string): RetraceError =>
  new RetraceError({
    code: 'store-closed',
    message: `The hub's cache can't be written to: ${what}.`,
    where: path,
    remedy: 'Allow writing there, or let HF_HUB_CACHE name another folder.',
  });

/** Does what writes `wanted` bytes at `path`. Errors: `store-full`, `store-closed`. */
export async function writing<T>(path: string, wanted: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (isFull(thrown)) throw await storeFull(path, wanted);
    if (isClosed(thrown) && thrown instanceof Error) throw storeClosed(path, thrown.message);
    throw thrown;
  }
}

/** Whether a path, links followed, is below the root. */
export const isBelow = (root: string, path: string): boolean => path.startsWith(root.endsWith(sep) ? root : root + sep);

/** Makes a folder below the root. Errors: `store-full`, `store-closed`, which a link that leads out of the root is too. */
export async function makeFolder(root: string, folder: string): Promise<void> {
  await writing(folder, 0, async () => {
    await mkdir(root, { recursive: true });
    const top = await realpath(root);
    // Step by step, so that nothing is made behind a link that leads elsewhere.
    const steps = folder.slice(root.length).split(sep).filter(Boolean);
    let at = root;
    for (const step of steps) {
      at = join(at, step);
      await mkdir(at).catch((thrown: unknown) => {
        if (codeOf(thrown) !== 'EEXIST') throw thrown;
      });
      if (!isBelow(top, await realpath(at))) throw storeClosed(at, `'${at}' is a link that leads out of it`);
    }
  });
}

/** Puts a small file in its place at once, made sure of; what is under way stands in `own`. */
export async function putFile(path: string, content: string, own: string): Promise<void> {
  const under = join(own, `${randomUUID()}.new`);
  await writing(path, content.length, async () => {
    try {
      const file = await open(under, 'wx');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(under, path);
    } catch (thrown) {
      await rm(under, { force: true });
      throw thrown;
    }
  });
}
