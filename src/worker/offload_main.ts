// The entry of the worker in which lives what is off the GPU. Rows past what memory should hold go to files in the origin's private file system, which
// other pages of the origin use too: each has a name of its own, and is removed with the run, or by the next run where a page was closed before.

import { Offload, type OffloadedModule, onDisk } from '../offload/offload.ts';
import { type OffloadPort, serveOffload } from '../offload/remote.ts';
import type { RowFile } from '../offload/rows.ts';
import { reportOf } from '../protocol/errors.ts';

const folderName = 'retrace-rows';

/** Files for these modules. Files that nobody holds open are left over, and go. */
async function openFiles(modules: readonly OffloadedModule[]): Promise<Map<string, RowFile>> {
  const files = new Map<string, RowFile>();
  if (modules.length === 0) return files;
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(folderName, { create: true });
  const left: string[] = [];
  for await (const name of folder.keys()) left.push(name);
  for (const name of left) await folder.removeEntry(name).catch(() => undefined);
  for (const { path } of modules) {
    const name = crypto.randomUUID();
    const access = await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
    files.set(path, {
      read: (into, options) => access.read(into as Uint8Array<ArrayBuffer>, options),
      write: (from, options) => access.write(from as Uint8Array<ArrayBuffer>, options),
      truncate: (bytes) => access.truncate(bytes),
      close() {
        access.close();
        folder.removeEntry(name).catch(() => undefined);
      },
    });
  }
  return files;
}

/** What the session sends first: what lives here, and how many bytes of rows may stay in memory. */
interface Start {
  readonly modules: readonly OffloadedModule[];
  readonly memory: number;
}

async function start({ modules, memory }: Start): Promise<void> {
  const offload = new Offload(modules, await openFiles(onDisk(modules, memory)));
  serveOffload(self as OffloadPort, offload);
  self.postMessage({ ready: true });
}

self.addEventListener(
  'message',
  ({ data }: MessageEvent<Start>) => {
    start(data).catch((error: unknown) => self.postMessage({ error: reportOf(error) }));
  },
  { once: true },
);
