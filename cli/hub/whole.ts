// Which files of the hub's cache are whole: what a path leads to, links followed, when it is below the cache and as long as it should be. Changes nothing.

import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBelow } from './disk.ts';

export interface Whole {
  /** The file itself, links followed. */
  readonly real: string;
  readonly stats: Stats;
}

/** The file at a path; undefined where there is none, where it lies outside the root, or where it has another size than is known. */
export async function wholeAt(root: string, path: string, size?: number): Promise<Whole | undefined> {
  try {
    const [top, real] = await Promise.all([realpath(root), realpath(path)]);
    const stats = await stat(real);
    return isBelow(top, real) && stats.isFile() && (size === undefined || size === stats.size) ? { real, stats } : undefined;
  } catch {
    return undefined;
  }
}

/** Paths of all that is no folder, with slashes. Links to folders are not entered. */
export async function pathsBelow(folder: string, before = ''): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.map((entry) =>
    entry.isDirectory() ? pathsBelow(join(folder, entry.name), `${before}${entry.name}/`) : [before + entry.name],
  );
  return (await Promise.all(found)).flat();
}
