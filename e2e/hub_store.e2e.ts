// The store of what came from the hub, in a real Chromium: what outlives a worker that dies at any moment, tabs that want the same file, a full disk, and
// listings that were made to harm. The store's own code runs in a worker of the development server, so that no build is needed.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../scripts/setup.mjs';
import type { HubFile, RepoId } from '../src/hub/repo.ts';
import type { ErrorReport } from '../src/protocol/errors.ts';
import { launch, launchProfile } from './browser.ts';
import type { StoreCalls } from './store_worker.ts';

let server: ViteDevServer;
let browser: Browser;
let context: BrowserContext;
let address: string;

beforeAll(async () => {
  server = await createServer({ root: ROOT, logLevel: 'error', server: { port: 4395, ws: false, hmr: false } });
  await server.listen();
  address = server.resolvedUrls?.local[0] ?? '';
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  context = await browser.newContext();
});

afterEach(() => context.close());

interface Tab {
  readonly page: Page;
  /** Ends the worker, as the end of its tab does. */
  die(): Promise<void>;
  ask<K extends keyof StoreCalls>(call: K, ...values: Parameters<StoreCalls[K]>): Promise<Awaited<ReturnType<StoreCalls[K]>>>;
}

const workers = { count: 0 };

async function opened(window: BrowserContext): Promise<Page> {
  const page = await window.newPage();
  // Any file of the origin will do: the page itself would begin a session.
  await page.goto(`${address}icon.svg`);
  return page;
}

/** A tab of the page's origin, with a worker that holds the store. */
async function tab(page?: Page): Promise<Tab> {
  const within = page ?? (await opened(context));
  const name = `store${workers.count++}`;
  await within.evaluate(
    ([url, key]) => {
      Object.assign(globalThis, { [key]: new Worker(url, { type: 'module' }) });
    },
    [`${address}e2e/store_worker.ts`, name] as const,
  );
  return {
    page: within,
    die: () => within.evaluate((key) => (Reflect.get(globalThis, key) as Worker).terminate(), name),
    async ask(call, ...values) {
      const said = await within.evaluate(
        ([key, message]) =>
          new Promise<{ answer?: unknown; error?: ErrorReport }>((resolve) => {
            const worker = Reflect.get(globalThis, key) as Worker;
            worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
            worker.addEventListener('error', ({ message: text }) => resolve({ error: { code: 'worker', message: text } }), { once: true });
            worker.postMessage(message);
          }),
        [name, { call, values: JSON.parse(JSON.stringify(values)) as unknown[] }] as const,
      );
      if (said.error !== undefined) throw Object.assign(new Error(said.error.message), said.error);
      return said.answer as never;
    },
  };
}

const repo: RepoId = { type: 'model', id: 'org/tiny' };
const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
const file = (path: string, size: number, hash: string): HubFile => ({ path, size, oid: '1'.repeat(40), sha256: hash.repeat(64) });
const weights = file('model.safetensors', 100_000, 'c');
const wholeFile = async (store: Tab, commit: string, each: HubFile): Promise<void> => {
  await store.ask('begin', repo, commit, each, false);
  await store.ask('write', 0, each.size);
  await store.ask('finish');
};

test('a part holds what was flushed when its tab dies, whole files open, and commits share them', async () => {
  const one = await tab();
  const config = file('config.json', 10, 'd');
  await one.ask('setSnapshot', repo, { commit: first, files: [weights, config] });
  await one.ask('setCommit', repo, 'main', first);
  expect(await one.ask('begin', repo, first, weights, false)).toEqual([]);
  await one.ask('write', 60_000, 80_000);
  await one.ask('write', 0, 20_000);
  const flushed = [
    { begin: 0, end: 20_000 },
    { begin: 60_000, end: 80_000 },
  ];
  await one.ask('flush', flushed);
  await one.ask('write', 20_000, 60_000);
  await one.die();

  const two = await tab(one.page);
  expect(await two.ask('begin', repo, first, weights, true)).toEqual(flushed);
  expect(await two.ask('wrongInPart', 60_000, 80_000)).toBe(-1);
  expect(await two.ask('open', repo, first, weights.path)).toBeNull();
  expect(await two.ask('kept')).toMatchObject([{ ...repo, commit: first, revisions: ['main'], bytes: 40_000 }]);
  await two.ask('write', 20_000, 60_000);
  await expect(two.ask('finish')).rejects.toThrow('80000');
  await two.ask('write', 80_000, 100_000);
  await two.ask('finish');
  await two.ask('close');
  expect(await two.ask('open', repo, first, weights.path)).toEqual({ size: 100_000, wrong: -1 });
  expect(await two.ask('paths', repo, first)).toEqual([weights.path]);
  // Another commit with the same weights has them at once.
  await two.ask('setSnapshot', repo, { commit: second, files: [weights] });
  expect(await two.ask('open', repo, second, weights.path)).toEqual({ size: 100_000, wrong: -1 });
  expect(await two.ask('snapshot', repo, second)).toEqual({ commit: second, files: [weights] });

  await two.ask('remove', repo, first);
  expect(await two.ask('commitOf', repo, 'main')).toBeUndefined();
  expect(await two.ask('open', repo, second, weights.path)).toMatchObject({ size: 100_000 });
  expect((await two.ask('kept')).map(({ commit, bytes }) => [commit, bytes])).toEqual([[second, 100_000]]);
  await two.ask('remove', repo);
  expect(await two.ask('kept')).toEqual([]);
});

test('one tab at a time has a part; another goes without it, waits, or gives up; a file that became whole meanwhile is whole', async () => {
  const [one, two] = [await tab(), await tab()];
  await one.ask('begin', repo, first, weights, false);
  expect(await two.ask('begin', repo, first, weights, false)).toBeNull();
  await expect(two.ask('begin', repo, first, weights, true, 100)).rejects.toMatchObject({ message: expect.stringMatching(/timed out/) });
  await expect(two.ask('remove', repo)).rejects.toMatchObject({ code: 'store-in-use' });
  const waiting = two.ask('begin', repo, first, weights, true);
  await one.ask('write', 0, 100_000);
  await one.ask('finish');
  expect(await waiting).toEqual([{ begin: 0, end: 100_000 }]);
  expect(await two.ask('wrongInPart', 0, 100_000)).toBe(-1);
  await two.ask('finish');
  expect(await two.ask('open', repo, first, weights.path)).toMatchObject({ wrong: -1 });
  // A tab that dies lets go, and what it had not flushed is not here.
  const other = file('other.bin', 50, 'e');
  await one.ask('begin', repo, first, other, false);
  await one.ask('write', 0, 50);
  const afterDeath = two.ask('begin', repo, first, other, true);
  await one.page.close();
  expect(await afterDeath).toEqual([]);
  await two.ask('discard');
  expect((await two.ask('kept'))[0]?.files.map(({ path }) => path)).toEqual([weights.path]);
});

test.each(['a private window', 'an ordinary window'])(
  'a full disk is named in %s; what was flushed stays, and with room the fetch goes on',
  async (kind) => {
    const profile = kind === 'a private window' ? undefined : await mkdtemp(join(tmpdir(), 'retrace-profile-'));
    const full = profile === undefined ? await browser.newContext() : await launchProfile(profile);
    const one = await tab(await opened(full));
    const big = file('big.bin', 12_000_000, 'f');
    await one.ask('begin', repo, first, big, false);
    await one.ask('write', 0, 500_000);
    await one.ask('flush', [{ begin: 0, end: 500_000 }]);
    const cdp = await full.newCDPSession(one.page);
    const origin = new URL(address).origin;
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 600_000 });
    const refused = await one.ask('write', 500_000, 12_000_000).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'store-full', where: 'big.bin', remedy: expect.stringContaining('Delete') });
    expect((refused as Error).message).toMatch(/11500000 more bytes of big\.bin.* that \d+ bytes are free/);
    await one.die();
    const two = await tab(one.page);
    expect(await two.ask('begin', repo, first, big, true)).toEqual([{ begin: 0, end: 500_000 }]);
    expect((await two.ask('space'))?.free).toBeGreaterThan(0);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    await two.ask('write', 500_000, 12_000_000);
    await two.ask('finish');
    expect(await two.ask('open', repo, first, big.path)).toEqual({ size: 12_000_000, wrong: -1 });
    await full.close();
    if (profile !== undefined) await rm(profile, { recursive: true, force: true });
  },
);

test('paths of a listing name no file here, whatever they are, and a hash that is none is refused', async () => {
  const one = await tab();
  const paths = ['../../../x', '.', '..', '', 'a//b', '/etc/passwd', 'C:\\x', 'nul\0', 'ü/é', 'x'.repeat(5000)];
  const files = paths.map((path, i) => file(path, i, String(i)));
  await one.ask('setSnapshot', repo, { commit: first, files });
  for (const each of files) await wholeFile(one, first, each);
  for (const each of files) expect(await one.ask('open', repo, first, each.path)).toEqual({ size: each.size, wrong: -1 });
  const top = await one.page.evaluate(async () => {
    const names: string[] = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names;
  });
  expect(top).toEqual(['retrace-hub']);
  for (const sha256 of ['../x', '', 'zz', 'A'.repeat(64)])
    await expect(one.ask('begin', repo, first, { ...weights, sha256 }, false)).rejects.toMatchObject({ code: 'bad-listing' });
});

test.each(['getDirectory', 'sync handles'] as const)('a browser without %s has no store, and what to do is said', async (what) => {
  const one = await tab();
  await expect(one.ask('withoutStorage', what)).rejects.toMatchObject({
    code: 'store-closed',
    remedy: expect.stringContaining('ordinary window'),
  });
  // What only looks finds nothing, so that a model can still be looked at.
  expect(await one.ask('commitOf', repo, 'main')).toBeUndefined();
  expect(await one.ask('paths', repo, first)).toEqual([]);
  expect(await one.ask('open', repo, first, weights.path)).toBeNull();
  await expect(one.ask('begin', repo, first, weights, false)).rejects.toMatchObject({ code: 'store-closed' });
});
