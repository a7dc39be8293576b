// A file that a session writes piece by piece and reads again where it lies: the weights of a merged model, which may be larger than memory.

import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Gathering } from '../src/session/host.ts';

export async function fileGathering(path: string): Promise<Gathering> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  return {
    async write(bytes) {
      await file.writeFile(bytes);
    },
    async end() {
      await file.close();
      return openAsBlob(path);
    },
  };
}

/** Folders that go with the process. */
const temporary = new Set<string>();

/** The same in a file of the system's own, which goes with the process: pictures that stand in a file of rows. */
export function temporaryGathering(): Promise<Gathering> {
  const folder = mkdtempSync(join(tmpdir(), 'retrace-'));
  if (temporary.size === 0) {
    process.once('exit', () => {
      for (const one of temporary) rmSync(one, { recursive: true, force: true });
    });
  }
  temporary.add(folder);
  return fileGathering(join(folder, 'gathered'));
}
