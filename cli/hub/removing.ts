// How what is kept of the hub is removed from a cache folder. Invariant: at every moment what is left is a cache that Python takes for sound: first branches go,
// then what points at files, then files that nothing points at any more; and nothing of a file that somebody is writing to.

import { readdir, readFile, readlink, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { RepoId, Snapshot } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { isBelow, makeFolder, storeClosed, writing } from './disk.ts';
import { commitsOf, linkedBlob, refsOf } from './kept.ts';
import { blobName, partHash, placesOf, type RepoPlaces } from './layout.ts';
import { type Lock, takeLock } from './lock.ts';
import { pathsBelow } from './whole.ts';

/** Blobs that the snapshot of a commit links to. */
async function blobsOf(places: RepoPlaces, commit: string): Promise<Map<string, string>> {
  const folder = places.snapshot(commit);
  const links = new Map<string, string>();
  for (const path of await pathsBelow(folder)) {
    const blob = await linkedBlob(places, join(folder, path));
    if (blob !== undefined) links.set(join(folder, path), blob);
  }
  return links;
}

/** Python keeps what came by its own protocol once for all repositories, with a list of those that link to it: what no link of the list leads to any more goes. */
async function sweepShared(root: string, payload: string): Promise<void> {
  const store = resolve(root, 'blobs');
  const marker = await readFile(join(store, '.huggingface-shared-blobs'), 'utf8').catch(() => '');
  if (marker !== '1\n' || !/^[0-9a-f]{64}$/.test(payload.slice(-64)) || dirname(dirname(payload)) !== store) return;
  const list = await readFile(`${payload}.refs`, 'utf8').catch(() => undefined);
  if (list === undefined) return;
  for (const line of list.split('\n').filter(Boolean)) {
    const path = join(root, line);
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined && resolve(dirname(path), target) === payload) return;
  }
  await rm(payload, { force: true });
  await rm(`${payload}.refs`, { force: true });
}

/** Removes a file of `blobs`, and what it alone links to. */
async function removeBlob(root: string, places: RepoPlaces, hash: string): Promise<void> {
  const path = places.blob(hash);
  const target = await readlink(path).catch(() => undefined);
  await rm(path, { force: true });
  if (target !== undefined) await sweepShared(root, resolve(dirname(path), target));
}

/** A blob that proved to be bad: it goes, and all that points at it in its repository; `pointer` too, where it is a copy. */
export async function forgetBlob(root: string, repo: RepoId, hash: string, pointer: string): Promise<void> {
  const places = placesOf(root, repo);
  await rm(pointer, { force: true });
  for (const commit of await commitsOf(places)) {
    for (const [link, blob] of await blobsOf(places, commit)) if (blob === hash) await rm(link, { force: true });
  }
  await removeBlob(root, places, hash);
}

const inUse = (repo: RepoId, where: string): RetraceError =>
  new RetraceError({
    code: 'store-in-use',
    message: `${repo.id} is being fetched just now, by this or another program.`,
    where,
    remedy: 'Wait until it is done, or end it there, and remove it then.',
  });

/** Removes a repository, or what one commit of it alone holds. Errors: `store-in-use`, `store-closed`. */
export async function removeRepo(
  root: string,
  repo: RepoId,
  commit: string | undefined,
  listingOf: (repo: RepoId, commit: string) => Promise<Snapshot | undefined>,
): Promise<void> {
  const places = placesOf(root, repo);
  const real = await realpath(places.top).catch(() => undefined);
  if (real === undefined) return;
  if (!isBelow(await realpath(root), real)) throw storeClosed(places.top, `'${places.top}' is a link that leads out of it`);
  const commits = await commitsOf(places);
  if (commit !== undefined && !commits.includes(commit)) return;
  const others = commit === undefined ? [] : commits.filter((other) => other !== commit);

  const names = await readdir(places.blobs).catch(() => []);
  const used = new Set<string>();
  const listed = new Set<string>();
  for (const other of others) {
    for (const blob of (await blobsOf(places, other)).values()) used.add(blob);
    for (const file of (await listingOf(repo, other))?.files ?? []) listed.add(blobName(file));
  }
  const own = new Set(
    commit === undefined
      ? names
      : [...(await blobsOf(places, commit)).values(), ...((await listingOf(repo, commit))?.files ?? []).map(blobName)],
  );
  const parts = names
    .map(partHash)
    .filter((hash) => hash !== undefined)
    .filter((hash) => others.length === 0 || (own.has(hash) && !listed.has(hash)));

  const locks: Lock[] = [];
  try {
    if (parts.length > 0) await makeFolder(root, places.locks);
    for (const hash of parts) {
      const lock = await takeLock(places.lock(hash));
      if (lock === undefined) throw inUse(repo, places.top);
      locks.push(lock);
    }
    await writing(places.top, 0, async () => {
      const gone = others.length === 0 ? commits : [commit];
      for (const { revision, commit: stands } of await refsOf(places))
        if (others.length === 0 || gone.includes(stands)) await rm(join(places.refs, revision), { force: true });
      for (const each of gone) {
        if (each === undefined) continue;
        await rm(places.snapshot(each), { recursive: true, force: true });
        await rm(places.listing(each), { force: true });
        await rm(join(places.top, '.no_exist', each), { recursive: true, force: true });
      }
      for (const hash of parts) {
        await rm(places.ranges(hash), { force: true });
        await rm(places.part(hash), { force: true });
      }
      for (const name of names) if (others.length === 0 || (own.has(name) && !used.has(name))) await removeBlob(root, places, name);
      if (others.length === 0) await rm(places.top, { recursive: true, force: true });
    });
  } finally {
    for (const lock of locks) await lock.release();
    await rmdir(places.locks).catch(() => undefined);
  }
}
