// Runs a measurement of bench/: `node scripts/bench.mjs NAME [--json] [OF...]`. bench/NAME.ts exports `run(json, of)`, which writes its result to
// stdout, for people or as one JSON object; some take names of what is to be measured. Not a test: it fails on no machine for being slow.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

const [name, ...rest] = process.argv.slice(2);
const flags = rest.filter((word) => word.startsWith('--'));
if (name === undefined || !existsSync(join(ROOT, 'bench', `${name}.ts`)) || flags.some((flag) => flag !== '--json')) {
  const names = readdirSync(join(ROOT, 'bench')).map((file) => file.replace(/\.ts$/, ''));
  console.error(`Usage: node scripts/bench.mjs NAME [--json] [OF...]\nNAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

// Vite loads the sources as they stand, so that paths relative to a source file hold.
const { createServer } = await import('vite');
const server = await createServer({
  root: ROOT,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, ws: false, watch: null },
});
const { run } = await server.ssrLoadModule(`/bench/${name}.ts`);
await run(
  flags.includes('--json'),
  rest.filter((word) => !word.startsWith('--')),
);
// Dawn's threads keep the event loop alive.
process.exit(0);
