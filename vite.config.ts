// How the page is built and served, and how the tests run. Invariant: the built page may talk to nobody but its own origin. A worker
// takes its policy from its own response and not from the page, so `npm start` and `npm run preview` send it as a header with every file as well. What is
// built works under any path of any static host: every address in it is relative.
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { licenseTexts } from './scripts/licenses.mjs';

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  // WebAssembly is compiled where an adapter lives off the GPU; text is never run as code.
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "worker-src 'self'",
  "img-src 'self' data: blob:",
  // Radix locks scrolling with a style element of its own.
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** What a server sends with every file; the README names them for other hosts. A meta tag can't say who may frame the page. */
const SECURITY = {
  'Content-Security-Policy': `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
};

/** The policy as a meta tag of the built page; not in development, where Vite's own inline scripts and web socket need more. */
const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY }, injectTo: 'head-prepend' },
  ],
};

const licenses: Plugin = {
  name: 'licenses',
  apply: 'build',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'licenses.md', source: licenseTexts() });
  },
};

export default defineConfig({
  plugins: [react(), contentSecurityPolicy, licenses],
  // A file that is not there is a 404, not the page: optional files of a model folder are probed for.
  appType: 'mpa',
  base: './',
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  worker: { format: 'es' },
  server: { headers: ISOLATION },
  preview: { headers: { ...ISOLATION, ...SECURITY } },
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
      { extends: true, test: { name: 'rest', include: ['{app,scripts,src,e2e}/**/*.test.{ts,tsx}'], isolate: false } },
    ],
  },
});
