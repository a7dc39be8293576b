// A file on its way in the origin's private file system: its bytes, and beside them the journal of what is here, both written through handles that nobody
// else can have. Not here: who may hold it (hub_store.ts). Invariant: the journal is written only after the bytes that it speaks of were flushed.

import { journalLine, readJournal } from '../hub/journal.ts';
import type { HubFile } from '../hub/repo.ts';
import type { PartFile, Range } from '../hub/store.ts';
import { removeEntry, unlessFull } from './opfs.ts';

/** Where the files of one repository lie: bytes and journals by content, and an empty file for each that is whole. */
export interface RepoFolders {
  readonly blobs: FileSystemDirectoryHandle;
  readonly journals: FileSystemDirectoryHandle;
  readonly whole: FileSystemDirectoryHandle;
}

/** A worker that died lets go of its lock before it lets go of its files. */
const mostTries = 40;
const restMs = 50;

async function openHandle(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemSyncAccessHandle> {
  const file = await folder.getFileHandle(name, { create: true });
  for (let tries = 1; ; tries += 1) {
    try {
      return await file.createSyncAccessHandle();
    } catch (thrown) {
      const isHeld = thrown instanceof DOMException && thrown.name === 'NoModificationAllowedError';
      if (!isHeld || tries === mostTries) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
}

/** Bytes that lie in memory of their own, as the handles want them. */
const ownBytes = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : Uint8Array.from(bytes);

/**
 * Writes all of it. A nearly full disk may take a piece and say so by the count alone; and in a private window Chromium 156 gives the number of its error
 * as a count (2^32 - 8 for "no space"), where it should throw: this can go when `write` past the quota throws there, which hub_store.e2e.ts would not mind.
 */
function writeAll(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const written = handle.write(ownBytes(bytes).subarray(done), { at: at + done });
    if (written === 0 || written > bytes.length - done) throw new DOMException('The disk takes no more bytes.', 'QuotaExceededError');
    done += written;
  }
}

const readText = (handle: FileSystemSyncAccessHandle): string => {
  const bytes = new Uint8Array(handle.getSize());
  handle.read(bytes, { at: 0 });
  return new TextDecoder().decode(bytes);
};

/** Opens the part of a file that the caller alone holds; `letGo` ends that hold. Error: `store-full`. */
export async function openPart(folders: RepoFolders, key: string, file: HubFile, letGo: () => void): Promise<PartFile> {
  const journal = await unlessFull(file.path, file.size, () => openHandle(folders.journals, key));
  const data = await unlessFull(file.path, file.size, () => openHandle(folders.blobs, key)).catch((thrown: unknown) => {
    journal.close();
    throw thrown;
  });
  const ranges = readJournal(readText(journal), data.getSize());
  let isOpen = true;

  /** Closes the files, does what is to be done with them, and only then lets others at them. */
  async function end(last: () => Promise<void>): Promise<void> {
    isOpen = false;
    data.close();
    journal.close();
    await last().finally(letGo);
  }

  const flush = (now: readonly Range[]): Promise<void> =>
    unlessFull(file.path, undefined, async () => {
      data.flush();
      // A line that was cut off once has no end: a new one begins behind it.
      const text = missingLineEnd(journal) + journalLine(now);
      writeAll(journal, new TextEncoder().encode(text), journal.getSize());
      journal.flush();
    });

  return {
    ranges,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      const found = data.read(bytes, { at: begin });
      if (found !== bytes.length) throw new Error(`${file.path} on disk ends at byte ${begin + found}, and ${end} were written.`);
      return bytes;
    },
    write: (begin, bytes) => unlessFull(file.path, bytes.length, async () => writeAll(data, bytes, begin)),
    flush,
    async finish() {
      const size = data.getSize();
      if (size !== file.size) throw new Error(`${file.path} has ${size} bytes on disk and should have ${file.size}.`);
      data.flush();
      await unlessFull(file.path, undefined, () => folders.whole.getFileHandle(key, { create: true }));
      await end(() => removeEntry(folders.journals, key));
    },
    async discard() {
      if (!isOpen) return;
      await end(async () => {
        await removeEntry(folders.blobs, key);
        await removeEntry(folders.journals, key);
      });
    },
    close: () => (isOpen ? end(() => Promise.resolve()) : Promise.resolve()),
  };
}

/** A line end, where the journal's last line lacks one. */
function missingLineEnd(journal: FileSystemSyncAccessHandle): string {
  const size = journal.getSize();
  if (size === 0) return '';
  const last = new Uint8Array(1);
  journal.read(last, { at: size - 1 });
  return last[0] === 10 ? '' : '\n';
}

/** A file that became whole while its part was waited for: all of it is here, and finishing it changes nothing. */
export function wholePart(folders: RepoFolders, key: string, blob: Blob, letGo: () => void): PartFile {
  const done = (): Promise<void> => {
    letGo();
    return Promise.resolve();
  };
  return {
    ranges: blob.size === 0 ? [] : [{ begin: 0, end: blob.size }],
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
    write: () => Promise.reject(new Error('This file is whole: nothing is written to it.')),
    flush: () => Promise.resolve(),
    finish: done,
    async discard() {
      await removeEntry(folders.whole, key);
      await removeEntry(folders.blobs, key);
      letGo();
    },
    close: done,
  };
}
