// A file that a session writes piece by piece and reads again where it lies: the weights of a merged model, which may be larger than memory.

import { openAsBlob } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
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
