// The fetch of a model in a real Chromium over a network that fails in every way that the hub double knows, and onto a disk that is full; two tabs that want
// the same model. The built page's worker is asked directly, under the page's policy: no click, no GPU.

import { createHash } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Calls } from '../src/protocol/messages.ts';
import { launch } from './browser.ts';
import type { Fault, FaultRule } from './hub_double/server.ts';
import { type HubSite, serveWithHub } from './hub_models.ts';
import { ask, openSession } from './page_session.ts';

const drawn = (seed: number, size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) * 17 + seed) & 255);
const weights = drawn(9, 700);
const files = { 'config.json': '{"model_type":"bert"}', 'tokenizer.json': '{"model":{}}', 'model.safetensors': weights };
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

let served: HubSite;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let faults: (() => void)[] = [];

beforeAll(async () => {
  served = await serveWithHub();
  browser = await launch('none');
  context = await browser.newContext();
  page = await tab(context);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

beforeEach(() => served.hub.clearRequests());

afterEach(() => {
  for (const end of faults) end();
  faults = [];
});

const tab = (within: BrowserContext): Promise<Page> => openSession(within, served.site, served.hub.endpoint);

const fault = (rule: FaultRule): void => void faults.push(served.hub.fault(rule));

/** SHA-256 of what the page keeps of a repository under a hash, and how long it is. */
const keptBytes = (own: Page, id: string, hash: string) =>
  own.evaluate(
    async ([folder, name]) => {
      const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('retrace-hub');
      const blobs = await (await top.getDirectoryHandle(folder)).getDirectoryHandle('blobs');
      const bytes = await (await (await blobs.getFileHandle(name)).getFile()).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return { size: bytes.byteLength, hex: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
    },
    [`models--${id.replace('/', '--')}`, hash] as const,
  );

async function requireWhole(own: Page, id: string, content: Uint8Array): Promise<void> {
  const hash = sha256(content);
  expect(await keptBytes(own, id, hash)).toEqual({ size: content.length, hex: hash });
  const { repos } = await ask(own, 'keptRepos', undefined);
  expect(repos.find((repo) => repo.id === id)).toMatchObject({ whole: true });
}

const moved = (): number => served.hub.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0);
const large = { path: /model\.safetensors/, host: 'cdn' } as const;
let count = 0;

function model(content = weights): { id: string; ref: Calls['fetchModel']['argument'] } {
  count += 1;
  const id = `org/fault-${count}`;
  served.hub.add({ id, files: { ...files, 'model.safetensors': content } });
  return { id, ref: { model: { kind: 'hub', name: id } } };
}

test.each<[string, Fault, FaultRule['match'], number | undefined]>([
  ['redirects and nothing else', { kind: 'status', status: 500 }, { path: /^nothing/ }, undefined],
  ['cuts at every tenth byte', { kind: 'cut-every', bytes: 10 }, large, undefined],
  ['one cut', { kind: 'cut', after: 123 }, large, 1],
  ['a cut in the listing', { kind: 'cut', after: 20 }, { path: /tree/ }, 1],
  ['ignored ranges', { kind: 'ignore-range' }, {}, undefined],
  ['a slow drip', { kind: 'slow', bytes: 100, everyMs: 2 }, large, undefined],
  // Browsers can't read Retry-After of another origin that does not expose it, and neither does the hub: the rests are our own.
  ['a busy server', { kind: 'status', status: 429, headers: { 'Retry-After': '1' } }, {}, 1],
  ['502 twice', { kind: 'status', status: 502 }, {}, 2],
  ['503 of the storage', { kind: 'status', status: 503 }, large, 2],
  ['a link that ran out', { kind: 'status', status: 403 }, large, 1],
  ['416 once', { kind: 'status', status: 416 }, large, 1],
  ['no answer at first', { kind: 'refuse' }, {}, 3],
  ['a wrong length once', { kind: 'wrong-length', by: -7 }, large, 1],
  ['other bytes once', { kind: 'wrong-bytes' }, large, 1],
])('it gets there through %s', async (_, kind, match = {}, times) => {
  const { id, ref } = model();
  fault({ fault: kind, match, ...(times === undefined ? {} : { times }) });
  await ask(page, 'fetchModel', ref);
  await requireWhole(page, id, weights);
});

test.each<[string, Fault, FaultRule['match'], string]>([
  ['401', { kind: 'status', status: 401 }, {}, 'hub-private'],
  ['403', { kind: 'status', status: 403 }, { host: 'hub' }, 'hub-private'],
  ['404', { kind: 'status', status: 404 }, { host: 'hub' }, 'hub-not-found'],
  ['other bytes always', { kind: 'wrong-bytes' }, large, 'hub-damaged'],
  ['a page of terms', { kind: 'html' }, {}, 'hub-page'],
])('%s is an error that says so, and once it is over the fetch gets there', async (_, kind, match = {}, code) => {
  const { id, ref } = model();
  fault({ fault: kind, match });
  await expect(ask(page, 'fetchModel', ref)).rejects.toMatchObject({
    code: expect.stringContaining(code),
    remedy: expect.stringMatching(/\w{5}/),
  });
  for (const end of faults) end();
  await ask(page, 'fetchModel', ref);
  await requireWhole(page, id, weights);
});

test('a revision that changes while it is fetched is fetched as it was listed', async () => {
  const { id, ref } = model();
  const { commit } = await ask(page, 'fetchPlan', ref);
  served.hub.repo(id)?.change({ 'model.safetensors': drawn(6, 700) });
  expect((await ask(page, 'fetchModel', ref)).commit).toBe(commit);
  await requireWhole(page, id, weights);
});

test('a disk that runs full is named, what came is kept, and with room the fetch goes on from there', async () => {
  const content = drawn(3, 16_000_000);
  const { id, ref } = model(content);
  const cdp = await context.newCDPSession(page);
  const { origin } = new URL(served.site.address);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 9_000_000 });
  await expect(ask(page, 'fetchModel', ref)).rejects.toMatchObject({
    code: 'store-full',
    message: expect.stringMatching(/\d+ more bytes of model\.safetensors .* \d+ bytes are free/),
    remedy: expect.stringContaining('Delete'),
  });
  await cdp.send('Storage.overrideQuotaForOrigin', { origin });
  const { kept, bytes } = await ask(page, 'fetchPlan', ref);
  served.hub.clearRequests();
  await ask(page, 'fetchModel', ref);
  expect(moved()).toBe(bytes - kept);
  await requireWhole(page, id, content);
});

test('two tabs that fetch the same model share what comes, and one that dies leaves it to the other', async () => {
  const content = drawn(5, 3_000_000);
  const { id, ref } = model(content);
  const other = await tab(context);
  fault({ fault: { kind: 'slow', bytes: 100_000, everyMs: 30 }, match: large });
  await Promise.all([ask(page, 'fetchModel', ref), ask(other, 'fetchModel', ref)]);
  expect(moved()).toBe(content.length);
  await requireWhole(other, id, content);

  const next = model(drawn(7, 3_000_000));
  const dies = ask(other, 'fetchModel', next.ref).catch(() => 'dead');
  await other.waitForFunction(() => (Reflect.get(globalThis, 'lastEvent') as { done?: number } | undefined)?.done ?? 0 > 500_000);
  const waits = ask(page, 'fetchModel', next.ref);
  await other.close();
  expect(await dies).toBe('dead');
  await waits;
  await requireWhole(page, next.id, drawn(7, 3_000_000));
});
