// `npm start`: from a fresh clone to the page in a browser. Installs, builds and fetches a browser only where needed, so the second
// time takes seconds. Options: --no-open, --port N. Runs before any package is installed: only Node's own modules at the top.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { browserFlags, ensureBrowser } from './browser.mjs';
import { buildPage, installPackages, probeAdapter, ROOT } from './setup.mjs';

function readOptions() {
  try {
    const { values } = parseArgs({ options: { 'no-open': { type: 'boolean', default: false }, port: { type: 'string' } } });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536))
      throw new Error(`--port ${values.port} is no port number.`);
    return { open: !values['no-open'], port };
  } catch (error) {
    console.error(`${error.message}\nUsage: npm start -- [--no-open] [--port N]`);
    process.exit(2);
  }
}

/** The browser's path, or null with the reason said: the page can still be opened by hand. */
function browserOrAdvice() {
  try {
    return ensureBrowser();
  } catch (error) {
    console.error(error.message);
    return null;
  }
}

function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function openPage(browser, flags, address) {
  // A browser that is already running ignores flags, so where some are needed the page gets a profile of its own. It lies outside the
  // repository: runs and adapters that the page keeps must outlive a fresh `npm ci`.
  const profile = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'retrace', 'browser');
  if (flags.length > 0) mkdirSync(profile, { recursive: true });
  const own = flags.length > 0 ? [`--user-data-dir=${profile}`, '--no-first-run', '--no-default-browser-check'] : [];
  spawn(browser, [...flags, ...own, address], { detached: true, stdio: 'ignore' })
    .on('error', (error) => console.error(`${browser} did not start (${error.message}). Open the address by hand.`))
    .unref();
}

async function start() {
  const options = readOptions();
  installPackages();
  const browser = browserOrAdvice();
  await buildPage();
  const adapter = probeAdapter();
  const { preview } = await import('vite');
  const server = await preview({
    root: ROOT,
    logLevel: 'warn',
    preview: options.port === undefined ? {} : { port: options.port, strictPort: true },
  });
  const address = server.resolvedUrls?.local[0];
  console.log(`\nRetrace is at ${address}   (Ctrl+C stops it)`);
  const software = adapter === null || adapter.software;
  if (software) {
    console.log(
      `No GPU found${adapter === null ? '' : ` (only ${adapter.name}, on the CPU)`}: everything works, but slowly: a training step takes seconds.`,
    );
    console.log(`A browser that you start yourself needs: ${browserFlags('software').join(' ')}`);
  }
  if (options.open && browser !== null && hasDisplay()) openPage(browser, browserFlags(software ? 'software' : 'hardware'), address);
}

try {
  await start();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
