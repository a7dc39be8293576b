// Folders on disk, as a session wants them: bundled ones by name, others by path. Opens, never interprets. Models: models.ts; data: data.ts.
// Invariant: a file is read by ranges; opening a folder moves none of its bytes.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ByteSource } from '../src/formats/bytes.ts';
import type { ModelFolder } from '../src/hub/folder.ts';
import { RetraceError } from '../src/protocol/errors.ts';

/** A model's folder may nest this deep: `1_Pooling/config.json` is one down. */
const deepest = 3;
/** Class folders may lie in folders of parts, and be nested. */
export const deepestPicture = 12;

/** The `public` folder: above this file in a checkout, and above the bundle that bin/retrace.mjs makes. */
export function publicFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'public', 'models', 'index.json'))) return join(folder, 'public');
    if (folder === dirname(folder)) {
      throw new RetraceError({
        code: 'no-public-folder',
        message: 'The bundled models were not found.',
        remedy: 'Run the command from a complete checkout.',
      });
    }
  }
}

/** Names under public/models or public/data. */
export const bundledNames = (kind: 'models' | 'data'): string[] =>
  readdirSync(join(publicFolder(), kind), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** The error of a path that is not there. */
export const noSuchFile = (path: string, where: string, remedy: string): RetraceError =>
  new RetraceError({ code: 'no-such-file', message: `There is no file or folder '${path}'.`, where, remedy });

/** A file on disk, read by ranges. */
export async function fileSource(path: string, name: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    name,
    size,
    async read(begin, end) {
      const handle = await open(path, 'r');
      try {
        const bytes = new Uint8Array(end - begin);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Files under `root`, through links (a hub cache is made of them), hidden ones left out; paths with slashes. */
export async function filesUnder(root: string, folder = root, depth = 1, most = deepest): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const entry = await stat(path).catch(() => undefined);
      if (entry?.isFile()) return [relative(root, path).split(sep).join('/')];
      return entry?.isDirectory() && depth < most ? filesUnder(root, path, depth + 1, most) : [];
    }),
  );
  return found.flat();
}

/** A folder on disk, read by ranges. */
export function diskFolder(root: string, name: string): ModelFolder {
  return {
    name,
    async open(path) {
      const full = join(root, path);
      return existsSync(full) ? fileSource(full, path) : undefined;
    },
    list: async () => (await filesUnder(root)).sort(),
  };
}

/** sha256 of a file, read piece by piece. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** sha256 of the files of a folder, by their paths. */
export async function folderSha256(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of (await filesUnder(root, root, 1, deepestPicture)).sort())
    hash.update(`${path}\0${await fileSha256(join(root, path))}\n`);
  return hash.digest('hex');
}
