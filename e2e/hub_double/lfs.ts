// Uploads of large files: the batch of the LFS protocol, signed addresses on the second host for a whole file or its parts, and the check at the end. Not here:
// the commit that puts a file into a repository (commits.ts). Invariant: an object is there only after its bytes had the SHA-256 that it is named by.

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { refusal, refusedWrite } from './access.ts';
import type { Asked, Hub } from './hub.ts';
import type { DoubleRepo } from './repos.ts';
import { refusedSignature, signed, storageRefusal } from './resolve.ts';
import { type Answer, json } from './sending.ts';

const Objects = v.object({
  operation: v.literal('upload'),
  transfers: v.optional(v.array(v.string())),
  hash_algo: v.optional(v.string()),
  objects: v.array(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size: v.number() })),
});
const Verified = v.object({ oid: v.string(), size: v.number() });
const Completed = v.object({ oid: v.string(), parts: v.array(v.object({ partNumber: v.number(), etag: v.string() })) });

const LFS_TYPE = { 'Content-Type': 'application/vnd.git-lfs+json' };

/** The body of a request as JSON of this shape; undefined where it is none. */
export async function bodyAs<T>(asked: Asked, schema: v.GenericSchema<unknown, T>): Promise<T | undefined> {
  try {
    return v.parse(schema, JSON.parse((await asked.body()).toString()));
  } catch {
    return undefined;
  }
}

const keyOf = ({ type, id }: DoubleRepo) => `${type}:${id}`;

/** The bytes of a large file that this repository may name in a commit. */
export function objectOf(hub: Hub, repo: DoubleRepo, oid: string) {
  const uploaded = hub.objects.get(oid);
  if (uploaded?.owners.has(keyOf(repo)))
    return { size: uploaded.bytes.length, sha256: oid, read: (begin: number, end: number) => uploaded.bytes.subarray(begin, end) };
  const file = repo.object(oid);
  return file && { size: file.size, sha256: oid, read: file.read };
}

/** `POST /{id}.git/info/lfs/objects/batch`: where each file goes. What is there already has no actions. */
export async function lfsBatch(asked: Asked, hub: Hub, repo: DoubleRepo): Promise<Answer> {
  const refused = refusedWrite(asked, hub, repo.id);
  if (refused !== undefined) return refused;
  const batch = await bodyAs(asked, Objects);
  if (batch === undefined) return refusal(400, undefined, 'Not a batch of uploads');
  const inParts = batch.transfers?.includes('multipart') === true && batch.objects.some(({ size }) => size > hub.settings.multipartAbove);
  const base = `${hub.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.id}.git/info/lfs/objects`;
  const objects = batch.objects.map(({ oid, size }) => {
    if (objectOf(hub, repo, oid) !== undefined) return { oid, size };
    const verify = { href: `${base}/verify`, header: {} };
    const path = `/uploads/${repo.type}s/${repo.id}/${oid}`;
    if (!inParts || size <= hub.settings.multipartAbove) {
      return { oid, size, authenticated: true, actions: { upload: { href: signed(hub, path) }, verify } };
    }
    const { partSize } = hub.settings;
    const parts = Array.from({ length: Math.ceil(size / partSize) }, (_, i): [string, string] => [
      String(i + 1).padStart(5, '0'),
      signed(hub, `${path}/parts/${i + 1}`),
    ]);
    const complete = `${hub.endpoint}/api/complete_multipart?${new URLSearchParams({ type: repo.type, id: repo.id, size: String(size) })}`;
    return {
      oid,
      size,
      authenticated: true,
      actions: { upload: { href: complete, header: { chunk_size: String(partSize), ...Object.fromEntries(parts) } }, verify },
    };
  });
  return json({ transfer: inParts ? 'multipart' : 'basic', objects }, 200, LFS_TYPE);
}

/** `POST .../objects/verify`, after an upload. */
export async function lfsVerify(asked: Asked, hub: Hub, repo: DoubleRepo): Promise<Answer> {
  const refused = refusedWrite(asked, hub, repo.id);
  if (refused !== undefined) return refused;
  const named = await bodyAs(asked, Verified);
  if (named === undefined) return refusal(400, undefined, 'Neither oid nor size');
  const object = objectOf(hub, repo, named.oid);
  if (object === undefined) return refusal(404, undefined, `The object ${named.oid} was not uploaded`);
  return object.size === named.size
    ? json({})
    : refusal(422, undefined, `The object ${named.oid} has ${object.size} bytes, not ${named.size}`);
}

function keep(hub: Hub, owner: string, bytes: Uint8Array, oid: string): void {
  const known = hub.objects.get(oid) ?? { bytes, owners: new Set<string>() };
  known.owners.add(owner);
  hub.objects.set(oid, known);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const tagOf = (bytes: Uint8Array) => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** `PUT` to the second host: `/uploads/{type}s/{id}/{oid}`, or `.../{oid}/parts/{n}`. */
export async function upload(asked: Asked, hub: Hub): Promise<Answer> {
  const refused = refusedSignature(asked);
  if (refused !== undefined) return refused;
  const bytes = await asked.body();
  const [, types = '', ...rest] = asked.segments;
  const part = rest.at(-2) === 'parts' ? Number(rest.at(-1)) : undefined;
  const named = part === undefined ? rest : rest.slice(0, -2);
  const owner = `${types.slice(0, -1)}:${named.slice(0, -1).join('/')}`;
  const oid = named.at(-1) ?? '';
  if (part !== undefined) {
    hub.parts.set(`${owner}:${oid}:${part}`, bytes);
    return { status: 200, headers: { ETag: tagOf(bytes) } };
  }
  // S3 takes no empty object by a signed address.
  if (bytes.length === 0)
    return storageRefusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
  if (sha256(bytes) !== oid) return storageRefusal(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
  keep(hub, owner, bytes, oid);
  return { status: 200, headers: { ETag: tagOf(bytes) } };
}

/** `POST /api/complete_multipart`: the parts become the object. Needs no token: its address is the right to it. */
export async function completeMultipart(asked: Asked, hub: Hub): Promise<Answer> {
  const named = await bodyAs(asked, Completed);
  if (named === undefined) return refusal(400, undefined, 'Neither oid nor parts');
  const owner = `${asked.query.get('type')}:${asked.query.get('id')}`;
  const pieces = [...named.parts]
    .sort((a, b) => a.partNumber - b.partNumber)
    .map(({ partNumber, etag }) => {
      const bytes = hub.parts.get(`${owner}:${named.oid}:${partNumber}`);
      return bytes !== undefined && tagOf(bytes) === etag ? bytes : undefined;
    });
  if (pieces.includes(undefined)) return refusal(400, undefined, 'One or more of the specified parts could not be found');
  const bytes = Buffer.concat(pieces.filter((piece) => piece !== undefined));
  if (bytes.length !== Number(asked.query.get('size')) || sha256(bytes) !== named.oid)
    return refusal(400, undefined, `The parts are not the object ${named.oid}`);
  for (const { partNumber } of named.parts) hub.parts.delete(`${owner}:${named.oid}:${partNumber}`);
  keep(hub, owner, bytes, named.oid);
  return json({});
}
