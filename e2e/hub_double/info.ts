// What the hub says of a repository: its facts, its files as a tree, and lists of repositories. Not here: files' bytes. Invariant: what the hub works out from the
// files (config, safetensors, library) is worked out here as well, unless the repository's facts say otherwise.

import { createHash } from 'node:crypto';
import { canRead, refusal, rightsOf } from './access.ts';
import { type StoredFile, wholeFile } from './files.ts';
import type { Asked, Hub } from './hub.ts';
import type { Commit, DoubleRepo, RepoType } from './repos.ts';
import { noRevision } from './resolve.ts';
import { type Answer, json } from './sending.ts';

const text = (file: StoredFile): string => new TextDecoder().decode(wholeFile(file));

function parsed(file: StoredFile | undefined): Readonly<Record<string, unknown>> | undefined {
  if (file === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text(file));
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

/** The head of a safetensors file; undefined where it is none. */
function tensorsOf(file: StoredFile): { dtype: string; shape: number[] }[] | undefined {
  if (file.size < 8) return undefined;
  const length = Number(new DataView(Uint8Array.from(file.read(0, 8)).buffer).getBigUint64(0, true));
  if (8 + length > file.size || length > 1 << 25) return undefined;
  const head = parsed({ ...sizedPart(file, 8, 8 + length) });
  return Object.entries(head ?? {}).flatMap(([name, value]) => {
    if (name === '__metadata__' || typeof value !== 'object' || value === null) return [];
    const { dtype, shape } = Object.fromEntries(Object.entries(value));
    return typeof dtype === 'string' && Array.isArray(shape) ? [{ dtype, shape: shape.map(Number) }] : [];
  });
}

const sizedPart = (file: StoredFile, begin: number, end: number): StoredFile => ({
  path: file.path,
  size: end - begin,
  oid: '',
  read: (from, to) => file.read(begin + from, begin + to),
});

function parameters({ files }: Commit): { parameters: Record<string, number>; total: number } | undefined {
  const found = [...files.values()].filter(({ path }) => /^[^/]*\.safetensors$/.test(path)).flatMap((file) => tensorsOf(file) ?? []);
  if (found.length === 0) return undefined;
  const counts: Record<string, number> = {};
  for (const { dtype, shape } of found) counts[dtype] = (counts[dtype] ?? 0) + shape.reduce((product, size) => product * size, 1);
  return { parameters: counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
}

const lfsOf = ({ lfs, size }: StoredFile) => lfs && { oid: lfs.sha256, size, pointerSize: lfs.pointerSize };

/** All that there is to say; which of it is said depends on the question. */
function facts(repo: DoubleRepo, commit: Commit) {
  const { facts: said } = repo;
  const config = said.config ?? parsed(commit.files.get('config.json'));
  const library =
    said.library_name ??
    (commit.files.has('adapter_config.json') ? 'peft' : config === undefined || repo.type === 'dataset' ? undefined : 'transformers');
  const { model_type, architectures } = config ?? {};
  const has = (kind: RegExp) => [...commit.files.keys()].some((path) => kind.test(path));
  const tags = [
    ...(library === undefined ? [] : [library]),
    ...(has(/^pytorch_model.*\.bin$/) ? ['pytorch'] : []),
    ...(has(/\.safetensors$/) ? ['safetensors'] : []),
    ...(typeof model_type === 'string' ? [model_type] : []),
    ...(said.pipeline_tag === undefined ? [] : [said.pipeline_tag]),
    ...(said.tags ?? []),
    ...(said.license === undefined ? [] : [`license:${said.license}`]),
    'region:us',
  ];
  const cardData = { ...(said.license === undefined ? {} : { license: said.license }), ...said.cardData };
  return {
    _id: createHash('sha1').update(`${repo.type}:${repo.id}`).digest('hex').slice(0, 24),
    id: repo.id,
    ...(repo.type === 'model' ? { modelId: repo.id } : {}),
    author: repo.id.includes('/') ? repo.id.split('/')[0] : undefined,
    sha: commit.oid,
    lastModified: commit.date,
    createdAt: '2026-01-01T00:00:00.000Z',
    private: said.private ?? false,
    gated: said.gated ?? false,
    disabled: false,
    downloads: said.downloads ?? 0,
    likes: said.likes ?? 0,
    tags: [...new Set(tags)],
    pipeline_tag: said.pipeline_tag,
    library_name: library,
    cardData: Object.keys(cardData).length === 0 ? undefined : cardData,
    ...(repo.viewer?.description === undefined ? {} : { description: repo.viewer.description }),
    ...(repo.viewer?.citation === undefined ? {} : { citation: repo.viewer.citation }),
    ...(repo.type === 'model' && config !== undefined ? { config: { architectures, model_type } } : {}),
    get safetensors() {
      return repo.type === 'model' ? parameters(commit) : undefined;
    },
    get siblings() {
      return [...commit.files.keys()].map((rfilename) => ({ rfilename }));
    },
    get usedStorage() {
      return [...commit.files.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}

type Facts = ReturnType<typeof facts>;
/** Some of it. What is read from the files is read only where it is asked for. */
const pick = (all: Facts, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in all).map((name) => [name, Reflect.get(all, name)]));

const ALWAYS = ['_id', 'id'];

export function repoInfo(asked: Asked, repo: DoubleRepo, revision: string): Answer {
  const commit = repo.at(revision);
  if (commit === undefined) return noRevision(revision);
  const all = facts(repo, commit);
  const expand = asked.query.getAll('expand');
  if (expand.length > 0) return json(pick(all, [...ALWAYS, ...(repo.type === 'model' ? ['modelId'] : []), ...expand]));
  if (asked.query.get('blobs') !== 'true') return json(all);
  const siblings = [...commit.files.values()].map((file) => ({
    rfilename: file.path,
    blobId: file.oid,
    size: file.size,
    ...(file.lfs === undefined ? {} : { lfs: { sha256: file.lfs.sha256, size: file.size, pointerSize: file.lfs.pointerSize } }),
  }));
  return json({ ...all, siblings });
}

const onlyFile = (file: StoredFile) => ({ type: 'file', oid: file.oid, size: file.size, lfs: lfsOf(file), path: file.path });

/** Where a list goes on: a `cursor` that holds how many entries are behind it, in an absolute address, as the hub gives it. */
function paged<T>(asked: Asked, hub: Hub, all: readonly T[], size: number): Answer {
  const cursor = asked.query.get('cursor');
  const begin = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64url').toString());
  if (!Number.isInteger(begin)) return refusal(400, undefined, 'Invalid cursor');
  const end = begin + size;
  const query = new URLSearchParams(asked.query);
  query.set('cursor', Buffer.from(String(end)).toString('base64url'));
  const link = `<${hub.endpoint}${asked.url.split('?')[0]}?${query}>; rel="next"`;
  return json(all.slice(begin, end), 200, end < all.length ? { Link: link } : {});
}

export function repoTree(asked: Asked, hub: Hub, repo: DoubleRepo, { revision, path }: { revision: string; path: string }): Answer {
  const commit = repo.at(revision);
  if (commit === undefined) return noRevision(revision);
  const under = path === '' ? '' : `${path}/`;
  const inside = [...commit.files.values()].filter((file) => file.path.startsWith(under));
  if (inside.length === 0 && path !== '') return refusal(404, 'EntryNotFound', `${path} does not exist on "${revision}"`);
  const recursive = /^(?:true|1)$/i.test(asked.query.get('recursive') ?? '');
  const expand = /^(?:true|1)$/i.test(asked.query.get('expand') ?? '');
  const folders = new Set(inside.flatMap((file) => foldersOf(file.path.slice(under.length)).map((folder) => under + folder)));
  const entries = [
    ...[...folders].map((folder) => ({
      type: 'directory',
      oid: createHash('sha1').update(`${commit.oid}:${folder}`).digest('hex'),
      size: 0,
      path: folder,
    })),
    ...inside.map(onlyFile),
  ].filter((entry) => recursive || !entry.path.slice(under.length).includes('/'));
  const lastCommit = { id: commit.oid, title: commit.title, date: commit.date };
  const shown = entries.sort((a, b) => (a.path < b.path ? -1 : 1)).map((entry) => (expand ? { ...entry, lastCommit } : entry));
  const size = Math.min(hub.settings.pageSize, Number(asked.query.get('limit') ?? hub.settings.pageSize));
  const answer = paged(asked, hub, shown, size);
  return { ...answer, headers: { ...answer.headers, 'X-Repo-Commit': commit.oid } };
}

const foldersOf = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
};

/** `POST paths-info`: the entries of some paths; those that are not there are left out. */
export async function pathsInfo(asked: Asked, repo: DoubleRepo, revision: string): Promise<Answer> {
  const commit = repo.at(revision);
  if (commit === undefined) return noRevision(revision);
  const body = (await asked.body()).toString();
  const form = String(asked.headers['content-type'] ?? '').includes('json') ? undefined : new URLSearchParams(body);
  const paths: unknown = form?.getAll('paths') ?? JSON.parse(body).paths;
  if (!Array.isArray(paths)) return refusal(400, undefined, '"paths" must be a list');
  return json(
    paths.flatMap((path) => {
      const file = commit.files.get(String(path));
      if (file !== undefined) return [onlyFile(file)];
      const isFolder = [...commit.files.keys()].some((each) => each.startsWith(`${path}/`));
      return isFolder ? [{ type: 'directory', oid: createHash('sha1').update(`${commit.oid}:${path}`).digest('hex'), size: 0, path }] : [];
    }),
  );
}

export function repoRefs(repo: DoubleRepo): Answer {
  const { branches, tags } = repo.refs();
  const list = (refs: ReadonlyMap<string, string>, kind: string, prefix: string) =>
    [...refs].flatMap(([name, targetCommit]) => {
      const short = name.startsWith(prefix) ? name.slice(prefix.length) : name;
      return name.startsWith('refs/') && !name.startsWith(prefix) ? [] : [{ name: short, ref: `${kind}${short}`, targetCommit }];
    });
  const plain = new Map([...branches].filter(([name]) => !name.startsWith('refs/')));
  const converts = new Map([...branches].filter(([name]) => name.startsWith('refs/convert/')));
  return json({
    tags: list(tags, 'refs/tags/', ''),
    branches: list(plain, 'refs/heads/', ''),
    converts: list(converts, 'refs/convert/', 'refs/convert/'),
  });
}

const SHORT = [
  'modelId',
  'author',
  'likes',
  'private',
  'gated',
  'downloads',
  'tags',
  'pipeline_tag',
  'library_name',
  'createdAt',
  'disabled',
];
const FULL = [...SHORT, 'sha', 'lastModified', 'siblings'];
const DATASETS = ['sha', 'lastModified', 'cardData', 'description', 'citation'];

/** `/api/models?search=...`: what is readable and fits, the most downloaded first unless `sort` says otherwise. */
export function listRepos(asked: Asked, hub: Hub, type: RepoType): Answer {
  const { query } = asked;
  const rights = rightsOf(asked, hub);
  const search = query.get('search')?.toLowerCase() ?? '';
  const author = query.get('author');
  const wanted = [...query.getAll('filter').flatMap((each) => each.split(',')), ...query.getAll('pipeline_tag')].filter(
    (tag) => tag !== '',
  );
  const found = [...hub.repos.values()].flatMap((repo) => {
    const commit = repo.at('main');
    if (repo.type !== type || commit === undefined || (repo.facts.private === true && !canRead(rights, repo.id))) return [];
    const all = facts(repo, commit);
    const fits =
      repo.id.toLowerCase().includes(search) && (author === null || all.author === author) && wanted.every((tag) => all.tags.includes(tag));
    return fits ? [all] : [];
  });
  const sort = query.get('sort') ?? 'trendingScore';
  const key = (all: Facts): number =>
    sort === 'likes' ? all.likes : sort === 'lastModified' || sort === 'createdAt' ? Date.parse(all[sort]) : all.downloads;
  found.sort((a, b) => key(b) - key(a) || (a.id < b.id ? -1 : 1));
  const expand = query.getAll('expand');
  const names =
    expand.length > 0
      ? expand
      : [
          ...(query.get('full') === 'true' || query.get('full') === 'True' ? FULL : SHORT),
          ...(type === 'dataset' ? DATASETS : []),
          ...(/^true$/i.test(query.get('config') ?? '') ? ['config'] : []),
          ...(/^true$/i.test(query.get('cardData') ?? '') ? ['cardData'] : []),
        ];
  const limit = Number(query.get('limit') ?? 1000);
  const size = Math.max(1, Math.min(hub.settings.pageSize, limit));
  return paged(
    asked,
    hub,
    found.map((all) => pick(all, [...ALWAYS, ...names])),
    size,
  );
}
