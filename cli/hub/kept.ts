// What of the hub is kept in a cache folder, Python's fetches among it: repositories, their commits, and the bytes of each that are here. Changes nothing.
// Invariant: a file counts as whole by the rule of the store that asks (`wholeFiles`), and else by what the list of its part says.

import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type HubFile, isCommit, type RepoId, type Snapshot } from '../../src/hub/repo.ts';
import type { KeptFile, KeptSnapshot } from '../../src/hub/store.ts';
import { blobName, hashesOf, placesOf, type RepoPlaces, repoOf } from './layout.ts';
import { readRanges } from './part.ts';
import type { Whole } from './whole.ts';

interface Ways {
  listingOf(repo: RepoId, commit: string): Promise<Snapshot | undefined>;
  wholeFiles(repo: RepoId, commit: string): Promise<Map<string, Whole>>;
}

/** Branches and tags by the commit that they stand for. */
export async function refsOf({ refs }: RepoPlaces): Promise<{ readonly revision: string; readonly commit: string }[]> {
  const names = await readdir(refs, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (path) => ({
      revision: relative(refs, path).replaceAll('\\', '/'),
      commit: (await readFile(path, 'utf8').catch(() => '')).trim(),
    })),
  );
}

export const commitsOf = async ({ snapshots }: RepoPlaces): Promise<string[]> =>
  (await readdir(snapshots).catch(() => [])).filter(isCommit);

/** The name of the blob that a file of a snapshot links to; undefined where it is no link into the blobs of its repository. */
export async function linkedBlob({ blobs }: RepoPlaces, pointer: string): Promise<string | undefined> {
  const target = await readlink(pointer).catch(() => undefined);
  const path = target === undefined ? undefined : resolve(dirname(pointer), target);
  return path !== undefined && dirname(path) === resolve(blobs) ? basename(path) : undefined;
}

interface PartSize {
  readonly kept: number;
  readonly mtimeMs: number;
}

async function partOf(places: RepoPlaces, file: HubFile): Promise<PartSize | undefined> {
  const hash = blobName(file);
  const stats = await stat(places.part(hash)).catch(() => undefined);
  if (stats === undefined) return undefined;
  const ranges = await readRanges(places.ranges(hash), stats.size);
  return { kept: ranges.reduce((sum, { begin, end }) => sum + end - begin, 0), mtimeMs: stats.mtimeMs };
}

async function keptSnapshot(root: string, repo: RepoId, commit: string, ways: Ways): Promise<Omit<KeptSnapshot, 'revisions'>> {
  const places = placesOf(root, repo);
  const [listing, whole] = await Promise.all([ways.listingOf(repo, commit), ways.wholeFiles(repo, commit)]);
  const used: number[] = [...whole.values()].flatMap(({ stats }) => [stats.atimeMs, stats.mtimeMs]);
  const files: KeptFile[] = [];
  if (listing === undefined) {
    for (const [path, { stats }] of whole) {
      const blob = await linkedBlob(places, join(places.snapshot(commit), path));
      files.push({ path, size: stats.size, kept: stats.size, ...hashesOf(blob ?? '') });
    }
  } else {
    for (const file of listing.files) {
      const part = whole.has(file.path) ? undefined : await partOf(places, file);
      if (part !== undefined) used.push(part.mtimeMs);
      if (whole.has(file.path) || part !== undefined) files.push({ ...file, kept: part?.kept ?? file.size });
    }
  }
  if (used.length === 0) used.push((await stat(places.snapshot(commit))).mtimeMs);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...repo, commit, files, bytes: files.reduce((sum, { kept }) => sum + kept, 0), lastUsed: Math.max(...used) };
}

export async function keptIn(root: string, ways: Ways): Promise<KeptSnapshot[]> {
  const kept: KeptSnapshot[] = [];
  for (const name of await readdir(root).catch(() => [])) {
    const repo = repoOf(name);
    if (repo === undefined) continue;
    const places = placesOf(root, repo);
    const refs = await refsOf(places);
    for (const commit of await commitsOf(places)) {
      const revisions = refs.filter((ref) => ref.commit === commit).map(({ revision }) => revision);
      kept.push({ ...(await keptSnapshot(root, repo, commit, ways)), revisions });
    }
  }
  return kept.sort((a, b) => b.lastUsed - a.lastUsed);
}
