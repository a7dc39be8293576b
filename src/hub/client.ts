// What the hub is asked: facts of a repository, its files, searches, and ranges of a file. Addresses and shapes as its API documents them; mirrors
// are asked the same. Keeps nothing (hub.ts, store.ts). Invariant: the token goes to the endpoint that it was given for and to no other host.

import * as v from 'valibot';
import { RetraceError } from '../protocol/errors.ts';
import { type Answer, ask, type Refused } from './answer.ts';
import { attempted, type Patience } from './attempts.ts';
import type { FetchFile } from './http_source.ts';
import { type HubFile, isCommit, type RepoId, type RepoRef, type Snapshot, shownRepo } from './repo.ts';

export const officialEndpoint = 'https://huggingface.co';
export const officialDatasetsServer = 'https://datasets-server.huggingface.co';

export interface ClientOptions {
  /** Without a slash at its end; a mirror may lie under a path. */
  readonly endpoint?: string | undefined;
  readonly datasetsServer?: string | undefined;
  readonly token?: string | undefined;
  readonly fetch?: FetchFile | undefined;
  /** Why nothing may be asked, in a sentence; left out: it may. */
  readonly offline?: string | undefined;
  readonly stallMs?: number | undefined;
}

/** Kept by everyone who asks and wants to hear of rests, to stop, or to say in words of their own what a status means. */
export type Waiting = Pick<Patience, 'signal' | 'onRest'> & { readonly refused?: Refused };

const text = v.optional(v.nullable(v.string()));
const number = v.optional(v.nullable(v.number()));
const repoInfo = v.object({
  id: v.string(),
  sha: v.optional(v.string()),
  gated: v.optional(v.union([v.boolean(), v.string()])),
  private: v.optional(v.boolean()),
  tags: v.optional(v.array(v.string())),
  pipeline_tag: text,
  library_name: text,
  citation: text,
  downloads: number,
  likes: number,
  config: v.optional(v.nullable(v.looseObject({ model_type: v.optional(v.unknown()), architectures: v.optional(v.unknown()) }))),
  cardData: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  safetensors: v.optional(v.nullable(v.looseObject({ total: number }))),
  siblings: v.optional(v.array(v.looseObject({ rfilename: v.string() }))),
});
/** What the hub says of a repository; all but its id may be missing. */
export type RepoInfo = v.InferOutput<typeof repoInfo>;

const treeEntry = v.object({
  type: v.string(),
  path: v.string(),
  size: v.optional(v.number(), 0),
  oid: v.optional(v.string(), ''),
  lfs: v.optional(v.nullable(v.object({ oid: v.string(), size: v.number() }))),
});

/** More than any repository that is of use here; a listing that goes on for ever ends. */
const MOST_FILES = 100_000;
const MOST_JSON_BYTES = 64 * 2 ** 20;
/** Nothing is heard of an upload before its end: 20 kB a second is the slowest that is waited for. */
const SLOWEST_BYTES_PER_MS = 20;

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** An endpoint as people give it, without what follows its path. Error: `bad-endpoint`. */
export function parseEndpoint(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const local = url !== undefined && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (
    url !== undefined &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && local)) &&
    url.username === '' &&
    url.search === '' &&
    url.hash === ''
  )
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  throw new RetraceError({
    code: 'bad-endpoint',
    message: `'${given}' can't be the address of a hub.`,
    where: given,
    remedy:
      'Give an address that begins with https:// (http:// on this machine alone), without a name, a query or a fragment: https://huggingface.co.',
  });
}

/** The licence that a repository names: in its card, else among its tags. */
export const licenceOf = ({ cardData, tags }: Pick<RepoInfo, 'cardData' | 'tags'>): string | undefined => {
  const said = cardData?.license;
  const [first] = Array.isArray(said) ? said : [said];
  return typeof first === 'string' ? first : tags?.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
};

export class HubClient {
  readonly endpoint: string;
  readonly datasetsServer: string;
  readonly hasToken: boolean;
  readonly isOffline: boolean;
  readonly #token: string | undefined;
  readonly #fetch: FetchFile;
  readonly #offline: string | undefined;
  readonly #stallMs: number;

  /** Error: `bad-endpoint`. */
  constructor({ endpoint, datasetsServer, token, fetch, offline, stallMs = 30_000 }: ClientOptions = {}) {
    this.endpoint = parseEndpoint(endpoint ?? officialEndpoint);
    this.datasetsServer = parseEndpoint(datasetsServer ?? officialDatasetsServer);
    this.#token = token?.trim() || undefined;
    this.hasToken = this.#token !== undefined;
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.#offline = offline;
    this.isOffline = offline !== undefined;
    this.#stallMs = stallMs;
  }

  /** The token where it belongs: to the endpoint, and to the server of data sets where both are the hub's own or the same host. */
  #tokenFor(url: string): string | undefined {
    const within = (base: string): boolean => url === base || url.startsWith(`${base}/`);
    const official = this.endpoint === officialEndpoint && within(officialDatasetsServer);
    return within(this.endpoint) || official || new URL(url).origin === new URL(this.endpoint).origin ? this.#token : undefined;
  }

  /** One request, not tried again. Errors: `hub-*`. */
  ask(url: string, what: string, init: RequestInit = {}, signal?: AbortSignal, refused?: Refused): Promise<Answer> {
    if (this.#offline !== undefined) {
      throw new RetraceError({
        code: 'hub-offline',
        message: `${what} is not kept here, and ${this.#offline}.`,
        where: url,
        remedy: 'Allow requests to the hub, or choose a model that is kept.',
      });
    }
    const sent = init.body instanceof Blob ? init.body.size : 0;
    const stallMs = this.#stallMs + sent / SLOWEST_BYTES_PER_MS;
    return ask(url, { fetch: this.#fetch, signal, token: this.#tokenFor(url), what, stallMs, refused }, init);
  }

  /** A request that writes, sent again where it did not get through, with its answer read whole. Errors: `hub-*`, and those of `refused`. */
  send(url: string, what: string, init: RequestInit, waiting: Waiting = {}): Promise<Response> {
    return attempted(async () => {
      const answer = await this.ask(url, what, init, waiting.signal, waiting.refused);
      const { status, headers } = answer.response;
      return new Response((await bodyText(answer, url, what)) || null, { status, headers });
    }, waiting);
  }

  /** A JSON answer of this shape, asked for again where it does not come. Errors: `hub-*`. */
  async json<S extends v.GenericSchema>(
    url: string,
    schema: S,
    what: string,
    waiting: Waiting = {},
  ): Promise<{ readonly value: v.InferOutput<S>; readonly headers: Headers }> {
    return attempted(async () => {
      const answer = await this.ask(url, what, { headers: { Accept: 'application/json' } }, waiting.signal, waiting.refused);
      const { headers } = answer.response;
      const value: unknown = parsed(await bodyText(answer, url, what), headers, url, what);
      const result = v.safeParse(schema, value);
      if (result.success) return { value: result.output, headers };
      const [issue] = result.issues;
      throw new RetraceError({
        code: 'hub-answer',
        message: `${new URL(url).host} answered for ${what} in another form than the hub does: ${v.getDotPath(issue) ?? 'top'}: ${issue.message}.`,
        where: url,
        remedy: 'Check that this address is a hub or a mirror of one.',
      });
    }, waiting);
  }

  /** Below the endpoint's `/api`: `api('datasets/nyu-mll/glue')`. */
  api<S extends v.GenericSchema>(path: string, schema: S, what: string, waiting?: Waiting): Promise<v.InferOutput<S>> {
    return this.json(`${this.endpoint}/api/${path}`, schema, what, waiting).then(({ value }) => value);
  }

  /** Of the server of data sets: `datasets('splits?dataset=nyu-mll%2Fglue')`. */
  datasets<S extends v.GenericSchema>(path: string, schema: S, what: string, waiting?: Waiting): Promise<v.InferOutput<S>> {
    return this.json(`${this.datasetsServer}/${path}`, schema, what, waiting).then(({ value }) => value);
  }

  /** What the hub says of a repository at a revision; `sha` is the commit. */
  info({ type, id, revision }: RepoRef, waiting?: Waiting): Promise<RepoInfo> {
    return this.api(`${type}s/${id}/revision/${encodeURIComponent(revision)}`, repoInfo, shownRepo({ type, id, revision }), waiting);
  }

  /** Models whose names hold the words, those that were fetched most first. */
  async search(words: string, { limit = 30, ...waiting }: Waiting & { readonly limit?: number } = {}): Promise<RepoInfo[]> {
    const query = new URLSearchParams({
      search: words,
      sort: 'downloads',
      direction: '-1',
      limit: String(limit),
      full: 'true',
      config: 'true',
    });
    return this.api(`models?${query}`, v.array(repoInfo), 'this search', waiting);
  }

  /** All files of a commit. */
  async tree(repo: RepoId, commit: string, waiting?: Waiting): Promise<HubFile[]> {
    const files: HubFile[] = [];
    let url: string | undefined = `${this.endpoint}/api/${repo.type}s/${repo.id}/tree/${encodeURIComponent(commit)}?recursive=true`;
    while (url !== undefined && files.length < MOST_FILES) {
      const { value, headers } = await this.json(url, v.array(treeEntry), `${repo.id} (its list of files)`, waiting);
      for (const { type, path, size, oid, lfs } of value)
        if (type === 'file')
          files.push({ path, size: lfs?.size ?? size, oid, ...(lfs ? { sha256: lfs.oid.replace(/^sha256:/, '') } : {}) });
      url = this.#nextPage(headers, url);
    }
    for (const { path, size, sha256 } of files) {
      const sound = path !== '' && !path.split('/').some((each) => ['', '.', '..'].includes(each)) && !/[\\\0]/.test(path);
      if (sound && Number.isSafeInteger(size) && size >= 0 && (sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256))) continue;
      throw new RetraceError({
        code: 'hub-answer',
        message: `The list of files of ${repo.id} has one that can't be: ${JSON.stringify(path.slice(0, 100))}, ${size} bytes.`,
        where: this.endpoint,
        remedy: 'Check that this address is a hub or a mirror of one.',
      });
    }
    return files;
  }

  /** `Link: <...>; rel="next"`, below the endpoint that is asked: a mirror may repeat the addresses of the hub that it mirrors. */
  #nextPage(headers: Headers, url: string): string | undefined {
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.get('Link') ?? '')?.[1];
    if (next === undefined) return undefined;
    const { search } = new URL(next, url);
    return `${url.split('?')[0]}${search}`;
  }

  /** A revision as it stands: its commit and the files of that very commit. */
  async snapshot(repo: RepoRef, waiting?: Waiting): Promise<{ readonly snapshot: Snapshot; readonly info: RepoInfo }> {
    const info = await this.info(repo, waiting);
    const commit = info.sha ?? '';
    if (!isCommit(commit)) {
      throw new RetraceError({
        code: 'hub-answer',
        message: `${new URL(this.endpoint).host} does not say which commit ${shownRepo(repo)} is.`,
        where: this.endpoint,
        remedy: 'Check that this address is a hub or a mirror of one.',
      });
    }
    return { snapshot: { commit, files: await this.tree(repo, commit, waiting) }, info };
  }

  fileUrl({ type, id }: RepoId, commit: string, path: string): string {
    return `${this.endpoint}/${type === 'dataset' ? 'datasets/' : ''}${id}/resolve/${encodeURIComponent(commit)}/${encoded(path)}`;
  }
}

async function bodyText(answer: Answer, url: string, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let [all, bytes] = ['', 0];
  for await (const chunk of answer.chunks()) {
    bytes += chunk.length;
    if (bytes > MOST_JSON_BYTES) {
      throw new RetraceError({
        code: 'hub-answer',
        message: `The answer for ${what} has more than ${MOST_JSON_BYTES} bytes.`,
        where: url,
        remedy: 'Check that this address is a hub or a mirror of one.',
      });
    }
    all += decoder.decode(chunk, { stream: true });
  }
  return all + decoder.decode();
}

/** What a wireless network's page of terms looks like from here. */
export const pageInstead = (url: string, what: string): RetraceError =>
  new RetraceError({
    code: 'hub-page',
    message: `${new URL(url).host} answered with a web page for ${what}.`,
    where: url,
    remedy: 'The network may want you to sign in first: open any page in the browser and see. Else check the address of the hub.',
  });

function parsed(body: string, headers: Headers, url: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    if (headers.get('Content-Type')?.startsWith('text/html') || /^\s*</.test(body)) throw pageInstead(url, what);
    throw new RetraceError({
      code: 'hub-answer',
      message: `${new URL(url).host} answered for ${what} with something that is no JSON (${body.length} characters).`,
      where: url,
      remedy: 'Check that this address is a hub or a mirror of one, then try again.',
    });
  }
}
