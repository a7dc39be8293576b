// Files: `/{id}/resolve/{revision}/{path}` on the hub, and the signed addresses of large ones on the second host. Not here: uploads. Invariant: the bytes of a
// large file come from the second host alone, which never takes a token.

import { createHash } from 'node:crypto';
import { refusal, refusedGate } from './access.ts';
import type { StoredFile } from './files.ts';
import type { Asked, Hub } from './hub.ts';
import type { DoubleRepo, RepoType } from './repos.ts';
import { type Answer, redirect } from './sending.ts';

/** Splits what follows `/resolve/` or `/tree/`: a revision may be sent as one segment or, where it begins with `refs/`, as three. */
export function splitRevision(segments: readonly string[]): { revision: string; path: string } {
  const long = segments[0] === 'refs' && segments.length >= 3 ? 3 : 1;
  return { revision: segments.slice(0, long).join('/'), path: segments.slice(long).join('/') };
}

const plain = (answer: Answer, message: string): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'Content-Type': 'text/plain; charset=utf-8' },
  body: message,
});

export const noRevision = (revision: string): Answer => refusal(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);

const disposition = (path: string) => {
  const name = path.split('/').at(-1) ?? path;
  return `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${name}";`;
};

const typeOf = (path: string) =>
  path.endsWith('.json') ? 'application/json' : /\.(?:txt|md|py)$/.test(path) ? 'text/plain; charset=utf-8' : 'application/octet-stream';

export function resolveFile(asked: Asked, hub: Hub, repo: DoubleRepo, { revision, path }: { revision: string; path: string }): Answer {
  const refused = refusedGate(asked, hub, repo);
  if (refused !== undefined) return plain(refused, String(refused.headers?.['X-Error-Message']));
  const commit = repo.at(revision);
  if (commit === undefined) return plain(noRevision(revision), `Invalid rev id: ${revision}`);
  const file = commit.files.get(path);
  if (file === undefined)
    return plain(refusal(404, 'EntryNotFound', 'Entry not found', { 'X-Repo-Commit': commit.oid }), 'Entry not found');

  const headers = { 'X-Repo-Commit': commit.oid, 'Accept-Ranges': 'bytes', 'Content-Disposition': disposition(path) };
  if (file.lfs !== undefined) {
    return redirect(302, signedAddress(hub, repo.type, repo.id, file), {
      ...headers,
      ETag: `"${file.lfs.sha256}"`,
      'X-Linked-ETag': `"${file.lfs.sha256}"`,
      'X-Linked-Size': String(file.size),
    });
  }
  const etag = `"${file.oid}"`;
  if (hub.settings.resolveCache && asked.segments[1] !== 'resolve-cache') {
    const there = `/api/resolve-cache/${repo.type}s/${repo.id}/${commit.oid}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const query = `?${encodeURIComponent(asked.url.split('?')[0] ?? '')}=&etag=${encodeURIComponent(etag)}`;
    return redirect(307, hub.prefix + there + query, {
      'X-Repo-Commit': commit.oid,
      'X-Linked-Size': String(file.size),
      'X-Linked-ETag': etag,
    });
  }
  return { status: 200, headers: { ...headers, ETag: etag, 'Content-Type': typeOf(path) }, file };
}

const signature = (path: string, expires: string) => createHash('sha256').update(`double ${path} ${expires}`).digest('hex').slice(0, 32);

/** An address on the second host that holds for a while. */
export function signed(hub: Hub, path: string, query: Readonly<Record<string, string>> = {}): string {
  const expires = String(Math.floor(Date.now() / 1000) + hub.settings.signedForSeconds);
  return `${hub.cdn}${path}?${new URLSearchParams({ ...query, Expires: expires, Signature: signature(path, expires), 'Key-Pair-Id': 'DOUBLE' })}`;
}

const signedAddress = (hub: Hub, type: RepoType, id: string, file: StoredFile): string =>
  signed(hub, `/repos/${type}s/${id}/${file.lfs?.sha256}`, { 'response-content-disposition': disposition(file.path) });

/** As S3 and CloudFront refuse: XML, and no word of the hub's. */
export const storageRefusal = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'Content-Type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

/** What is wrong with an address of the second host, or with a request to it. */
export function refusedSignature(asked: Asked): Answer | undefined {
  if (asked.headers['authorization'] !== undefined) {
    return storageRefusal(
      400,
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    );
  }
  const expires = asked.query.get('Expires') ?? '';
  const path = asked.url.split('?')[0] ?? '';
  if (asked.query.get('Signature') !== signature(path, expires))
    return storageRefusal(403, 'SignatureDoesNotMatch', 'The signature does not match.');
  return Number(expires) * 1000 <= Date.now() ? storageRefusal(403, 'AccessDenied', 'Request has expired') : undefined;
}

/** A large file on the second host: `/repos/{type}s/{id}/{sha256}`. */
export function storedObject(asked: Asked, hub: Hub): Answer {
  const refused = refusedSignature(asked);
  if (refused !== undefined) return refused;
  const [, types = '', ...rest] = asked.segments;
  const sha256 = rest.at(-1) ?? '';
  const repo = hub.repos.get(`${types.slice(0, -1)}:${rest.slice(0, -1).join('/')}`);
  const file = repo?.object(sha256);
  if (file === undefined) return storageRefusal(404, 'NoSuchKey', 'The specified key does not exist.');
  return {
    status: 200,
    headers: {
      // Storage has a tag of its own, which is no hash of the hub's.
      ETag: `"${createHash('md5').update(sha256).digest('hex')}"`,
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': asked.query.get('response-content-disposition') ?? 'inline',
    },
    file,
  };
}
