// The hub as a session uses it: who is asked, what is kept, and the two together as folders of files. What is kept whole is used without a request; the rest
// is asked for once a session. Knows no models. Invariant: a repository that was opened stays at one commit until it is looked up anew.

import type { ByteSource } from '../formats/bytes.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { FetchPlan, FetchProgress, HubPlace, HubSettings, KeptList } from '../protocol/hub.ts';
import { isUnanswered } from './answer.ts';
import { type ClientOptions, HubClient, licenceOf, type RepoInfo, type Waiting } from './client.ts';
import { fetchFiles } from './fetching.ts';
import { type ModelFolder, readJson } from './folder.ts';
import { hubFile } from './hub_file.ts';
import { isWhole, neededFiles, weightsOf } from './needed_files.ts';
import { type HubFile, isCommit, type RepoId, type RepoRef, type Snapshot, shownRepo } from './repo.ts';
import type { HubStore, KeptSnapshot } from './store.ts';

/** A repository at the commit at which it is used. */
export interface OpenRepo extends RepoRef {
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** Facts of the hub's own; left out where it was not asked. */
  readonly info?: RepoInfo | undefined;
  /** Whether all that a run needs is kept, so that nothing will be asked for. */
  readonly whole: boolean;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  onProgress?(progress: FetchProgress): void;
}

export interface HubOptions extends ClientOptions {
  readonly store: HubStore;
}

const keyOf = ({ type, id, revision }: RepoRef): string => `${type} ${id} ${revision}`;

export class Hub {
  readonly store: HubStore;
  readonly #first: ClientOptions;
  #client: HubClient;
  readonly #open = new Map<string, Promise<OpenRepo>>();

  constructor({ store, ...client }: HubOptions) {
    this.store = store;
    this.#first = client;
    this.#client = new HubClient(client);
  }

  get client(): HubClient {
    return this.#client;
  }

  /** From now on. What is left out is as it was at first. Error: `bad-endpoint`. */
  configure({ endpoint, datasets_server, token }: HubSettings): HubPlace {
    this.#client = new HubClient({
      ...this.#first,
      ...(endpoint === undefined ? {} : { endpoint, token: undefined }),
      ...(datasets_server === undefined ? {} : { datasetsServer: datasets_server }),
      ...(token === undefined ? {} : { token }),
    });
    this.#open.clear();
    return this.place();
  }

  place(): HubPlace {
    const { endpoint, datasetsServer, hasToken } = this.#client;
    return { endpoint, datasets_server: datasetsServer, has_token: hasToken, store: this.store.place };
  }

  /** A repository as it is used from now on: what is kept whole as it is kept, else as the hub has it now. Errors: `hub-*`. */
  open(repo: RepoRef, waiting?: Waiting): Promise<OpenRepo> {
    const key = keyOf(repo);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening = this.#look(repo, waiting);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  }

  /** Looks it up on the hub, also where it is kept: a newer commit is used from now on. */
  async refresh(repo: RepoRef, waiting?: Waiting): Promise<OpenRepo> {
    const fresh = this.#ask(repo, waiting);
    this.#open.set(keyOf(repo), fresh);
    fresh.catch(() => this.#open.delete(keyOf(repo)));
    return fresh;
  }

  async #look(repo: RepoRef, waiting?: Waiting): Promise<OpenRepo> {
    const kept = await this.#keptNow(repo);
    // Of data no more is kept than was read; a commit's files do not change.
    const isListed = async () => isCommit(repo.revision) && (await this.store.snapshot(repo, repo.revision)) !== undefined;
    if (kept !== undefined && (kept.whole || (repo.type === 'dataset' && (await isListed())))) return kept;
    try {
      return await this.#ask(repo, waiting);
    } catch (thrown) {
      // Without a connection what is here serves, as far as it goes.
      if (isUnanswered(thrown) && kept !== undefined) return kept;
      throw thrown;
    }
  }

  /** What is kept of the commit that a revision stood for when it was last asked for. */
  async #keptNow(repo: RepoRef): Promise<OpenRepo | undefined> {
    const commit = isCommit(repo.revision) ? repo.revision : await this.store.commitOf(repo, repo.revision);
    return commit === undefined ? undefined : this.#kept(repo, commit);
  }

  /** What of a commit is kept: all of its listing where that was kept too, else the files that are here. */
  async #kept(repo: RepoRef, commit: string): Promise<OpenRepo | undefined> {
    const paths = await this.store.paths(repo, commit);
    const listed = await this.store.snapshot(repo, commit);
    const whole =
      repo.type === 'model' &&
      (await isWhole(
        paths,
        (path) => readJson(this.#keptFolder(repo, commit), path),
        listed?.files.map(({ path }) => path),
      ));
    if (whole || listed === undefined) {
      if (paths.length === 0) return undefined;
      const sources = await Promise.all(paths.map((path) => this.store.open(repo, commit, path)));
      const known = new Map(listed?.files.map((file) => [file.path, file]));
      const files = paths.map((path, i) => known.get(path) ?? { path, size: sources[i]?.size ?? 0, oid: '' });
      return { ...repo, commit, files, whole };
    }
    return { ...repo, commit, files: listed.files, whole };
  }

  /** What is here of a commit, as a folder. */
  #keptFolder(repo: RepoId, commit: string): ModelFolder {
    return { name: repo.id, open: (path) => this.store.open(repo, commit, path), list: () => this.store.paths(repo, commit) };
  }

  async #ask(repo: RepoRef, waiting?: Waiting): Promise<OpenRepo> {
    const { snapshot, info } = await this.client.snapshot(repo, waiting);
    // Where nothing can be kept, it can still be looked at.
    await this.#remember(repo, snapshot).catch((thrown: unknown) => {
      if (!(thrown instanceof RetraceError)) throw thrown;
    });
    return { ...repo, ...snapshot, info, whole: false };
  }

  async #remember(repo: RepoRef, snapshot: Snapshot): Promise<void> {
    await this.store.setSnapshot(repo, snapshot);
    if (!isCommit(repo.revision)) await this.store.setCommit(repo, repo.revision, snapshot.commit);
  }

  /** A file, read where it is kept, else by ranges that are kept; undefined where the repository has none. */
  file(repo: OpenRepo, path: string, waiting?: Waiting): ByteSource | undefined {
    const file = repo.files.find((one) => one.path === path);
    return file && hubFile({ client: this.client, store: this.store, repo, commit: repo.commit, file, waiting });
  }

  /** A repository as a folder. Opening a file asks for nothing; reading does, where it is not kept. */
  async folder(ref: RepoRef, waiting?: Waiting): Promise<ModelFolder> {
    const repo = await this.open(ref, waiting);
    return {
      name: shownRepo(ref),
      open: async (path) => this.file(repo, path, waiting),
      list: async () => repo.files.map(({ path }) => path).sort(),
    };
  }

  /** What a run needs of a model, and how much of it is here. */
  async fetchPlan(ref: RepoRef, waiting?: Waiting): Promise<FetchPlan> {
    return this.#planOf(await this.open(ref, waiting), await this.#needed(ref, waiting));
  }

  async #needed(ref: RepoRef, waiting?: Waiting): Promise<HubFile[]> {
    const repo = await this.open(ref, waiting);
    const folder = await this.folder(ref, waiting);
    const needed = await neededFiles(await folder.list(), (path) => readJson(folder, path));
    return repo.files.filter(({ path }) => needed.includes(path));
  }

  async #planOf(repo: OpenRepo, needed: readonly HubFile[]): Promise<FetchPlan> {
    const snapshot = (await this.store.kept().catch(() => [])).find(
      ({ type, id, commit }) => type === repo.type && id === repo.id && commit === repo.commit,
    );
    const kept = new Map(snapshot?.files.map((file) => [file.path, file.kept]));
    const files = needed.map(({ path, size }) => ({ path, bytes: size, kept: kept.get(path) ?? 0 }));
    const space = await this.store.space().catch(() => undefined);
    const licence = repo.info && licenceOf(repo.info);
    return {
      id: repo.id,
      revision: repo.revision,
      commit: repo.commit,
      files,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      kept: files.reduce((sum, file) => sum + file.kept, 0),
      ...(space === undefined ? {} : { free: space.free }),
      ...(licence === undefined ? {} : { licence }),
    };
  }

  /** Brings here what a run needs of a model; nothing is asked for where all is kept. Errors: `hub-*`, `store-full`, `store-closed`, `fetch-stopped`. */
  async fetch(ref: RepoRef, options: FetchOptions = {}): Promise<FetchPlan> {
    const { signal } = options;
    let repo = await this.open(ref, { signal });
    // Without the hub's list the files that others left here are not known to be all.
    if (!repo.whole && (await this.store.snapshot(repo, repo.commit)) === undefined && repo.info === undefined)
      repo = await this.refresh(ref, { signal });
    const needed = await this.#needed(ref, { signal });
    if (repo.whole) return this.#planOf(repo, needed);
    const plan = await this.#planOf(repo, needed);
    requireRoom(plan, this.store.place);
    await this.bring(repo, needed, options);
    return this.#planOf(repo, needed);
  }

  /** Brings these files of a repository here, whole and checked. Errors: those of `fetchFiles`. */
  bring(repo: OpenRepo, files: readonly HubFile[], options: FetchOptions): Promise<void> {
    return fetchFiles({ ...options, client: this.client, store: this.store, repo, commit: repo.commit, files });
  }

  /** Removes what came of a fetch that is not wanted any more. */
  async forget(ref: RepoRef): Promise<void> {
    const repo = await this.open(ref);
    await this.store.remove(repo, repo.commit);
    this.#open.delete(keyOf(ref));
  }

  async kept(): Promise<KeptList> {
    const [snapshots, space] = [await this.store.kept(), await this.store.space().catch(() => undefined)];
    const wholes = await Promise.all(snapshots.map((snapshot) => this.#isWhole(snapshot)));
    return {
      place: this.store.place,
      repos: snapshots.map(({ type, id, commit, revisions, bytes, lastUsed, files }, i) => {
        const named = weightsOf(files.map(({ path }) => path));
        const weights = files.find(({ path }) => path === named)?.sha256;
        return {
          ...{ type, id, commit, revisions, bytes, last_used: lastUsed, whole: wholes[i] ?? false },
          ...(weights === undefined ? {} : { weights }),
        };
      }),
      ...space,
    };
  }

  async #isWhole(snapshot: KeptSnapshot): Promise<boolean> {
    const paths = snapshot.files.filter(({ kept, size }) => kept === size).map(({ path }) => path);
    if (snapshot.type === 'dataset') return paths.length === snapshot.files.length;
    const all = snapshot.files.map(({ path }) => path);
    return isWhole(paths, (path) => readJson(this.#keptFolder(snapshot, snapshot.commit), path), all).catch(() => false);
  }

  async remove(repo: RepoId, commit?: string): Promise<KeptList> {
    await this.store.remove(repo, commit);
    this.#open.clear();
    return this.kept();
  }

  /** Whether all that a run needs of a model is here; asks nobody. */
  async isKept(repo: RepoRef): Promise<boolean> {
    return (await this.#keptNow(repo))?.whole === true;
  }

  /** A model that is kept whole and has weights of this SHA-256, whatever it is called. */
  async keptWith(sha256: string): Promise<{ readonly id: string; readonly commit: string } | undefined> {
    for (const snapshot of await this.store.kept()) {
      const has = snapshot.files.some((file) => file.sha256 === sha256 && file.kept === file.size);
      if (has && (await this.#isWhole(snapshot))) return { id: snapshot.id, commit: snapshot.commit };
    }
    return undefined;
  }
}

/** Error `store-full`, before a byte is moved, where it is known that they will not fit. */
function requireRoom({ id, bytes, kept, free }: FetchPlan, place: string): void {
  const wanted = bytes - kept;
  if (free === undefined || wanted <= free) return;
  throw new RetraceError({
    code: 'store-full',
    message: `${id} needs ${wanted} bytes more; ${free} are free in ${place}.`,
    where: place,
    remedy: `Free ${wanted - free} bytes, by removing models that are kept here for instance, then go on.`,
  });
}
