// Which question goes to which answer, on the first two hosts. Invariant: an id is one or two segments, and what follows it is one of the words below.

import { findRepo, isAnswer, refusal, refusedToken, rightsOf } from './access.ts';
import { commit, createRepo, preupload, validateYaml } from './commits.ts';
import { parquetList } from './datasets_server.ts';
import type { Asked, Hub } from './hub.ts';
import { listRepos, pathsInfo, repoInfo, repoRefs, repoTree } from './info.ts';
import { completeMultipart, lfsBatch, lfsVerify, upload } from './lfs.ts';
import type { RepoType } from './repos.ts';
import { resolveFile, splitRevision, storageRefusal, storedObject } from './resolve.ts';
import { type Answer, json } from './sending.ts';

const WORDS = new Set(['tree', 'revision', 'paths-info', 'refs', 'preupload', 'commit', 'parquet', 'resolve', 'info']);

/** An id and what follows it: `org/name/tree/main` or, of the oldest models, `name/tree/main`. */
function splitId(segments: readonly string[]): { id: string; word: string | undefined; rest: readonly string[] } {
  const length = segments.length === 1 || WORDS.has(segments[1] ?? '') ? 1 : 2;
  return { id: segments.slice(0, length).join('/'), word: segments[length], rest: segments.slice(length + 1) };
}

const notFound = (): Answer => refusal(404, undefined, "Sorry, we can't find the page you are looking for.");

export async function hubAnswer(asked: Asked, hub: Hub): Promise<Answer> {
  const refused = refusedToken(asked, hub);
  if (refused !== undefined) return refused;
  const [first = '', second = '', ...others] = asked.segments;
  if (first !== 'api') return fileAnswer(asked, hub);
  if (second === 'whoami-v2') return whoAmI(asked, hub);
  if (asked.method === 'POST') {
    if (second === 'repos' && others[0] === 'create') return createRepo(asked, hub);
    if (second === 'validate-yaml') return validateYaml();
    if (second === 'complete_multipart') return completeMultipart(asked, hub);
  }
  if (second === 'resolve-cache') {
    const type: RepoType = others[0] === 'datasets' ? 'dataset' : 'model';
    // Here the commit stands where a word stands elsewhere.
    const length = /^[0-9a-f]{40}$/.test(others[2] ?? '') ? 1 : 2;
    const repo = findRepo(asked, hub, type, others.slice(1, 1 + length).join('/'));
    return isAnswer(repo) ? repo : resolveFile(asked, hub, repo, splitRevision(others.slice(1 + length)));
  }
  if (second === 'models' || second === 'datasets') {
    const type: RepoType = second === 'models' ? 'model' : 'dataset';
    return others.length === 0 ? listRepos(asked, hub, type) : repoAnswer(asked, hub, type, others);
  }
  return notFound();
}

async function repoAnswer(asked: Asked, hub: Hub, type: RepoType, segments: readonly string[]): Promise<Answer> {
  const { id, word, rest } = splitId(segments);
  const repo = findRepo(asked, hub, type, id);
  if (isAnswer(repo)) return repo;
  if (asked.method === 'POST') {
    const revision = rest.join('/');
    if (word === 'paths-info') return pathsInfo(asked, repo, revision);
    if (word === 'preupload') return preupload(asked, hub, repo, revision);
    if (word === 'commit') return commit(asked, hub, repo, revision);
  }
  if (asked.method !== 'GET' && asked.method !== 'HEAD') return notFound();
  if (word === undefined) return repoInfo(asked, repo, 'main');
  if (word === 'revision') return repoInfo(asked, repo, rest.join('/'));
  if (word === 'tree') return repoTree(asked, hub, repo, splitRevision(rest));
  if (word === 'refs') return repoRefs(repo);
  if (word === 'parquet' && type === 'dataset') return parquetList(hub, repo, rest);
  return notFound();
}

/** Files, and git's own addresses: `/{id}/resolve/...`, `/{id}.git/info/lfs/objects/...`. */
async function fileAnswer(asked: Asked, hub: Hub): Promise<Answer> {
  const isDataset = asked.segments[0] === 'datasets';
  const { id, word, rest } = splitId(asked.segments.slice(isDataset ? 1 : 0));
  const repo = findRepo(asked, hub, isDataset ? 'dataset' : 'model', id.replace(/\.git$/, ''));
  if (isAnswer(repo)) return repo;
  if (word === 'resolve' && (asked.method === 'GET' || asked.method === 'HEAD')) return resolveFile(asked, hub, repo, splitRevision(rest));
  if (word === 'info' && asked.method === 'POST' && rest[0] === 'lfs') {
    if (rest[2] === 'batch') return lfsBatch(asked, hub, repo);
    if (rest[2] === 'verify') return lfsVerify(asked, hub, repo);
  }
  return notFound();
}

function whoAmI(asked: Asked, hub: Hub): Answer {
  const rights = rightsOf(asked, hub);
  if (rights === undefined) return refusal(401, undefined, 'Invalid username or password.');
  return json({
    type: 'user',
    id: '000000000000000000000000',
    name: rights.user,
    fullname: rights.user,
    isPro: false,
    orgs: [],
    auth: { type: 'access_token', accessToken: { displayName: 'double', role: rights.canWrite ? 'write' : 'read' } },
  });
}

export async function cdnAnswer(asked: Asked, hub: Hub): Promise<Answer> {
  if (asked.segments[0] === 'uploads' && asked.method === 'PUT') return upload(asked, hub);
  if (asked.segments[0] === 'repos') return storedObject(asked, hub);
  return storageRefusal(404, 'NoSuchKey', 'The specified key does not exist.');
}
