// What names a repository of the hub: a kind, an id and a revision, as people type them. Reaches nothing. Invariant: an id that passes can stand in an
// address and in a folder's name as it is.

import { RetraceError } from '../protocol/errors.ts';
import { repoName } from '../protocol/repo_name.ts';

export type RepoType = 'model' | 'dataset';

export interface RepoId {
  readonly type: RepoType;
  /** `org/name`, or `name` alone for the few that are older than organisations. */
  readonly id: string;
}

export interface RepoRef extends RepoId {
  /** A branch, a tag, a commit, or `refs/pr/1`. */
  readonly revision: string;
}

/** A file of a repository as the hub lists it. */
export interface HubFile {
  /** Slashes, no leading one. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Git's SHA-1 of the file, or of its pointer where it is a large one; hexadecimal. */
  readonly oid: string;
  /** Of the whole file, hexadecimal; large files alone have one. */
  readonly sha256?: string | undefined;
}

/** A revision, as it stood when it was asked for. */
export interface Snapshot {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

export const defaultRevision = 'main';

/** The hub's rule: letters, digits, `-`, `_` and `.`; no `--`, no `..`; 96 characters a part. */
const part = /^(?!.*(?:--|\.\.))(?![-.])[\w.-]{1,96}(?<![-.])$/;

const isId = (id: string): boolean => {
  const parts = id.split('/');
  return parts.length <= 2 && parts.every((each) => part.test(each)) && !/\.git$/.test(id);
};

/** Of Git's rules for names those that matter in an address and in a folder. */
const isRevision = (revision: string): boolean =>
  /^[\w.+-]+(?:\/[\w.+-]+)*$/.test(revision) && !revision.split('/').some((each) => each.startsWith('.'));

/** Whether a text can be the name of a repository; a path of a file or folder may be one too, so callers look at the disk first. */
export const looksLikeRepo = (text: string): boolean => isId(text.split('@')[0] ?? '');

/** `org/name` or `org/name@revision`, also as the address of its page on the hub. Error: `bad-repo-id`. */
export function parseRepo(type: RepoType, text: string): RepoRef {
  const { id = '', revision = defaultRevision } = repoName(text) ?? {};
  if (isId(id) && isRevision(revision)) return { type, id, revision };
  throw new RetraceError({
    code: 'bad-repo-id',
    message: `'${text}' can't be the name of a ${type} on the hub.`,
    where: text,
    remedy: `Names are org/name, with @revision behind it where another than ${defaultRevision} is meant: google-bert/bert-base-uncased.`,
  });
}

/** The repository of a model as a run names it, at its commit where it has one. Error: `bad-repo-id`. */
export function modelRepo({
  name,
  revision,
  commit,
}: {
  readonly name: string;
  readonly revision?: string | undefined;
  readonly commit?: string | undefined;
}): RepoRef {
  const repo = parseRepo('model', name);
  return { ...repo, revision: commit ?? revision ?? repo.revision };
}

/** `org/name`, with its revision where it is not the usual one. */
export const shownRepo = ({ id, revision }: RepoRef): string => (revision === defaultRevision ? id : `${id}@${revision}`);

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);
