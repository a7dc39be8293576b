// The fetch of a model over a network that fails in every way that the hub double knows: it gets there, or says what is wrong, and never takes a damaged file.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawnFile, type Fault, type FaultRule, type HubDouble, sparseFile, startHubDouble } from '../../e2e/hub_double/server.ts';
import type { FetchProgress } from '../protocol/hub.ts';
import { Hub } from './hub.ts';
import type { HubStore } from './store.ts';
import { memoryStore } from './testing.ts';

/** Bytes that no two places share. */
const drawn = (seed: number, size: number) => drawnFile(size, (at) => (at * 31 + (at >> 8) * 17 + seed) & 255);

let double: HubDouble;
const ref = { type: 'model', id: 'org/tiny', revision: 'main' } as const;
const weights = drawn(9, 700);
const files = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{"model":{}}',
  'model.safetensors': weights,
  'other.bin': drawn(1, 5000),
};
const needed = ['config.json', 'model.safetensors', 'tokenizer.json'];
let remove: (() => void)[] = [];

beforeAll(async () => {
  double = await startHubDouble({ tokens: { hf_reader: { user: 'reader', canRead: 'all', canWrite: [] } } });
});
afterAll(() => double.close());
beforeEach(() => {
  for (const one of remove) one();
  remove = [];
  double.add({ id: ref.id, files });
  double.clearRequests();
});

const fault = (fault: Fault, match: FaultRule['match'] = {}, times?: number): void => {
  remove.push(double.fault({ fault, match, ...(times === undefined ? {} : { times }) }));
};
const hubOn = (store: HubStore = memoryStore(), more: object = {}) => new Hub({ store, endpoint: double.endpoint, ...more });
const large = { path: /model\.safetensors/, host: 'cdn' } as const;

async function requireWhole(hub: Hub): Promise<void> {
  const repo = await hub.open(ref);
  for (const path of needed) {
    const source = await hub.store.open(repo, repo.commit, path);
    const bytes = await source?.read(0, source.size);
    const content = files[path as keyof typeof files];
    const expected = typeof content === 'string' ? new TextEncoder().encode(content) : content.read(0, content.size);
    expect(
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex'),
      path,
    ).toBe(createHash('sha256').update(expected).digest('hex'));
  }
}

test('only what a run needs is fetched, its size known before, and then nothing is asked for again', async () => {
  const store = memoryStore();
  const hub = hubOn(store);
  const plan = await hub.fetchPlan(ref);
  expect(plan.files.map(({ path }) => path).sort()).toEqual(needed);
  expect(plan).toMatchObject({ id: ref.id, bytes: 700 + 21 + 12, kept: 0, commit: double.repo(ref.id)?.commit });
  expect(double.requests.every(({ url }) => url.startsWith('/api/'))).toBe(true);
  const told: FetchProgress[] = [];
  expect((await hub.fetch(ref, { onProgress: (progress) => told.push(progress) })).kept).toBe(plan.bytes);
  expect(told.at(-1)).toMatchObject({ state: 'fetched', done: plan.bytes, of: plan.bytes });
  await requireWhole(hub);
  double.clearRequests();
  const later = hubOn(store);
  await later.fetch(ref);
  expect((await later.folder(ref)).name).toBe('org/tiny');
  expect(await later.keptWith(createHash('sha256').update(weights.read(0, 700)).digest('hex'))).toMatchObject({ id: ref.id });
  expect((await later.kept()).repos).toMatchObject([{ id: ref.id, whole: true, bytes: plan.bytes }]);
  expect(double.requests).toEqual([]);
});

test('a header is read by ranges, and a fetch goes on from what it kept', async () => {
  const big = drawn(4, 2_500_000);
  double.add({ id: ref.id, files: { ...files, 'model.safetensors': big } });
  const hub = hubOn();
  const source = await (await hub.folder(ref)).open('model.safetensors');
  expect(await source?.read(8, 20)).toEqual(big.read(8, 20));
  expect(await source?.read(1000, 2000)).toEqual(big.read(1000, 2000));
  const moved = () => double.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0);
  expect(double.requests.filter(({ host }) => host === 'cdn')).toHaveLength(1);
  expect(moved()).toBe(256 * 1024);
  await hub.fetch(ref);
  expect(moved()).toBe(2_500_000);
});

test.each<[string, Fault, FaultRule['match'], number | undefined]>([
  ['cuts at every tenth byte', { kind: 'cut-every', bytes: 10 }, large, undefined],
  ['one cut', { kind: 'cut', after: 123 }, large, 1],
  ['a cut in the listing', { kind: 'cut', after: 20 }, { path: /tree/ }, 1],
  ['ignored ranges', { kind: 'ignore-range' }, {}, undefined],
  ['a slow drip', { kind: 'slow', bytes: 100, everyMs: 2 }, large, undefined],
  ['a stall', { kind: 'stall', after: 300 }, large, 2],
  ['a busy server', { kind: 'status', status: 429, headers: { 'Retry-After': '1' } }, {}, 1],
  ['a busy server that counts', { kind: 'status', status: 429, headers: { RateLimit: '"api";r=0;t=1' } }, { path: /tree/ }, 1],
  ['502 twice', { kind: 'status', status: 502 }, {}, 2],
  ['503 of the storage', { kind: 'status', status: 503 }, large, 2],
  ['a link that ran out', { kind: 'status', status: 403 }, large, 1],
  ['416 once', { kind: 'status', status: 416 }, large, 1],
  ['no answer at first', { kind: 'refuse' }, {}, 2],
  ['a wrong length once', { kind: 'wrong-length', by: -7 }, large, 1],
  ['other bytes once', { kind: 'wrong-bytes' }, large, 1],
])('it gets there through %s', async (_, kind, match, times) => {
  fault(kind, match, times);
  const hub = hubOn(memoryStore(), kind.kind === 'stall' ? { stallMs: 300 } : {});
  await hub.fetch(ref);
  await requireWhole(hub);
});

test.each<[string, Fault, FaultRule['match'], string, RegExp]>([
  ['401', { kind: 'status', status: 401 }, {}, 'hub-private', /org\/tiny/],
  ['403', { kind: 'status', status: 403 }, { host: 'hub' }, 'hub-private', /status 403/],
  ['404', { kind: 'status', status: 404 }, { host: 'hub' }, 'hub-not-found', /There is no org\/tiny/],
  ['other bytes always', { kind: 'wrong-bytes' }, large, 'hub-damaged', /model\.safetensors\) came with other bytes/],
  ['a page of terms', { kind: 'html' }, {}, 'hub-page', /web page for org\/tiny/],
  ['a page of terms instead of the weights', { kind: 'html' }, large, 'hub-page', /model\.safetensors/],
  ['a wrong length always', { kind: 'wrong-length', by: -7 }, large, 'hub-changed', /bytes there, 700 were listed.*tried 3 times/],
  ['416 always', { kind: 'status', status: 416 }, large, 'hub-changed', /shorter/],
  ['503 always', { kind: 'status', status: 503 }, {}, 'hub-down', /could not answer \(status 503\).*tried 4 times/],
  ['a pause of an hour', { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } }, {}, 'hub-busy', /asks for a pause/],
])('%s is an error that says so, and nothing damaged is kept', async (_, kind, match, code, says) => {
  fault(kind, match);
  const hub = hubOn();
  const fetching = hub.fetch(ref);
  await expect(fetching).rejects.toMatchObject({ code, remedy: expect.stringMatching(/\w{5}/) });
  await expect(fetching).rejects.toThrow(says);
  for (const one of remove) one();
  await hub.fetch(ref);
  await requireWhole(hub);
});

test('a fetch that is stopped keeps what came, and goes on from there', async () => {
  const big = drawn(5, 2_000_000);
  double.add({ id: ref.id, files: { ...files, 'model.safetensors': big } });
  fault({ kind: 'slow', bytes: 20_000, everyMs: 5 }, large);
  const hub = hubOn();
  const stop = new AbortController();
  const fetching = hub.fetch(ref, { signal: stop.signal, onProgress: ({ done }) => done > 300_000 && stop.abort() });
  await expect(fetching).rejects.toMatchObject({ code: 'fetch-stopped' });
  for (const one of remove) one();
  double.clearRequests();
  const { kept, bytes } = await hub.fetchPlan(ref);
  expect(kept).toBeGreaterThan(300_000);
  await hub.fetch(ref);
  expect(double.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0)).toBe(bytes - kept);
});

test('a revision that changes while it is fetched is fetched as it was listed', async () => {
  const hub = hubOn();
  const { commit } = await hub.open(ref);
  const repo = double.repo(ref.id);
  repo?.change({ 'model.safetensors': drawn(6, 700) });
  await hub.fetch(ref);
  await requireWhole(hub);
  expect((await hub.refresh(ref)).commit).toBe(repo?.commit);
  expect(repo?.commit).not.toBe(commit);
});

test('a mirror that answers with another commit is noticed', async () => {
  const hub = hubOn(memoryStore(), {
    fetch: async (url: string, init?: RequestInit) => {
      const response = await fetch(url, init);
      if (!url.includes('/resolve/')) return response;
      const headers = new Headers(response.headers);
      headers.set('X-Repo-Commit', 'f'.repeat(40));
      return new Response(response.body, { status: response.status, headers });
    },
  });
  const opening = (await hub.folder(ref)).open('config.json').then((source) => source?.read(0, 4));
  await expect(opening).rejects.toMatchObject({ code: 'hub-changed', message: expect.stringContaining('commit ffff') });
});

test('two who fetch the same model share what comes', async () => {
  const store = memoryStore();
  fault({ kind: 'slow', bytes: 100, everyMs: 5 }, large);
  const told: FetchProgress[] = [];
  await Promise.all([hubOn(store).fetch(ref), hubOn(store).fetch(ref, { onProgress: (progress) => told.push(progress) })]);
  expect(told.map(({ waiting }) => waiting?.why.code)).toContain('fetched-elsewhere');
  await requireWhole(hubOn(store));
  expect(double.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0)).toBe(700);
});

test('a store that is too small is said before a byte moves, and one that turns out to be after', async () => {
  await expect(hubOn(memoryStore(500)).fetch(ref)).rejects.toMatchObject({
    code: 'store-full',
    message: expect.stringContaining('733 bytes more; 500 are free'),
  });
  expect(double.requests.some(({ host }) => host === 'cdn')).toBe(false);
  const lying = { ...memoryStore(500), space: async () => undefined };
  await expect(hubOn(lying).fetch(ref)).rejects.toMatchObject({ code: 'store-full' });
  const source = await (await hubOn(lying).folder(ref)).open('model.safetensors');
  expect(await source?.read(0, 700)).toEqual(weights.read(0, 700));
});

test('a token opens gated and private models, goes to the hub alone, and a wrong one is said', async () => {
  double.add({ id: 'org/gated', files, gated: 'auto' });
  double.add({ id: 'org/secret', files, private: true });
  const gated = { ...ref, id: 'org/gated' };
  await expect(hubOn().fetch(gated)).rejects.toMatchObject({ code: 'hub-gated', remedy: expect.stringContaining('/org/gated') });
  await expect(hubOn().fetch({ ...ref, id: 'org/secret' })).rejects.toMatchObject({
    code: expect.stringMatching(/hub-(?:not-found|private)/),
  });
  const hub = hubOn();
  hub.configure({ token: 'hf_reader' });
  await hub.fetch(gated);
  await hub.fetch({ ...ref, id: 'org/secret' });
  const cdn = double.requests.filter(({ host }) => host === 'cdn');
  expect(cdn.length).toBeGreaterThan(0);
  expect(cdn.every(({ authorization }) => authorization === undefined)).toBe(true);
  const wrong = hubOn();
  wrong.configure({ token: 'hf_nobody' });
  await expect(wrong.fetch({ ...ref, id: 'org/secret' })).rejects.toThrow(/token that was given does not open it/);
  wrong.configure({ endpoint: `${double.endpoint}` });
  expect(wrong.place().has_token).toBe(false);
});

test('a mirror that redirects, a repository that was renamed, a listing of many pages', async () => {
  const mirror = await startHubDouble({ mirrorOf: double.endpoint, prefix: '/hf' });
  const old = double.add({
    id: 'org/new',
    renamed: 'org/old',
    files: { ...files, ...Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`x/${i}.txt`, 'x'])) },
  });
  try {
    const hub = new Hub({ store: memoryStore(), endpoint: mirror.endpoint });
    await hub.fetch({ ...ref, id: 'org/old' });
    expect((await hub.open({ ...ref, id: 'org/old' })).files).toHaveLength(2504);
    expect((await hub.open({ ...ref, id: 'org/old' })).commit).toBe(old.commit);
  } finally {
    await mirror.close();
  }
});

test('what came over several connections at once is counted once', async () => {
  const size = 20 * 2 ** 20;
  double.add({ id: 'org/large', files: { ...files, 'model.safetensors': sparseFile(size, new Uint8Array([1])) } });
  const told: FetchProgress[] = [];
  const memory = memoryStore();
  // A disk takes a moment, and others come meanwhile.
  const disk: HubStore = {
    ...memory,
    async part(...of) {
      const part = await memory.part(...of);
      return part && { ...part, write: (begin, bytes) => new Promise((r) => setTimeout(r, 1)).then(() => part.write(begin, bytes)) };
    },
  };
  const plan = await hubOn(disk).fetch({ ...ref, id: 'org/large' }, { onProgress: (progress) => told.push(progress) });
  const done = told.map((progress) => progress.done);
  expect(double.requests.filter(({ host, range }) => host === 'cdn' && range !== undefined).length).toBeGreaterThan(2);
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  expect([done.at(-1), told.at(-1)?.of]).toEqual([plan.bytes, plan.bytes]);
});

test('a fetch without a connection is no fetch where only some files are here and no list of them', async () => {
  const store = memoryStore();
  await hubOn(store).fetch(ref);
  const unlisted: HubStore = { ...store, snapshot: async () => undefined, paths: async () => ['config.json'] };
  const offline = hubOn(unlisted, { offline: 'HF_HUB_OFFLINE is set' });
  expect((await offline.open(ref)).files.map(({ path }) => path)).toEqual(['config.json']);
  await expect(offline.fetch(ref)).rejects.toMatchObject({ code: 'hub-offline' });
});

test('offline, what is kept whole works, what is kept in part as far as it goes, and the rest says so', async () => {
  const store = memoryStore();
  await hubOn(store).fetchPlan(ref);
  const offline = { offline: 'HF_HUB_OFFLINE is set' };
  const parts = await hubOn(store, offline).folder(ref);
  expect(await parts.list()).toHaveLength(4);
  await expect((await parts.open('config.json'))?.read(0, 4)).rejects.toMatchObject({
    code: 'hub-offline',
    message: expect.stringContaining('HF_HUB_OFFLINE is set'),
  });
  await hubOn(store).fetch(ref);
  await hubOn(store, offline).fetch(ref);
  await expect(hubOn(store, offline).open({ ...ref, id: 'org/unknown' })).rejects.toMatchObject({ code: 'hub-offline' });
});
