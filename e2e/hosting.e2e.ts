// The built folder on a plain static host: under a path of its own, by a server that knows no header of ours. The page opens, finds its model, data and
// worker, asks for nothing that is not there, and says what the host could send.

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  expect(headers.get('content-security-policy')).toMatch(/worker-src 'self';.*frame-ancestors 'none'$/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});
