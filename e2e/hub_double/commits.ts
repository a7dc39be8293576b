// New repositories and commits: which files go as large ones, and the commit that names them all. Not here: the bytes of large files (lfs.ts). Invariant: a commit
// that is refused changes nothing.

import * as v from 'valibot';
import { canWrite, refusal, refusedWrite, rightsOf } from './access.ts';
import { type StoredFile, storedFile, usuallyLfs } from './files.ts';
import type { Asked, Hub } from './hub.ts';
import { bodyAs, objectOf } from './lfs.ts';
import { type DoubleRepo, doubleRepo } from './repos.ts';
import { noRevision } from './resolve.ts';
import { type Answer, json } from './sending.ts';

/** Above this the hub takes a file only as a large one. */
const MOST_INLINE = 10 * 2 ** 20;

const Created = v.object({
  name: v.string(),
  organization: v.nullish(v.string()),
  type: v.optional(v.picklist(['model', 'dataset']), 'model'),
  private: v.optional(v.boolean()),
  visibility: v.optional(v.string()),
});
const Preuploaded = v.object({
  files: v.array(v.object({ path: v.string(), size: v.number(), sample: v.string() })),
  gitIgnore: v.optional(v.string()),
});
const Path = v.object({ path: v.string() });
const Line = v.variant('key', [
  v.object({
    key: v.literal('header'),
    value: v.object({ summary: v.string(), description: v.optional(v.string()), parentCommit: v.optional(v.string()) }),
  }),
  v.object({
    key: v.literal('file'),
    value: v.object({ ...Path.entries, content: v.string(), encoding: v.optional(v.picklist(['base64', 'utf-8'])) }),
  }),
  v.object({
    key: v.literal('lfsFile'),
    value: v.object({ ...Path.entries, algo: v.literal('sha256'), oid: v.string(), size: v.optional(v.number()) }),
  }),
  v.object({ key: v.literal('deletedFile'), value: Path }),
  v.object({ key: v.literal('deletedFolder'), value: Path }),
]);
type Line = v.InferOutput<typeof Line>;

const GIT_ATTRIBUTES = ['safetensors', 'bin', 'parquet', 'h5', 'onnx']
  .map((kind) => `*.${kind} filter=lfs diff=lfs merge=lfs -text\n`)
  .join('');

const pageOf = (hub: Hub, { type, id }: Pick<DoubleRepo, 'type' | 'id'>) => `${hub.endpoint}/${type === 'dataset' ? 'datasets/' : ''}${id}`;

/** `POST /api/repos/create`. */
export async function createRepo(asked: Asked, hub: Hub): Promise<Answer> {
  const rights = rightsOf(asked, hub);
  if (rights === undefined) return refusal(401, undefined, 'Invalid username or password.');
  const named = await bodyAs(asked, Created);
  if (named === undefined) return refusal(400, undefined, 'Neither a name nor a type');
  const { type } = named;
  const id = `${named.organization ?? rights.user}/${named.name}`;
  if (!canWrite(rights, id))
    return refusal(403, undefined, `You don't have the rights to create a ${type} under the namespace "${id.split('/')[0]}"`);
  const there = hub.repos.get(`${type}:${id}`);
  if (there !== undefined) return json({ error: `You already created this ${type} repo`, url: pageOf(hub, there) }, 409);
  const isPrivate = named.private ?? named.visibility === 'private';
  const repo = doubleRepo({ id, type, private: isPrivate, files: { '.gitattributes': GIT_ATTRIBUTES } });
  hub.repos.set(`${type}:${id}`, repo);
  return json({ url: pageOf(hub, repo), name: id, id, private: isPrivate });
}

/** `POST /api/validate-yaml`, which huggingface_hub asks before it commits a README. */
export const validateYaml = (): Answer => json({ errors: [], warnings: [] });

/** `POST preupload/{revision}`: which files go as large ones, and which are there as they are. */
export async function preupload(asked: Asked, hub: Hub, repo: DoubleRepo, revision: string): Promise<Answer> {
  const refused = refusedWrite(asked, hub, repo.id);
  if (refused !== undefined) return refused;
  const commit = repo.at(revision);
  if (commit === undefined) return noRevision(revision);
  const named = await bodyAs(asked, Preuploaded);
  if (named === undefined) return refusal(400, undefined, 'Not a list of files');
  const files = named.files.map(({ path, size, sample }) => {
    // A beginning that holds a zero is no text; git keeps neither that nor anything large.
    const lfs = usuallyLfs(path, size) || Buffer.from(sample, 'base64').includes(0);
    const file = commit.files.get(path);
    return { path, uploadMode: lfs ? 'lfs' : 'regular', shouldIgnore: false, ...(file && { oid: file.lfs?.sha256 ?? file.oid }) };
  });
  return json({ files, commitOid: commit.oid });
}

function linesOf(body: string): Line[] | undefined {
  try {
    return body
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => v.parse(Line, JSON.parse(line)));
  } catch {
    return undefined;
  }
}

/** The files after one line of a commit, or why it can't be done. */
function applied(hub: Hub, repo: DoubleRepo, files: Map<string, StoredFile>, line: Line): Answer | undefined {
  if (line.key === 'header') return undefined;
  const { path } = line.value;
  if (path === '' || path.split('/').some((part) => part === '' || part === '.' || part === '..' || part === '.git')) {
    if (line.key !== 'deletedFolder') return refusal(400, undefined, `Invalid path: ${path}`);
  }
  if (line.key === 'file') {
    const bytes = Buffer.from(line.value.content, line.value.encoding === 'base64' ? 'base64' : 'utf8');
    if (bytes.length > MOST_INLINE)
      return refusal(400, undefined, `Your push was rejected because it contains files larger than 10 MiB: ${path}. Use LFS for them.`);
    files.set(
      path,
      storedFile(path, bytes, () => false),
    );
  } else if (line.key === 'lfsFile') {
    const object = objectOf(hub, repo, line.value.oid);
    if (object === undefined)
      return refusal(400, undefined, `Your push was rejected because an LFS pointer pointed to a file that does not exist: ${path}`);
    files.set(
      path,
      storedFile(path, object, () => true),
    );
  } else if (line.key === 'deletedFile') {
    if (!files.delete(path)) return refusal(404, 'EntryNotFound', `A file with this name doesn't exist: ${path}`);
  } else {
    const under = path.endsWith('/') ? path : `${path}/`;
    for (const each of [...files.keys()]) if (each.startsWith(under)) files.delete(each);
  }
  return undefined;
}

/** `POST commit/{revision}`: lines of JSON, the header first. */
export async function commit(asked: Asked, hub: Hub, repo: DoubleRepo, revision: string): Promise<Answer> {
  const refused = refusedWrite(asked, hub, repo.id);
  if (refused !== undefined) return refused;
  if (!repo.refs().branches.has(revision)) return noRevision(revision);
  const lines = linesOf((await asked.body()).toString());
  const [header, ...operations] = lines ?? [];
  if (header?.key !== 'header' || header.value.summary === '')
    return refusal(400, undefined, 'A commit begins with a header that has a summary');
  const before = repo.at(revision);
  const { parentCommit, summary } = header.value;
  if (parentCommit !== undefined && before?.oid.startsWith(parentCommit) !== true) {
    return refusal(412, undefined, 'A commit has happened since. Please refresh and try again.');
  }
  const files = new Map(before?.files);
  for (const line of operations) {
    const wrong = applied(hub, repo, files, line);
    if (wrong !== undefined) return wrong;
  }
  const { oid } = repo.commitFiles(files, summary, revision);
  return json({ success: true, commitOid: oid, commitUrl: `${pageOf(hub, repo)}/commit/${oid}`, hookOutput: '' });
}
