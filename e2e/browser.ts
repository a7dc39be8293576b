// The built page, served as `npm start` serves it, and a Chromium to open it in. Not here: what is tested.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';
import { browserFlags, ensureBrowser } from '../scripts/browser.mjs';
import { ROOT } from '../scripts/setup.mjs';

export interface Site {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves dist/, with the headers of vite.config.ts. `outDir`: another build of the page. */
export async function serve(outDir?: string): Promise<Site> {
  const server = await preview({
    root: ROOT,
    logLevel: 'error',
    preview: { port: 4390, open: false },
    ...(outDir === undefined ? {} : { build: { outDir } }),
  });
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error('The preview server has no address.');
  return { address, close: () => server.close() };
}

const optionsOf = (gpu: 'software' | 'none') => ({
  executablePath: ensureBrowser(),
  args: ['--headless=new', ...(gpu === 'software' ? browserFlags('software') : ['--no-sandbox', '--disable-features=WebGPU'])],
  headless: true,
});

/** `software`: WebGPU on SwiftShader. `none`: a browser without WebGPU. Its contexts are private windows, which keep what they store in memory. */
export const launch = (gpu: 'software' | 'none'): Promise<Browser> => chromium.launch(optionsOf(gpu));

/** An ordinary window, whose profile lies in `folder`: what it stores is on disk. */
export const launchProfile = (folder: string, gpu: 'software' | 'none' = 'none'): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, optionsOf(gpu));

export interface Watched {
  readonly page: Page;
  /** Errors on the console and thrown, and requests to other hosts: a page that behaves has none. */
  readonly complaints: string[];
}

/** Two cores may share a software GPU with whatever else runs there: nothing that comes at last is late. */
const PATIENCE_MS = 120_000;

/** A page that is watched from before its first byte. */
export async function watch(context: BrowserContext, site: Site): Promise<Watched> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(site.address).host) complaints.push(`request to another host: ${request.url()}`);
  });
  return { page, complaints };
}
