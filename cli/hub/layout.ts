// How the hub's cache folder is laid out, as Python's huggingface_hub lays it out, and where our own files stand in it so that Python passes them over.
// Touches no disk. Invariant: a name that comes from a listing becomes part of a path only once `isPlainPath` or `blobName` has let it through.
//
//   CACHEDIR.TAG
//   .locks/models--org--name/HASH.retrace-lock     held while HASH is fetched or removed
//   models--org--name/refs/main                    the commit
//                     snapshots/COMMIT/config.json   a link to ../../blobs/HASH
//                     blobs/HASH                   whole files, by SHA-256 or else by Git's hash
//                           HASH.retrace-part      one on its way, HASH.retrace-ranges what of it is here
//                     .retrace/COMMIT.json         the listing of a commit

import { join } from 'node:path';
import { type HubFile, looksLikeRepo, type RepoId, type RepoType } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';

export const folderName = ({ type, id }: RepoId): string => [`${type}s`, ...id.split('/')].join('--');

/** The repository of such a name; undefined for whatever else lies there. */
export function repoOf(name: string): RepoId | undefined {
  const [, type, parts = ''] = /^(model|dataset)s--(.+)$/.exec(name) ?? [];
  const id = parts.split('--').join('/');
  return type !== undefined && !id.includes('@') && looksLikeRepo(id) ? { type: type as RepoType, id } : undefined;
}

/** Whether a path of a listing, or a revision, stays below the folder that it is taken from. */
export const isPlainPath = (path: string): boolean =>
  !/[\\\0]/.test(path) &&
  !(process.platform === 'win32' && path.includes(':')) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const isBlobName = (name: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);

export const requirePlainPath = (path: string, repo: RepoId): void => {
  if (isPlainPath(path)) return;
  throw new RetraceError({
    code: 'bad-listing',
    message: `${repo.id} lists a file as '${path}', which is no place in a folder.`,
    where: repo.id,
    remedy: 'Do not use this repository, or ask another endpoint: nothing was written.',
  });
};

/** The name under which a file's bytes lie. Error: `bad-listing`. */
export function blobName({ path, sha256, oid }: HubFile): string {
  const name = sha256 ?? oid;
  if (isBlobName(name)) return name;
  throw new RetraceError({
    code: 'bad-listing',
    message: `The hash of ${path} is given as '${name}', which is none.`,
    where: path,
    remedy: 'Ask another endpoint, or the hub itself.',
  });
}

/** A file as its blob's name tells of it, where no listing does. */
export const hashesOf = (blob: string): Pick<HubFile, 'oid' | 'sha256'> =>
  blob.length === 64 && isBlobName(blob) ? { oid: '', sha256: blob } : { oid: isBlobName(blob) ? blob : '' };

export interface RepoPlaces {
  readonly top: string;
  readonly locks: string;
  readonly refs: string;
  readonly snapshots: string;
  readonly blobs: string;
  readonly own: string;
  snapshot(commit: string): string;
  listing(commit: string): string;
  blob(name: string): string;
  part(name: string): string;
  ranges(name: string): string;
  lock(name: string): string;
}

export function placesOf(root: string, repo: RepoId): RepoPlaces {
  const name = folderName(repo);
  const top = join(root, name);
  const [locks, own, blobs] = [join(root, '.locks', name), join(top, '.retrace'), join(top, 'blobs')];
  return {
    top,
    locks,
    own,
    blobs,
    refs: join(top, 'refs'),
    snapshots: join(top, 'snapshots'),
    snapshot: (commit) => join(top, 'snapshots', commit),
    listing: (commit) => join(own, `${commit}.json`),
    blob: (hash) => join(blobs, hash),
    part: (hash) => join(blobs, `${hash}.retrace-part`),
    ranges: (hash) => join(blobs, `${hash}.retrace-ranges`),
    lock: (hash) => join(locks, `${hash}.retrace-lock`),
  };
}

/** The hash of a part's file name. */
export const partHash = (name: string): string | undefined => /^([0-9a-f]{40,64})\.retrace-part$/.exec(name)?.[1];
