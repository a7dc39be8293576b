// A file on its way in the hub's cache: its bytes, with holes where nothing came yet, and beside them the list of what is here. Not here: who may hold it
// (lock.ts). Invariant: the list is put in place only after the bytes that it speaks of are on the disk, and is taken away before they are.

import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { journalLine, readJournal } from '../../src/hub/journal.ts';
import type { PartFile, Range } from '../../src/hub/store.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { codeOf, makeFolder, putFile, writing } from './disk.ts';
import type { Lock } from './lock.ts';

/** Where one file of a repository lies. */
export interface FilePlaces {
  readonly root: string;
  /** What errors call it. */
  readonly name: string;
  readonly size: number;
  readonly blob: string;
  /** In the snapshot. */
  readonly pointer: string;
  readonly part: string;
  readonly ranges: string;
  /** Where small files are written before they take their place. */
  readonly own: string;
  /** Whether snapshots hold links, where the disk has such. */
  readonly links: boolean;
}

/** What the list says is here of a file with so many bytes on disk. */
export const readRanges = async (path: string, onDisk: number): Promise<Range[]> =>
  readJournal(await readFile(path, 'utf8').catch(() => ''), onDisk);

async function writeAll(handle: FileHandle, begin: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, begin + done);
    done += bytesWritten;
  }
}

async function readAll(handle: FileHandle, name: string, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, begin + done);
    if (bytesRead === 0) {
      throw new RetraceError({
        code: 'file-changed',
        message: `${name} in the hub's cache ends at byte ${begin + done}; ${end} were there a moment ago.`,
        where: name,
        remedy: 'Another program removed it meanwhile. Fetch it again.',
      });
    }
    done += bytesRead;
  }
  return bytes;
}

/** Disks that know no links, as Node says it of each system. */
const withoutLinks = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];

/** Puts a whole file into its snapshot: by a link, or where there are none by the file itself, which `isShared` leaves where it is. */
async function point({ root, blob, pointer, own, links }: FilePlaces, isShared: boolean): Promise<void> {
  await makeFolder(root, dirname(pointer));
  await writing(pointer, 0, async () => {
    const target = relative(dirname(pointer), blob);
    if (links) {
      if ((await readlink(pointer).catch(() => undefined)) === target) return;
      await rm(pointer, { force: true });
      try {
        return await symlink(target, pointer);
      } catch (thrown) {
        if (!withoutLinks.includes(codeOf(thrown))) throw thrown;
      }
    }
    if (!isShared) return rename(blob, pointer);
    const copy = resolve(own, `${Math.random().toString(36).slice(2)}.new`);
    try {
      await copyFile(blob, copy, constants.COPYFILE_EXCL);
      await rename(copy, pointer);
    } finally {
      await rm(copy, { force: true });
    }
  });
}

/** Opens the part of a file that the caller alone holds. Errors: `store-full`, `store-closed`. */
export async function openPart(places: FilePlaces, lock: Lock): Promise<PartFile> {
  const { root, name, size, blob, part, ranges: list, own } = places;
  // A link at this place is nobody's that we know, and is not written through.
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  await makeFolder(root, dirname(part));
  await makeFolder(root, own);
  const handle = await writing(part, size, () => open(part, flags, 0o666));
  let isOpen = true;
  const end = async (last: () => Promise<void>): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await handle.close();
      await last();
    } finally {
      await lock.release();
    }
  };
  try {
    const onDisk = (await handle.stat()).size;
    const ranges = onDisk > size ? [] : await readRanges(list, onDisk);
    // A list of a part that is no more would speak of bytes that this one has not.
    if (ranges.length === 0) {
      await rm(list, { force: true });
      await handle.truncate(0);
    }
    return {
      ranges,
      read: (begin, end) => readAll(handle, name, begin, end),
      write: (begin, bytes) => writing(part, bytes.length, () => writeAll(handle, begin, bytes)),
      async flush(now) {
        await writing(part, 0, () => handle.datasync());
        await putFile(list, journalLine(now), own);
      },
      async finish() {
        await writing(part, size, async () => {
          const there = (await handle.stat()).size;
          if (there !== size) throw new Error(`${name} has ${there} bytes on disk and should have ${size}.`);
          await handle.sync();
        });
        await end(() =>
          writing(blob, 0, async () => {
            await rename(part, blob);
            await point(places, false);
            await rm(list, { force: true });
          }),
        );
      },
      discard: () =>
        end(async () => {
          await rm(list, { force: true });
          await rm(part, { force: true });
        }),
      close: () => end(() => Promise.resolve()),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

export interface WholeFile {
  readonly real: string;
  /** Whether the snapshot has it already. */
  readonly isPointed: boolean;
  /** Takes it away where it proves to be bad. */
  forget(): Promise<void>;
}

/** A file that is whole already, for another commit or since it was waited for: finishing it links it. */
export function wholePart(places: FilePlaces, lock: Lock, { real, isPointed, forget }: WholeFile): PartFile {
  const { name, size } = places;
  let isOpen = true;
  const end = async (last: () => Promise<void>): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await last().finally(() => lock.release());
  };
  return {
    ranges: size === 0 ? [] : [{ begin: 0, end: size }],
    async read(begin, end) {
      const handle = await open(real, 'r');
      try {
        return await readAll(handle, name, begin, end);
      } finally {
        await handle.close();
      }
    },
    write: () => Promise.reject(new Error(`${name} is whole: nothing is written to it.`)),
    flush: () => Promise.resolve(),
    finish: () => end(() => (isPointed ? Promise.resolve() : writing(real, size, () => point(places, true)))),
    discard: () => end(forget),
    close: () => end(() => Promise.resolve()),
  };
}
