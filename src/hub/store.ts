// Where files of the hub are kept, seen by who fetches them: the hub's own cache folder in Node, the origin's private file system in a page. Not here: what
// is fetched, and when. Invariant: what `open` gives is whole and was checked; what is on its way is reached by `part` alone.

import type { ByteSource } from '../formats/bytes.ts';
import type { HubFile, RepoId, Snapshot } from './repo.ts';

/** Bytes [begin, end) of a file. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A file on its way: some ranges of it are here. One holder at a time, in all processes and tabs. */
export interface PartFile {
  /** What was here when it was opened: what the last `flush` had said, ascending, apart from each other. */
  readonly ranges: readonly Range[];
  /** Bytes that are here, in a buffer of their own. */
  read(begin: number, end: number): Promise<Uint8Array>;
  /** Error: `store-full`, which names the bytes that were wanted and those that are free; what was flushed before stays. */
  write(begin: number, bytes: Uint8Array): Promise<void>;
  /** Makes sure of what was written, then says that these ranges are here: after a crash at any moment `ranges` holds nothing that is not. */
  flush(ranges: readonly Range[]): Promise<void>;
  /** The file is whole and was checked: from now on `open` gives it, and this part is no more. */
  finish(): Promise<void>;
  /** Forgets the part. */
  discard(): Promise<void>;
  /** Lets go of it; what was flushed stays. Once finished or discarded it does nothing. */
  close(): Promise<void>;
}

export interface KeptFile extends HubFile {
  /** Bytes that are here; all of `size` where the file is whole. */
  readonly kept: number;
}

/** What of a repository is kept, at one commit. */
export interface KeptSnapshot extends RepoId {
  readonly commit: string;
  /** Branches and tags that stood for it when they were last asked for. */
  readonly revisions: readonly string[];
  readonly files: readonly KeptFile[];
  /** Bytes on disk; a file that several commits share counts with each. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

export interface Space {
  /** Bytes that may still be written, as far as is known. */
  readonly free: number;
  /** Bytes that all of this may take together; left out where there is no such limit but the disk's. */
  readonly quota?: number;
  /** Whether the browser may clear it when the disk runs full; left out in Node. */
  readonly persisted?: boolean;
}

export interface HubStore {
  /** Where it lies, for people: a folder's path, or "this browser". */
  readonly place: string;
  /** The commit that a branch or tag stood for when it was last asked for. */
  commitOf(repo: RepoId, revision: string): Promise<string | undefined>;
  setCommit(repo: RepoId, revision: string, commit: string): Promise<void>;
  /** The listing of a commit, where it was kept: by `setSnapshot`, not by other programs that share the store. */
  snapshot(repo: RepoId, commit: string): Promise<Snapshot | undefined>;
  setSnapshot(repo: RepoId, snapshot: Snapshot): Promise<void>;
  /** A whole file; undefined where it is not here. Marks the repository as used. */
  open(repo: RepoId, commit: string, path: string): Promise<ByteSource | undefined>;
  /** Paths of the whole files of a commit, sorted. */
  paths(repo: RepoId, commit: string): Promise<string[]>;
  /**
   * The part of a file, begun where there is none. Where somebody else holds it: waits for it with `wait`, else undefined. A holder that died holds nothing.
   * Errors: `store-full`, `store-closed` (no such storage here: a private window, a folder that can't be written).
   */
  part(
    repo: RepoId,
    commit: string,
    file: HubFile,
    options?: { readonly wait?: boolean; readonly signal?: AbortSignal },
  ): Promise<PartFile | undefined>;
  /** All that is kept, the last used first. */
  kept(): Promise<KeptSnapshot[]>;
  /** Removes a repository, or what one commit of it alone holds; parts too. Error: `store-in-use` where somebody is writing to it. */
  remove(repo: RepoId, commit?: string): Promise<void>;
  space(): Promise<Space | undefined>;
  /** Asks that the browser does not clear it by itself; says whether it will not. */
  persist?(): Promise<boolean>;
}
