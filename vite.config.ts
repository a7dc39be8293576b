// How the page is built and served, and how the tests run. Invariant: the built page may talk to its own origin, the hub and what the environment names,
// and to nobody else. A worker takes its policy from its own response and not from the page, so `npm start` and `npm run preview` send it as a header with
// every file as well. What is built works under any path of any static host: every address in it is relative.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { contentPolicy, metaNames, namedHosts, servedHosts, servedPage } from './scripts/content_policy.ts';
import { licenseTexts } from './scripts/licenses.mjs';

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** What a server sends with every file; the README names them for other hosts. A meta tag can't say who may frame the page. */
const securityOf = (origins: readonly string[]) => ({
  'Content-Security-Policy': `${contentPolicy(origins)}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
});

/**
 * Whom the page may talk to and where its hub is, as meta tags of its head. The policy is there in the built page alone: in development Vite's own inline
 * scripts and web socket need more. A served page is made anew for what is named when it is served: its head and the header must both admit it.
 */
function hub(): Plugin {
  let isBuilt = false;
  return {
    name: 'hub',
    configResolved(config) {
      isBuilt = config.command === 'build';
    },
    transformIndexHtml() {
      const { endpoint, datasetsServer, origins } = namedHosts(process.env);
      const policy = { 'http-equiv': metaNames.policy, content: contentPolicy(origins) };
      return [
        ...(isBuilt ? [{ tag: 'meta', attrs: policy, injectTo: 'head-prepend' as const }] : []),
        { tag: 'meta', attrs: { name: metaNames.endpoint, content: endpoint }, injectTo: 'head' as const },
        { tag: 'meta', attrs: { name: metaNames.datasetsServer, content: datasetsServer }, injectTo: 'head' as const },
      ];
    },
    configurePreviewServer({ config, middlewares }) {
      const page = () => readFileSync(resolve(config.root, config.build.outDir, 'index.html'), 'utf8');
      const hosts = servedHosts(page(), process.env);
      const headers = { ...ISOLATION, ...securityOf(hosts.origins) };
      Object.assign(config.preview, { headers });
      middlewares.use((request, response, next) => {
        if (!/^\/(?:index\.html)?(?:\?|$)/.test(request.url ?? '')) return next();
        const body = servedPage(page(), hosts);
        response.writeHead(200, { ...headers, 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' });
        response.end(request.method === 'HEAD' ? undefined : body);
      });
    },
  };
}

const licenses: Plugin = {
  name: 'licenses',
  apply: 'build',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'licenses.md', source: licenseTexts() });
  },
};

export default defineConfig({
  plugins: [react(), hub(), licenses],
  // A file that is not there is a 404, not the page: optional files of a model folder are probed for.
  appType: 'mpa',
  base: './',
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  worker: { format: 'es' },
  server: { headers: ISOLATION },
  test: {
    environment: 'node',
    // Child processes, not threads: Dawn reads the driver's path from the real environment, which a thread only has a copy of.
    pool: 'forks',
    // A software adapter uses every core by itself, and compiling its pipelines takes seconds.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'cli', include: ['cli/**/*.test.ts'] } },
      // Files share a process with those before them: modules are loaded once, and so is a device with the pipelines that it has compiled.
      { extends: true, test: { name: 'rest', include: ['{app,scripts,src,test,e2e}/**/*.test.{ts,tsx}'], isolate: false } },
    ],
  },
});
