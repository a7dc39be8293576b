// What is kept of the hub in a page: repositories in the origin's private file system, shared by all tabs of the page. Not here: how a file on its way is
// written (hub_part.ts). Invariant: no path of a listing names a file here; the bytes of a file lie under the hash that the hub gives for them, so commits
// share what they have in common, and a path is looked up in its commit's listing.
//
//   retrace-hub/models--org--name/refs.json              {"main": commit}
//                                 commits/COMMIT/listing.json    its files, by path
//                                                used.json       when it was last used
//                                 blobs/HASH   journals/HASH   whole/HASH

import * as v from 'valibot';
import { readJournal } from '../hub/journal.ts';
import { type HubFile, isCommit, type RepoId, type RepoType } from '../hub/repo.ts';
import type { HubStore, KeptFile, KeptSnapshot, PartFile } from '../hub/store.ts';
import { RetraceError } from '../protocol/errors.ts';
import { openPart, type RepoFolders, wholePart } from './hub_part.ts';
import { findFile, findFolder, freeBytes, makeFolder, namesIn, readJsonFile, removeEntry, topFolder, writeJsonFile } from './opfs.ts';

type Folder = FileSystemDirectoryHandle;

const topName = 'retrace-hub';
const place = 'this browser';
/** How far behind the time of last use may be: it is no reason to write at every file that is opened. */
const usedEveryMs = 60_000;

const Refs = v.record(v.string(), v.pipe(v.string(), v.check(isCommit)));
const Listing = v.object({
  /** Whether all files of the commit stand in it, or only those that were asked for one by one. */
  complete: v.boolean(),
  files: v.array(v.object({ path: v.string(), size: v.number(), oid: v.string(), sha256: v.optional(v.string()) })),
});
type Listing = v.InferOutput<typeof Listing>;

const folderName = ({ type, id }: RepoId): string => `${type}s--${id.replaceAll('/', '--')}`;

function repoOf(name: string): RepoId | undefined {
  const [, type, id = ''] = /^(model|dataset)s--(.+)$/.exec(name) ?? [];
  return type === undefined ? undefined : { type: type as RepoType, id: id.replace('--', '/') };
}

/** The name under which the bytes of a file lie. */
function hashOf({ path, sha256, oid }: HubFile): string {
  const hash = sha256 ?? oid;
  if (/^[0-9a-f]{40,64}$/.test(hash)) return hash;
  throw new RetraceError({
    code: 'bad-listing',
    message: `The hash of ${path} is given as '${hash}', which is none.`,
    where: path,
    remedy: 'Ask another mirror, or the hub itself.',
  });
}

/** Takes a lock that all tabs share; what it returns lets go of it. Undefined where somebody has it, and `ifAvailable` says not to wait. */
function lock(name: string, options: LockOptions): Promise<(() => void) | undefined> {
  return new Promise((taken, refused) => {
    navigator.locks
      .request(`${topName}/${name}`, options, (held) => {
        if (held !== null) return new Promise<void>((release) => taken(release));
        return taken(undefined);
      })
      .catch(refused);
  });
}

async function whileLocked<T>(name: string, act: () => Promise<T>): Promise<T> {
  const release = await lock(name, {});
  return act().finally(release);
}

/** The store of this page. Asks nothing of the browser before it is used. Where it has no storage: `store-closed`, from what writes and from `kept`. */
export function browserStore(): HubStore {
  const usedAt = new Map<string, number>();
  const top = (): Promise<Folder> => topFolder(topName);
  /** Where there is no storage nothing is kept, and what only looks is told no more than that. */
  const topIfAny = (): Promise<Folder | undefined> =>
    top().catch((thrown) => {
      if (thrown instanceof RetraceError && thrown.code === 'store-closed') return undefined;
      throw thrown;
    });
  const findRepo = async (repo: RepoId) => findFolder(await topIfAny(), folderName(repo));
  const makeRepo = async (repo: RepoId) => makeFolder(await top(), folderName(repo));
  const findCommit = async (repo: Folder | undefined, commit: string) => findFolder(await findFolder(repo, 'commits'), commit);
  const makeCommit = async (repo: Folder, commit: string) => makeFolder(await makeFolder(repo, 'commits'), commit);

  async function refsOf(repo: Folder | undefined): Promise<Readonly<Record<string, string>>> {
    const parsed = v.safeParse(Refs, await readJsonFile(repo, 'refs.json'));
    return parsed.success ? parsed.output : {};
  }

  async function listingOf(repo: Folder | undefined, commit: string): Promise<Listing | undefined> {
    const parsed = v.safeParse(Listing, await readJsonFile(await findCommit(repo, commit), 'listing.json'));
    return parsed.success ? parsed.output : undefined;
  }

  const changeListing = (repo: RepoId, commit: string, change: (listing: Listing | undefined) => Listing | undefined): Promise<void> =>
    whileLocked(`${folderName(repo)}/listing`, async () => {
      const folder = await makeRepo(repo);
      const listing = change(await listingOf(folder, commit));
      if (listing !== undefined) await writeJsonFile(await makeCommit(folder, commit), 'listing.json', listing);
    });

  async function markUsed(repo: RepoId, commit: string): Promise<void> {
    const [name, now] = [`${folderName(repo)}/${commit}`, Date.now()];
    if (now - (usedAt.get(name) ?? 0) < usedEveryMs) return;
    usedAt.set(name, now);
    const folder = await findCommit(await findRepo(repo), commit);
    // A full disk is no reason not to read what is there.
    if (folder !== undefined) await writeJsonFile(folder, 'used.json', now).catch(() => undefined);
  }

  async function foldersOf(repo: RepoId): Promise<RepoFolders> {
    const folder = await makeRepo(repo);
    const [blobs, journals, whole] = [makeFolder(folder, 'blobs'), makeFolder(folder, 'journals'), makeFolder(folder, 'whole')];
    return { blobs: await blobs, journals: await journals, whole: await whole };
  }

  async function wholeBlob(repo: Folder | undefined, file: HubFile): Promise<Blob | undefined> {
    const hash = hashOf(file);
    if ((await findFile(await findFolder(repo, 'whole'), hash)) === undefined) return undefined;
    const blob = await (await findFile(await findFolder(repo, 'blobs'), hash))?.getFile();
    return blob?.size === file.size ? blob : undefined;
  }

  async function part(repo: RepoId, commit: string, file: HubFile, wait: boolean, signal: AbortSignal | undefined) {
    const heed = signal === undefined ? {} : { signal };
    const hash = hashOf(file);
    const leaveRepo = await lock(folderName(repo), { mode: 'shared', ...heed });
    let leaveFile: (() => void) | undefined;
    const letGo = (): void => {
      leaveFile?.();
      leaveRepo?.();
    };
    try {
      await changeListing(repo, commit, (listing) => {
        if (listing?.files.some(({ path }) => path === file.path)) return undefined;
        return { complete: listing?.complete ?? false, files: [...(listing?.files ?? []), file] };
      });
      leaveFile = await lock(`${folderName(repo)}/${hash}`, wait ? heed : { ifAvailable: true });
      if (leaveFile !== undefined) {
        const folders = await foldersOf(repo);
        const blob = await wholeBlob(await findRepo(repo), file);
        return blob === undefined ? await openPart(folders, hash, file, letGo) : wholePart(folders, hash, blob, letGo);
      }
    } catch (thrown) {
      letGo();
      throw thrown;
    }
    letGo();
    return undefined;
  }

  /** Bytes that are here of every hash of a repository. */
  async function bytesByHash(repo: Folder): Promise<Map<string, number>> {
    const [blobs, journals] = [await findFolder(repo, 'blobs'), await findFolder(repo, 'journals')];
    const whole = new Set(await namesIn(await findFolder(repo, 'whole')));
    const bytes = new Map<string, number>();
    for (const hash of await namesIn(blobs)) {
      const { size } = (await (await findFile(blobs, hash))?.getFile()) ?? { size: 0 };
      const journal = whole.has(hash) ? undefined : await (await findFile(journals, hash))?.getFile();
      const ranges = readJournal((await journal?.text()) ?? '', size);
      bytes.set(hash, whole.has(hash) ? size : ranges.reduce((sum, { begin, end }) => sum + end - begin, 0));
    }
    return bytes;
  }

  async function keptOf(repo: RepoId, folder: Folder): Promise<KeptSnapshot[]> {
    const [here, refs] = [await bytesByHash(folder), await refsOf(folder)];
    const kept: KeptSnapshot[] = [];
    for (const commit of await namesIn(await findFolder(folder, 'commits'))) {
      const files: KeptFile[] = ((await listingOf(folder, commit))?.files ?? [])
        .map((file) => ({ ...file, kept: here.get(hashOf(file)) ?? 0 }))
        .filter(({ kept, path, size }) => kept > 0 || (size === 0 && path !== ''));
      const used = await readJsonFile(await findCommit(folder, commit), 'used.json');
      kept.push({
        ...repo,
        commit,
        revisions: Object.keys(refs).filter((revision) => refs[revision] === commit),
        files,
        bytes: files.reduce((sum, file) => sum + file.kept, 0),
        lastUsed: typeof used === 'number' ? used : 0,
      });
    }
    return kept;
  }

  /** What one commit alone holds goes; with the last commit the repository. */
  async function removeCommit(folder: Folder, name: string, commit: string): Promise<void> {
    const commits = await findFolder(folder, 'commits');
    const others = (await namesIn(commits)).filter((other) => other !== commit);
    if (others.length === 0) return removeEntry(await top(), name);
    const shared = new Set<string>();
    for (const other of others) for (const file of (await listingOf(folder, other))?.files ?? []) shared.add(hashOf(file));
    for (const file of (await listingOf(folder, commit))?.files ?? []) {
      if (shared.has(hashOf(file))) continue;
      // Last the bytes: what is not whole and has no journal is nothing.
      for (const part of ['whole', 'journals', 'blobs']) await removeEntry(await findFolder(folder, part), hashOf(file));
    }
    await removeEntry(commits, commit);
    const refs = Object.entries(await refsOf(folder)).filter(([, stands]) => stands !== commit);
    await writeJsonFile(folder, 'refs.json', Object.fromEntries(refs));
  }

  return {
    place,
    commitOf: async (repo, revision) => (await refsOf(await findRepo(repo)))[revision],
    setCommit: (repo, revision, commit) =>
      whileLocked(`${folderName(repo)}/refs`, async () => {
        const folder = await makeRepo(repo);
        await writeJsonFile(folder, 'refs.json', { ...(await refsOf(folder)), [revision]: commit });
      }),
    async snapshot(repo, commit) {
      const listing = await listingOf(await findRepo(repo), commit);
      return listing?.complete ? { commit, files: listing.files } : undefined;
    },
    async setSnapshot(repo, { commit, files }) {
      await changeListing(repo, commit, () => ({ complete: true, files: [...files] }));
      await markUsed(repo, commit);
    },
    async open(repo, commit, path) {
      const folder = await findRepo(repo);
      const file = (await listingOf(folder, commit))?.files.find((each) => each.path === path);
      const blob = file === undefined ? undefined : await wholeBlob(folder, file);
      if (blob === undefined) return undefined;
      await markUsed(repo, commit);
      return keptSource(`${repo.id}/${path}`, blob);
    },
    async paths(repo, commit) {
      const folder = await findRepo(repo);
      const whole = new Set(await namesIn(await findFolder(folder, 'whole')));
      const files = (await listingOf(folder, commit))?.files ?? [];
      return files
        .filter((file) => whole.has(hashOf(file)))
        .map(({ path }) => path)
        .sort();
    },
    part: (repo, commit, file, { wait = false, signal } = {}): Promise<PartFile | undefined> => part(repo, commit, file, wait, signal),
    async kept() {
      const folder = await top();
      const kept: KeptSnapshot[] = [];
      for (const name of await namesIn(folder)) {
        const [repo, handle] = [repoOf(name), await findFolder(folder, name)];
        if (repo !== undefined && handle !== undefined) kept.push(...(await keptOf(repo, handle)));
      }
      return kept.sort((a, b) => b.lastUsed - a.lastUsed);
    },
    async remove(repo, commit) {
      const release = await lock(folderName(repo), { ifAvailable: true });
      if (release === undefined) {
        throw new RetraceError({
          code: 'store-in-use',
          message: `${repo.id} is being fetched, here or in another tab.`,
          where: repo.id,
          remedy: 'Stop that fetch first, or wait until it is done.',
        });
      }
      const folder = await findRepo(repo);
      if (folder === undefined) return release();
      usedAt.clear();
      await (commit === undefined ? removeEntry(await top(), folderName(repo)) : removeCommit(folder, folderName(repo), commit)).finally(
        release,
      );
    },
    async space() {
      const [free, { quota }] = [await freeBytes(), await navigator.storage.estimate()];
      if (free === undefined) return undefined;
      return { free, ...(quota === undefined ? {} : { quota }), persisted: await navigator.storage.persisted() };
    },
    // A worker can't ask: the page did, from the click that led here.
    persist: () => navigator.storage.persisted(),
  };
}

/** A whole file, read in place by slices. Error: `kept-file-gone`. */
function keptSource(name: string, blob: Blob) {
  return {
    name,
    size: blob.size,
    async read(begin: number, end: number): Promise<Uint8Array> {
      try {
        return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (thrown) {
        throw new RetraceError({
          code: 'kept-file-gone',
          message: `${name} could not be read where it is kept: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
          where: `${name}, bytes ${begin} to ${end}`,
          remedy: 'It was deleted while it was in use, or the browser cleared it. Fetch it again.',
        });
      }
    },
  };
}
