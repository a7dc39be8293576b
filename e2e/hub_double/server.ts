// The hub double: a small stand-in for the Hugging Face hub on loopback, for tests in Node, in Chromium and in Python. Three ports, as the hub has three hosts:
// the hub itself, the storage of large files, the datasets-server. Not a copy of the hub: what Retrace and huggingface_hub ask for, as the hub answers it.
// Invariant: it reaches nothing, and every request it got stands in `requests`.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { cdnAnswer, hubAnswer } from './api.ts';
import { datasetsAnswer } from './datasets_server.ts';
import { type FaultRule, Faults, type Host } from './faults.ts';
import type { Asked, Hub, Settings, TokenRights } from './hub.ts';
import { type DoubleRepo, doubleRepo, type RepoSpec, type RepoType } from './repos.ts';
import { type Answer, PORTAL_PAGE, redirect, send } from './sending.ts';

export { classLabel, type DatasetSpec, datasetRepo, feature, listsOfText, parquetOf, picture } from './datasets.ts';
export type { Fault, FaultRule } from './faults.ts';
export { drawnFile, type FileContent, type SparseFile, type StoredFile, sparseFile } from './files.ts';
export type { TokenRights } from './hub.ts';
export { type DoubleRepo, type RepoSpec, type RepoType, repoFromFolder } from './repos.ts';

export interface SeenRequest {
  readonly host: Host;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** 0 where there was no answer. */
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly sent: number;
}

export interface HubDouble {
  /** The value of HF_ENDPOINT. */
  readonly endpoint: string;
  /** Where addresses of large files lead. */
  readonly cdn: string;
  readonly datasetsServer: string;
  readonly requests: readonly SeenRequest[];
  clearRequests(): void;
  repo(id: string, type?: RepoType): DoubleRepo | undefined;
  add(spec: RepoSpec): DoubleRepo;
  /** Stands until it is used up, or until what this gives is called. */
  fault(rule: FaultRule): () => void;
  close(): Promise<void>;
}

export interface HubDoubleOptions extends Partial<Settings> {
  readonly tokens?: Readonly<Record<string, TokenRights>>;
  /** A path under which the hub lies, such as `/hf`. */
  readonly prefix?: string;
  /** The endpoint of another double, to which every request is redirected. */
  readonly mirrorOf?: string;
  /** 307 where it is left out. */
  readonly mirrorStatus?: 301 | 302 | 307 | 308;
  /** Of the first host; the system chooses where it is left out. */
  readonly port?: number;
}

const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash';

/** What browsers of other origins may read. */
function corsHeaders(request: IncomingMessage, host: Host): Record<string, string> {
  const origin = request.headers.origin;
  const shared: Record<string, string> =
    host === 'hub'
      ? { 'Access-Control-Allow-Origin': origin ?? 'https://huggingface.co', Vary: 'Origin', 'Access-Control-Expose-Headers': EXPOSED }
      : { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': host === 'cdn' ? '*' : 'X-Error-Code, X-Revision' };
  if (request.method !== 'OPTIONS') return shared;
  return {
    ...shared,
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Range, If-Range, Content-Type, Accept, X-Request-Id',
    'Access-Control-Max-Age': '86400',
  };
}

function askedOf(request: IncomingMessage, prefix: string): Asked | undefined {
  const whole = request.url ?? '/';
  if (!whole.startsWith(`${prefix}/`)) return undefined;
  const url = whole.slice(prefix.length);
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  return {
    method: request.method ?? 'GET',
    url,
    segments: path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent),
    query: new URLSearchParams(query),
    headers: request.headers,
    token: /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1],
    async body() {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

const listen = (server: Server, port = 0): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The hub double has no port.'));
      else resolve(`http://127.0.0.1:${address.port}`);
    });
  });

export async function startHubDouble(options: HubDoubleOptions = {}): Promise<HubDouble> {
  const { prefix = '', mirrorOf, mirrorStatus = 307 } = options;
  const faults = new Faults();
  const requests: { -readonly [K in keyof SeenRequest]: SeenRequest[K] }[] = [];
  const addresses = { hub: '', cdn: '', datasets: '' };
  const hub: Hub = {
    prefix,
    get endpoint() {
      return addresses.hub + prefix;
    },
    get cdn() {
      return addresses.cdn;
    },
    get datasetsServer() {
      return addresses.datasets;
    },
    tokens: new Map(Object.entries(options.tokens ?? {})),
    repos: new Map(),
    renamed: new Map(),
    objects: new Map(),
    parts: new Map(),
    settings: {
      pageSize: options.pageSize ?? 1000,
      signedForSeconds: options.signedForSeconds ?? 3600,
      resolveCache: options.resolveCache ?? false,
      multipartAbove: options.multipartAbove ?? 5 * 2 ** 30,
      partSize: options.partSize ?? 16 * 2 ** 20,
    },
  };

  const answerOf = async (asked: Asked | undefined, host: Host): Promise<Answer> => {
    if (asked === undefined) return { status: 404, body: 'Not found' };
    if (asked.method === 'OPTIONS') return { status: 204 };
    if (host === 'cdn') return cdnAnswer(asked, hub);
    if (host === 'datasets') return datasetsAnswer(asked, hub);
    return mirrorOf === undefined ? hubAnswer(asked, hub) : redirect(mirrorStatus, mirrorOf + asked.url);
  };

  async function handle(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const seen = { host, method, url, range: headers.range, authorization: headers.authorization, status: 0, sent: 0 };
    requests.push(seen);
    const target = { host, url, method, range: headers.range };
    const early = faults.take(target, 'request');
    if (early?.kind === 'refuse') return void request.socket.destroy();
    const answer: Answer =
      early?.kind === 'status'
        ? { status: early.status, headers: { 'Content-Type': 'text/plain', ...early.headers }, body: early.body ?? '' }
        : early?.kind === 'html'
          ? { status: 200, headers: { 'Content-Type': 'text/html' }, body: PORTAL_PAGE }
          : await answerOf(askedOf(request, host === 'hub' ? prefix : ''), host);
    const stage = method === 'HEAD' ? 'head' : answer.file !== undefined ? 'file' : 'body';
    const late = early === undefined && answer.status < 300 ? faults.take(target, stage) : undefined;
    const shared = { ...corsHeaders(request, host), 'X-Request-Id': `double-${requests.length}` };
    await send(request, response, { ...answer, headers: { ...shared, ...answer.headers } }, late, (bytes, status) => {
      seen.status = status;
      seen.sent += bytes;
    });
  }

  const serverOf = (host: Host): Server =>
    createServer((request, response) => {
      handle(host, request, response).catch((error: unknown) => {
        // A fault of the double itself: it must be seen in the test, and not as an answer of the hub's.
        console.error(`The hub double failed at ${request.method} ${request.url}:`, error);
        response.destroy();
      });
    });
  const servers = [serverOf('hub'), serverOf('cdn'), serverOf('datasets')] as const;
  const [hubAddress, cdnAddress, datasetsAddress] = await Promise.all([
    listen(servers[0], options.port),
    listen(servers[1]),
    listen(servers[2]),
  ]);
  Object.assign(addresses, { hub: hubAddress, cdn: cdnAddress, datasets: datasetsAddress });

  return {
    endpoint: hub.endpoint,
    cdn: hub.cdn,
    datasetsServer: hub.datasetsServer,
    requests,
    clearRequests: () => void requests.splice(0),
    repo: (id, type = 'model') => hub.repos.get(`${type}:${id}`),
    add(spec) {
      const repo = doubleRepo(spec);
      hub.repos.set(`${repo.type}:${repo.id}`, repo);
      if (spec.renamed !== undefined) hub.renamed.set(`${repo.type}:${spec.renamed}`, repo.id);
      return repo;
    },
    fault: (rule) => faults.add(rule),
    async close() {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
}
