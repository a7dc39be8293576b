// Repositories with their commits, branches and tags, in memory. Not here: what the hub says of them (info.ts) and who may read them (access.ts).
// Invariant: a commit never changes, and the same specification gives the same hashes on every machine.

import { createHash } from 'node:crypto';
import { type FileContent, filesUnder, type StoredFile, storedFile } from './files.ts';

export type RepoType = 'model' | 'dataset';

/** What the hub says of a repository beside its files. Where config, safetensors or tags are left out they come from the files, as on the hub. */
export interface RepoFacts {
  readonly gated?: 'auto' | 'manual' | undefined;
  readonly private?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly pipeline_tag?: string | undefined;
  readonly library_name?: string | undefined;
  readonly license?: string | undefined;
  readonly cardData?: Readonly<Record<string, unknown>> | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly downloads?: number | undefined;
  readonly likes?: number | undefined;
}

export interface RepoSpec extends RepoFacts {
  readonly id: string;
  /** `model` where it is left out. */
  readonly type?: RepoType | undefined;
  readonly files: Readonly<Record<string, FileContent>>;
  /** More branches with files of their own, such as `refs/convert/parquet`. */
  readonly branches?: Readonly<Record<string, Readonly<Record<string, FileContent>>>> | undefined;
  readonly lfs?: ((path: string) => boolean) | undefined;
  /** A former name, which is answered with 307 to `id`. */
  readonly renamed?: string | undefined;
  /** What the datasets-server knows of it (datasets.ts). */
  readonly viewer?: DatasetViewer | undefined;
}

/** A data set as the datasets-server shows it. */
export interface DatasetViewer {
  readonly description?: string | undefined;
  readonly citation?: string | undefined;
  readonly homepage?: string | undefined;
  readonly license?: string | undefined;
  readonly configs: Readonly<Record<string, ViewedConfig>>;
}

export interface ViewedConfig {
  /** As the `datasets` library writes them: `{ label: { names: ['negative', 'positive'], _type: 'ClassLabel' } }`. */
  readonly features: Readonly<Record<string, unknown>>;
  readonly splits: Readonly<Record<string, readonly Row[]>>;
  /** The conversion holds the beginning alone, as of what is too large. */
  readonly partial?: boolean | undefined;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Commit {
  readonly oid: string;
  readonly title: string;
  /** ISO 8601. */
  readonly date: string;
  readonly parent?: string | undefined;
  readonly files: ReadonlyMap<string, StoredFile>;
}

export interface DoubleRepo {
  readonly id: string;
  readonly type: RepoType;
  readonly facts: RepoFacts;
  readonly viewer: DatasetViewer | undefined;
  /** The commit that `main` stands for now, 40 hexadecimal digits. */
  readonly commit: string;
  /** Commits on `main`, or the branch: new or other content, and null for a file that goes. Gives the new commit. */
  change(files: Readonly<Record<string, FileContent | null>>, options?: { readonly branch?: string; readonly title?: string }): string;
  /** The same for files that are stored already. */
  commitFiles(files: ReadonlyMap<string, StoredFile>, title: string, branch?: string): Commit;
  /** Names a commit (that of `main` where it is left out) or moves the name there. */
  branch(name: string, commit?: string): void;
  tag(name: string, commit?: string): void;
  /** By branch, tag, or commit (7 digits or more). */
  at(revision: string): Commit | undefined;
  /** A large file of any commit by its SHA-256. */
  object(sha256: string): StoredFile | undefined;
  refs(): { readonly branches: ReadonlyMap<string, string>; readonly tags: ReadonlyMap<string, string> };
  /** The files of a revision, by path; error where there is no such revision. */
  files(revision?: string): ReadonlyMap<string, StoredFile>;
  /** Takes other facts from now on, such as `{ gated: 'manual' }`. */
  setFacts(facts: RepoFacts): void;
}

/** Commits lie a minute apart from here on. */
const FIRST_COMMIT = Date.UTC(2026, 0, 1);

export function doubleRepo(spec: RepoSpec): DoubleRepo {
  const { id, type = 'model' } = spec;
  let facts: RepoFacts = spec;
  const commits = new Map<string, Commit>();
  const branches = new Map<string, string>();
  const tags = new Map<string, string>();
  const { lfs } = spec;
  const stored = (path: string, content: FileContent) => storedFile(path, content, lfs);

  const commitFiles = (files: ReadonlyMap<string, StoredFile>, title: string, branch = 'main'): Commit => {
    const parent = branches.get(branch);
    const sorted = new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    const hash = createHash('sha1').update(JSON.stringify([type, id, branch, parent, title, commits.size]));
    // Of large files the size alone, lest 2 GB be read when a repository is added; two commits still differ by their number.
    for (const file of sorted.values()) hash.update(`${file.path}\0${file.size > 1 << 24 ? file.size : file.oid}\n`);
    const commit = {
      oid: hash.digest('hex'),
      title,
      date: new Date(FIRST_COMMIT + commits.size * 60_000).toISOString(),
      parent,
      files: sorted,
    };
    commits.set(commit.oid, commit);
    branches.set(branch, commit.oid);
    return commit;
  };
  const at = (revision: string): Commit | undefined => {
    const named = branches.get(revision === 'HEAD' ? 'main' : revision) ?? tags.get(revision);
    if (named !== undefined) return commits.get(named);
    if (!/^[0-9a-f]{7,40}$/.test(revision)) return undefined;
    return commits.get(revision) ?? [...commits.values()].find(({ oid }) => oid.startsWith(revision));
  };
  const existing = (revision: string): Commit => {
    const commit = at(revision);
    if (commit === undefined) throw new Error(`${id} has no revision '${revision}'.`);
    return commit;
  };
  const storedAll = (files: Readonly<Record<string, FileContent>>) =>
    new Map(Object.entries(files).map(([path, content]) => [path, stored(path, content)]));

  commitFiles(storedAll(spec.files), 'Add the files');
  for (const [branch, files] of Object.entries(spec.branches ?? {})) commitFiles(storedAll(files), 'Add the files', branch);

  return {
    id,
    type,
    viewer: spec.viewer,
    get facts() {
      return facts;
    },
    get commit() {
      return existing('main').oid;
    },
    change(changes, { branch = 'main', title = 'Change files' } = {}) {
      const files = new Map(existing(branch).files);
      for (const [path, content] of Object.entries(changes)) {
        if (content === null) files.delete(path);
        else files.set(path, stored(path, content));
      }
      return commitFiles(files, title, branch).oid;
    },
    commitFiles,
    branch: (name, commit = 'main') => void branches.set(name, existing(commit).oid),
    tag: (name, commit = 'main') => void tags.set(name, existing(commit).oid),
    at,
    object: (sha256) => [...commits.values()].flatMap(({ files }) => [...files.values()]).find((file) => file.lfs?.sha256 === sha256),
    refs: () => ({ branches, tags }),
    files: (revision = 'main') => existing(revision).files,
    setFacts(other) {
      facts = { ...facts, ...other };
    },
  };
}

/** The specification of a repository whose files lie in a folder. */
export const repoFromFolder = (id: string, folder: string, facts: Omit<RepoSpec, 'id' | 'files'> = {}): RepoSpec => ({
  ...facts,
  id,
  files: filesUnder(folder),
});
