#!/usr/bin/env node
// The command line's launcher: bundles cli/main.ts when a source is newer than the bundle, then runs it. Knows no command.
// Invariant: one file, put in place by a rename, so that two commands started at once never see half a bundle.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isStale, ROOT } from '../scripts/setup.mjs';

const SOURCES = ['cli', 'src', 'shaders', 'scripts/browser.mjs', 'bin/retrace.mjs', 'package-lock.json'];
const cache = join(ROOT, 'node_modules', '.cache', 'retrace');
const bundle = join(cache, 'main.mjs');

async function bundleCommandLine() {
  const entry = join(ROOT, 'cli', 'main.ts');
  if (!existsSync(entry)) throw new Error(`${entry} is missing, so there is no command line to run. Check out the whole repository.`);
  const { build } = await import('vite').catch(() => {
    throw new Error('The packages are not installed. Run `npm ci` in the repository first.');
  });
  const scratch = join(cache, `building-${process.pid}`);
  try {
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'silent',
      publicDir: false,
      build: {
        ssr: entry,
        outDir: scratch,
        target: 'node20',
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'main.mjs', codeSplitting: false } },
      },
    });
    renameSync(join(scratch, 'main.mjs'), bundle);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  if (isStale(bundle, SOURCES)) await bundleCommandLine();
} catch (error) {
  console.error(`retrace: ${error.message}`);
  process.exit(1);
}
await import(pathToFileURL(bundle).href);
