// The hub's own cache folder as the store of what is fetched, shared with Python's huggingface_hub: what either of them has fetched the other finds.
// Not here: what is fetched, and when (src/hub). Invariant: a snapshot points at whole files alone, and nothing outside the folder is read or written.

import { lstat, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { type HubFile, isCommit, type RepoId, type Snapshot } from '../../src/hub/repo.ts';
import type { HubStore, PartFile } from '../../src/hub/store.ts';
import { fileSource } from '../folders.ts';
import { freeBytes, isClosed, makeFolder, putFile, storeClosed, writing } from './disk.ts';
import { linksAreOff } from './environment.ts';
import { keptIn } from './kept.ts';
import { blobName, folderName, isPlainPath, placesOf, requirePlainPath } from './layout.ts';
import { type Lock, takeLock } from './lock.ts';
import { type FilePlaces, openPart, wholePart } from './part.ts';
import { forgetBlob, removeRepo } from './removing.ts';
import { pathsBelow, type Whole, wholeAt } from './whole.ts';

/** As huggingface_hub writes it, for programs that leave caches out of backups. */
const cacheTag =
  'Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by huggingface_hub.\n# For information about cache directory tags, see:\n#\thttps://bford.info/cachedir/\n';

const Listing = v.object({
  format_version: v.literal(1),
  files: v.array(v.object({ path: v.string(), size: v.number(), oid: v.string(), sha256: v.optional(v.string()) })),
});

/** The cache in a folder, which is made when something is first kept. */
export function hubCache(root: string, { links = !linksAreOff() }: { readonly links?: boolean } = {}): HubStore {
  const listings = new Map<string, Snapshot>();
  const marked = new Set<string>();

  async function listingOf(repo: RepoId, commit: string): Promise<Snapshot | undefined> {
    const path = placesOf(root, repo).listing(commit);
    const known = listings.get(path);
    if (known !== undefined || !isCommit(commit)) return known;
    try {
      const parsed = v.safeParse(Listing, JSON.parse(await readFile(path, 'utf8')));
      if (!parsed.success) return undefined;
      const listing = { commit, files: parsed.output.files };
      listings.set(path, listing);
      return listing;
    } catch {
      return undefined;
    }
  }

  /** A file that all of is here: what its link points at is there, below the root, and as long as the listing says. */
  async function wholeFile(repo: RepoId, commit: string, path: string, size?: number): Promise<Whole | undefined> {
    if (!isPlainPath(path) || !isCommit(commit)) return undefined;
    return wholeAt(root, join(placesOf(root, repo).snapshot(commit), path), size);
  }

  const sizesOf = async (repo: RepoId, commit: string): Promise<ReadonlyMap<string, number>> =>
    new Map((await listingOf(repo, commit))?.files.map(({ path, size }) => [path, size]));

  async function wholeFiles(repo: RepoId, commit: string): Promise<Map<string, Whole>> {
    const sizes = await sizesOf(repo, commit);
    const whole = new Map<string, Whole>();
    for (const path of isCommit(commit) ? await pathsBelow(placesOf(root, repo).snapshot(commit)) : []) {
      const file = await wholeFile(repo, commit, path, sizes.get(path));
      if (file !== undefined) whole.set(path, file);
    }
    return whole;
  }

  /** The time of last use is the file's time of access, which Python shows; a disk may not keep it by itself. */
  async function markUsed({ real, stats }: Whole): Promise<void> {
    if (marked.has(real)) return;
    marked.add(real);
    await utimes(real, new Date(), stats.mtime).catch(() => undefined);
  }

  /** The folders without which Python calls a repository damaged. */
  async function begin(repo: RepoId, commit: string): Promise<void> {
    const places = placesOf(root, repo);
    if (!isCommit(commit)) throw storeClosed(root, `'${commit}' is no commit`);
    await makeFolder(root, places.snapshot(commit));
    await makeFolder(root, places.own);
    await writeFile(join(root, 'CACHEDIR.TAG'), cacheTag, { flag: 'wx' }).catch(() => undefined);
  }

  /** What only spares a later request may fail where nothing can be written: a cache that others filled and closed is as good as any. */
  async function remembering(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!(isClosed(thrown) || (thrown instanceof Error && 'code' in thrown && thrown.code === 'store-closed'))) throw thrown;
    }
  }

  const filePlaces = (repo: RepoId, commit: string, file: HubFile): FilePlaces => {
    const [places, hash] = [placesOf(root, repo), blobName(file)];
    requirePlainPath(file.path, repo);
    return {
      root,
      links,
      name: `${repo.id}/${file.path}`,
      size: file.size,
      blob: places.blob(hash),
      pointer: join(places.snapshot(commit), file.path),
      part: places.part(hash),
      ranges: places.ranges(hash),
      own: places.own,
    };
  };

  async function lockedPart(repo: RepoId, commit: string, path: string, places: FilePlaces, lock: Lock): Promise<PartFile> {
    const forget = () => forgetBlob(root, repo, basename(places.blob), places.pointer);
    const pointed = await wholeFile(repo, commit, path, places.size);
    const whole = pointed ?? (await wholeAt(root, places.blob, places.size));
    if (whole !== undefined) {
      // What is left of its part, where a process died on the last step or Python was faster.
      for (const left of [places.ranges, places.part]) await rm(left, { force: true });
      return wholePart(places, lock, { real: whole.real, isPointed: pointed !== undefined, forget });
    }
    // What has another length than the hub says was cut off when a machine went down.
    if (await lstat(places.blob).catch(() => undefined)) await forget();
    return openPart(places, lock);
  }

  return {
    place: root,

    async commitOf(repo, revision) {
      if (!isPlainPath(revision)) return undefined;
      const text = await readFile(join(placesOf(root, repo).refs, revision), 'utf8').catch(() => '');
      return isCommit(text.trim()) ? text.trim() : undefined;
    },

    async setCommit(repo, revision, commit) {
      if (revision === commit || (await this.commitOf(repo, revision)) === commit || !isPlainPath(revision)) return;
      await remembering(async () => {
        const { refs, own } = placesOf(root, repo);
        // First the snapshot: Python refuses a repository whose branch stands for a commit that is not here.
        await begin(repo, commit);
        const path = join(refs, revision);
        await makeFolder(root, dirname(path));
        await putFile(path, commit, own);
      });
    },

    snapshot: listingOf,

    async setSnapshot(repo, { commit, files }) {
      await remembering(async () => {
        const { own, listing } = placesOf(root, repo);
        await begin(repo, commit);
        const kept = files.map(({ path, size, oid, sha256 }) => ({ path, size, oid, ...(sha256 === undefined ? {} : { sha256 }) }));
        await putFile(listing(commit), JSON.stringify({ format_version: 1, files: kept }), own);
        listings.delete(listing(commit));
      });
    },

    async open(repo, commit, path) {
      const whole = await wholeFile(repo, commit, path, (await sizesOf(repo, commit)).get(path));
      if (whole === undefined) return undefined;
      await markUsed(whole);
      return fileSource(whole.real, path);
    },

    paths: async (repo, commit) => [...(await wholeFiles(repo, commit)).keys()].sort(),

    async part(repo, commit, file, { wait = false, signal } = {}) {
      const places = filePlaces(repo, commit, file);
      const { locks, lock: lockOf } = placesOf(root, repo);
      const hash = basename(places.blob);
      await begin(repo, commit);
      await makeFolder(root, locks);
      const lock = await writing(locks, 0, () => takeLock(lockOf(hash), { wait, signal }));
      if (lock === undefined) return undefined;
      return writing(places.part, file.size, async () => {
        try {
          return await lockedPart(repo, commit, file.path, places, lock);
        } catch (thrown) {
          await lock.release();
          throw thrown;
        }
      });
    },

    kept: () => keptIn(root, { listingOf, wholeFiles }),

    async remove(repo, commit) {
      await removeRepo(root, repo, commit, listingOf);
      for (const path of listings.keys()) if (path.startsWith(join(root, folderName(repo)))) listings.delete(path);
    },

    async space() {
      const free = await freeBytes(root);
      return free === undefined ? undefined : { free };
    },
  };
}
