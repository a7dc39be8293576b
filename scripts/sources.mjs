// Loads TypeScript sources in Node as they stand, through Vite, so that paths relative to a source file hold. Not the bundle that bin/retrace.mjs makes.
import { createServer } from 'vite';
import { ROOT } from './setup.mjs';

let server;

/** The exports of a source file, by its path from the root with a leading slash. One server for all, or each would have modules of its own. */
export async function loadSource(path) {
  server ??= createServer({
    root: ROOT,
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  return (await server).ssrLoadModule(path);
}
