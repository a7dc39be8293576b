// An adapter's files into a repository of the hub, as one commit. The commit's protocol is @huggingface/hub's, loaded when there is something to send; what is
// sent, with which token, and what refusals mean is decided here. Invariant: a push counts as done only once the hub lists every file with the hash it has here.

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Rest } from '../../src/hub/attempts.ts';
import type { HubClient } from '../../src/hub/client.ts';
import { defaultRevision, type HubFile, parseRepo, type RepoRef, shownRepo } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { isOfAdapter, type PushFile } from './push_files.ts';
import { noToken, notYours, readToken, refusedPush } from './push_refusals.ts';

/** A repository that may be written to, as it stands; without a commit it is to be made. */
export interface PushTarget extends RepoRef {
  readonly visibility: 'public' | 'private';
  readonly commit: string | undefined;
}

export interface PushPlan {
  readonly target: PushTarget;
  /** New files and changed ones. */
  readonly sent: readonly PushFile[];
  /** Of an adapter that was there before and that this one has none of. */
  readonly removed: readonly string[];
  /** Files that are there as they are here. */
  readonly same: number;
  /** Files of others, which stay. */
  readonly others: number;
}

export interface Pushed {
  /** The page of the repository, at its branch. */
  readonly url: string;
  readonly commit: string;
}

export interface PushHearing {
  onRest?(rest: Rest): void;
  onProgress?(done: number, of: number, state: 'hashing' | 'uploading' | 'committing'): void;
}

const account = v.object({
  name: v.string(),
  orgs: v.optional(v.array(v.looseObject({ name: v.string() })), []),
  auth: v.optional(v.looseObject({ accessToken: v.optional(v.looseObject({ role: v.optional(v.string()) })) })),
});

const hasCode = (thrown: unknown, ...codes: readonly string[]): boolean => thrown instanceof RetraceError && codes.includes(thrown.code);
const apiOf = ({ endpoint }: HubClient, { id }: RepoRef): string => `${endpoint}/api/models/${id}`;
const asJson = (value: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** Where a person means to push to: `org/name`, `org/name@branch`. Error: `bad-repo-id`. */
export function pushRepo(argument: string, branch?: string): RepoRef {
  const repo = parseRepo('model', argument);
  if (!repo.id.includes('/')) {
    throw new RetraceError({
      code: 'bad-repo-id',
      message: `'${argument}' does not say whose repository it is.`,
      where: argument,
      remedy: `Write org/${repo.id}, where org is your name on the hub or an organisation that you belong to.`,
    });
  }
  return branch === undefined ? repo : parseRepo('model', `${repo.id}@${branch}`);
}

/**
 * Whether this token may push there, before anything is trained or sent; changes nothing. `visibility`: of a repository that is not there yet.
 * Errors: `push-*`, `hub-*`.
 */
export async function pushTarget(client: HubClient, repo: RepoRef, visibility: 'public' | 'private' | undefined): Promise<PushTarget> {
  if (!client.hasToken && !client.isOffline) throw noToken(client.endpoint);
  const { name, orgs, auth } = await client
    .api('whoami-v2', account, 'the account of this token', { refused: refusedPush(repo.id, client.endpoint) })
    .catch(offlineOr);
  if (auth?.accessToken?.role === 'read') throw readToken(client.endpoint);
  const info = await client.info(repo).catch((thrown: unknown) => {
    if (!hasCode(thrown, 'hub-not-found')) throw thrown;
  });
  if (info === undefined) {
    const names = [name, ...orgs.map((org) => org.name)];
    if (!names.includes(repo.id.split('/')[0] ?? '')) throw notYours(repo.id, names);
    if (repo.revision !== defaultRevision) {
      throw new RetraceError({
        code: 'push-no-branch',
        message: `There is no ${repo.id}, so it has no branch '${repo.revision}' either.`,
        where: repo.id,
        remedy: `Push to ${repo.id} first, without a revision.`,
      });
    }
    return { ...repo, visibility: visibility ?? 'public', commit: undefined };
  }
  const there = { ...repo, id: info.id };
  const probe = { files: [{ path: 'README.md', size: 1, sample: 'Lg==' }] };
  await client.send(`${apiOf(client, there)}/preupload/${encodeURIComponent(there.revision)}`, there.id, asJson(probe), {
    refused: refusedPush(there.id, client.endpoint),
  });
  const isPrivate = info.private === true;
  if (visibility === 'private' && !isPrivate) {
    throw new RetraceError({
      code: 'push-public',
      message: `${there.id} is public, and --private was asked for.`,
      where: '--private',
      remedy: 'Push to another name, make it private in its settings on the hub, or leave --private out.',
    });
  }
  return { ...there, visibility: isPrivate ? 'private' : 'public', commit: info.sha };
}

function offlineOr(thrown: unknown): never {
  if (!hasCode(thrown, 'hub-offline')) throw thrown;
  throw new RetraceError({
    code: 'push-offline',
    message: 'Nothing can be pushed: the environment says that nothing may be asked of the hub.',
    where: 'HF_HUB_OFFLINE',
    remedy: 'Take HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE out of the environment, or push later with retrace hub push.',
  });
}

async function isThere({ path, blob }: PushFile, listed: ReadonlyMap<string, HubFile>): Promise<boolean> {
  const file = listed.get(path);
  if (file === undefined || file.size !== blob.size) return false;
  // Git's hash of a file has its length before its bytes.
  const hash = file.sha256 === undefined ? createHash('sha1').update(`blob ${blob.size}\0`) : createHash('sha256');
  for await (const piece of blob.stream()) hash.update(piece);
  return hash.digest('hex') === (file.sha256 ?? file.oid);
}

async function listingOf(client: HubClient, repo: RepoRef, commit: string): Promise<ReadonlyMap<string, HubFile>> {
  return new Map((await client.tree(repo, commit)).map((file) => [file.path, file]));
}

/** What is to be sent, beside what is there. Errors: `hub-*`. */
export async function planPush(client: HubClient, target: PushTarget, files: readonly PushFile[]): Promise<PushPlan> {
  const listed = target.commit === undefined ? new Map<string, HubFile>() : await listingOf(client, target, target.commit);
  const here = await Promise.all(files.map((file) => isThere(file, listed)));
  const named = new Set(files.map(({ path }) => path));
  const beside = [...listed.keys()].filter((path) => !named.has(path));
  // Two tensor files of two exports in one folder are an adapter that nobody can read.
  const removed = listed.has('adapter_config.json') ? beside.filter(isOfAdapter) : [];
  return {
    target,
    sent: files.filter((_, i) => !here[i]),
    removed,
    same: here.filter(Boolean).length,
    others: beside.length - removed.length,
  };
}

/** Makes the repository where there is none. Errors: `push-*`, `hub-*`. */
async function made(client: HubClient, target: PushTarget): Promise<PushTarget> {
  if (target.commit !== undefined) return target;
  const [organization, name] = target.id.split('/');
  const { visibility } = target;
  const asked = { type: 'model', name, organization, visibility, private: visibility === 'private' };
  const refused = refusedPush(target.id, client.endpoint);
  await client.send(`${client.endpoint}/api/repos/create`, target.id, asJson(asked), { refused }).catch((thrown: unknown) => {
    // A first attempt whose answer was lost has made it.
    if (!hasCode(thrown, 'push-in-the-way')) throw thrown;
  });
  return { ...target, commit: (await client.info(target)).sha };
}

/** Sends what is to be sent; where that is nothing, there is no commit. Errors: `push-*`, `hub-*`. */
export async function push(
  client: HubClient,
  plan: PushPlan,
  files: readonly PushFile[],
  message: string,
  hearing: PushHearing = {},
): Promise<Pushed> {
  const target = await made(client, plan.target);
  const commit =
    plan.sent.length + plan.removed.length === 0
      ? (target.commit ?? '')
      : await committed(client, { ...plan, target }, message, hearing).catch((thrown: unknown) => asCommitted(client, plan, files, thrown));
  const listed = await listingOf(client, target, commit);
  for (const file of files) {
    if (await isThere(file, listed)) continue;
    throw new RetraceError({
      code: 'push-differs',
      message: `The hub lists ${file.path} of ${target.id} otherwise than it is here, at commit ${commit}.`,
      where: `${client.endpoint}/${target.id}`,
      remedy: 'Push again. If it stays so, report it with this commit.',
    });
  }
  const page = `${client.endpoint}/${target.id}`;
  return { commit, url: target.revision === defaultRevision ? page : `${page}/tree/${encodeURIComponent(target.revision)}` };
}

/** An answer may be lost once the commit is made: then the attempt after it finds the branch moved, by this very commit. */
async function asCommitted(client: HubClient, plan: PushPlan, files: readonly PushFile[], thrown: unknown): Promise<string> {
  if (!hasCode(thrown, 'push-outdated')) throw thrown;
  const { sha: commit } = await client.info(plan.target);
  if (commit === undefined) throw thrown;
  const now = await planPush(client, { ...plan.target, commit }, files);
  if (now.sent.length + now.removed.length > 0) throw thrown;
  return commit;
}

async function committed(
  client: HubClient,
  { target, sent, removed }: PushPlan,
  message: string,
  { onRest, onProgress }: PushHearing,
): Promise<string> {
  const { commitIter } = await import('@huggingface/hub');
  const refused = refusedPush(target.id, client.endpoint);
  const progress = new Map<string, number>();
  const of = sent.reduce((sum, { blob }) => sum + blob.size, 0);
  const sending = commitIter({
    repo: { type: 'model', name: target.id },
    branch: target.revision,
    ...(target.commit === undefined ? {} : { parentCommit: target.commit }),
    title: message,
    hubUrl: client.endpoint,
    // Its other way keeps the file in pieces on another server, and needs WebAssembly; every repository takes this one.
    useXet: false,
    operations: [
      ...sent.map(({ path, blob }) => ({ operation: 'addOrUpdate' as const, path, content: blob })),
      ...removed.map((path) => ({ operation: 'delete' as const, path })),
    ],
    // The library is given no token: requests get it here, where they go to the endpoint.
    fetch: (url, init = {}) =>
      client.send(String(url), shownRepo(target), init, {
        ...{ refused, ...(init.signal ? { signal: init.signal } : {}), ...(onRest ? { onRest } : {}) },
      }),
  });
  for (;;) {
    const { value, done } = await sending.next().catch((thrown: unknown) => asReport(thrown, target));
    if (done === true) return v.parse(v.object({ commit: v.object({ oid: v.string() }) }), value).commit.oid;
    if (value.event === 'phase' && value.phase === 'committing') onProgress?.(of, of, 'committing');
    if (value.event !== 'fileProgress' || value.state === 'error') continue;
    const size = sent.find(({ path }) => path === value.path)?.blob.size ?? 0;
    if (value.state === 'uploading') progress.set(value.path, value.progress * size);
    onProgress?.(
      [...progress.values()].reduce((sum, bytes) => sum + bytes, 0),
      of,
      value.state,
    );
  }
}

/** What the library itself finds wrong with an answer, in our form. */
function asReport(thrown: unknown, { id }: RepoRef): never {
  if (thrown instanceof RetraceError) throw thrown;
  throw new RetraceError({
    code: 'push-failed',
    message: `The push to ${id} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    where: id,
    remedy: 'Push again: what was uploaded is not uploaded twice.',
  });
}
