// The built folder on a plain static host: under a path of its own, by a server that knows no header of ours. The page opens, finds its model, data and
// worker, asks for nothing that is not there, and says what the host could send.

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../scripts/setup.mjs';
import { launch, type Site, serve, watch } from './browser.ts';
import { untilPlanned } from './steps.ts';

const path = '/some/sub/path/';
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

let browser: Browser;
let server: Server;
let plain: Site;
/** What was asked for and is not there. */
const missed: string[] = [];

beforeAll(async () => {
  browser = await launch('none');
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const inside = pathname.startsWith(path) ? normalize(pathname.slice(path.length)) : '../';
    const file = join(ROOT, 'dist', inside === '.' || inside === '' ? 'index.html' : inside);
    const found = inside.startsWith('..') ? Promise.reject(new Error('outside')) : readFile(file);
    found.then(
      (content) => response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }).end(content),
      () => {
        missed.push(pathname);
        response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  plain = { address: `http://127.0.0.1:${port}${path}`, close: async () => void server.close() };
});

afterAll(async () => {
  await browser?.close();
  await plain?.close();
});

async function opened(site: Site) {
  const context = await browser.newContext();
  const { page, complaints } = await watch(context, site);
  await page.goto(site.address);
  // The model's header, the data, their tokens and a plan, all by the worker.
  await untilPlanned(page);
  await page.getByRole('heading', { name: '10 labels' }).waitFor();
  const notes = await page.locator('footer').getByRole('note').allTextContents();
  const licences = await page.getByRole('link', { name: 'Third-party licences' }).evaluate((link) => (link as HTMLAnchorElement).href);
  const answer = await page.request.get(licences);
  await context.close();
  return { notes: notes.join(' '), complaints, licences: answer.status() };
}

test('under a path of its own, without headers: all is found, and what the host does not send is said', async () => {
  const { notes, complaints, licences } = await opened(plain);
  expect({ complaints, missed, licences }).toEqual({ complaints: [], missed: [], licences: 200 });
  expect(notes).toContain('does not send the header Content-Security-Policy');
  expect(notes).toContain('does not send Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy');
});

test('served by `npm run preview` nothing is missing, and no other page may frame it', async () => {
  const site = await serve();
  const { notes, complaints, licences } = await opened(site);
  const { headers } = await fetch(site.address);
  await site.close();
  expect({ notes, complaints, licences }).toEqual({ notes: '', complaints: [], licences: 200 });
  expect(headers.get('content-security-policy')).toContain("connect-src 'self' https://huggingface.co https://*.huggingface.co");
  expect(headers.get('content-security-policy')).toMatch(/worker-src 'self';.*frame-ancestors 'none'$/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

/** A server that answers every page, as a hub would. */
async function answering(): Promise<Site> {
  const hub = createServer((_, response) => response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('here'));
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`, close: async () => void hub.close() };
}

test('served for a hub of its own the page and its workers reach that one, and no other host', async () => {
  const [named, other] = [await answering(), await answering()];
  // The page beside a worker that only asks.
  const folder = await mkdtemp(join(tmpdir(), 'retrace-served-'));
  await copyFile(join(ROOT, 'dist/index.html'), join(folder, 'index.html'));
  const asks = 'fetch(data).then((response) => response.text()).catch(() => "blocked")';
  await writeFile(join(folder, 'asks.js'), `onmessage = ({ data }) => ${asks}.then(postMessage);`);
  process.env['HF_ENDPOINT'] = named.address;
  const site = await serve(folder).finally(() => delete process.env['HF_ENDPOINT']);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site.address);
  const answers = await page.evaluate(
    async ([inside, addresses]) => {
      const ask = (address: string) =>
        fetch(address).then(
          (response) => response.text(),
          () => 'blocked',
        );
      const worker = new Worker(inside);
      const askInside = (address: string) =>
        new Promise((resolve) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.postMessage(address);
        });
      const answered: unknown[] = [];
      for (const address of addresses) answered.push([await ask(address), await askInside(address)]);
      return answered;
    },
    [`${site.address}asks.js`, [named.address, other.address, 'https://example.org/']] as const,
  );
  const endpoint = await page.locator('meta[name="retrace-hub-endpoint"]').getAttribute('content');
  for (const each of [context, site, named, other]) await each.close();
  await rm(folder, { recursive: true });
  expect(answers).toEqual([
    ['here', 'here'],
    ['blocked', 'blocked'],
    ['blocked', 'blocked'],
  ]);
  expect(endpoint).toBe(named.address);
});
