// What `npm start`, `npm test` and the command line share: the installed packages and what has been built, each brought up to date
// only where it is stale. Only Node's own modules at the top: on a fresh clone nothing else is there yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs `npm ci` where node_modules is missing or does not hold what package-lock.json names. */
export function installPackages(say = console.error) {
  if (packagesAreCurrent()) return;
  say('Installing packages (npm ci).');
  // npm is a script on Windows, which only a shell runs.
  const options = { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' };
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], options);
  if (status !== 0) throw new Error('npm ci failed: see the lines above. Check the network, then try again.');
}

function packagesAreCurrent() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = lockedPackages(join(ROOT, 'package-lock.json'));
  const present = lockedPackages(installed);
  // Optional packages are those of other platforms.
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    if (name === '') return true;
    return present[name] === undefined ? optional === true : present[name].version === version;
  });
}

function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** Whether `output` (a file) is missing or older than any file or folder under `sources`, paths from the root; absent ones are passed over. */
export function isStale(output, sources) {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  const newer = (path) => {
    const stat = statSync(path);
    return stat.mtimeMs > built || (stat.isDirectory() && readdirSync(path).some((name) => newer(join(path, name))));
  };
  return sources.map((source) => join(ROOT, source)).some((path) => existsSync(path) && newer(path));
}

/** Builds the page into dist/ where it is stale. Throws with the builder's message. */
export async function buildPage(say = console.error) {
  const sources = ['app', 'src', 'shaders', 'public', 'index.html', 'vite.config.ts', 'scripts/content_policy.ts', 'package-lock.json'];
  if (!isStale(join(ROOT, 'dist', 'index.html'), sources)) return;
  say('Building the page.');
  const { build } = await import('vite');
  await build({ root: ROOT, logLevel: 'warn' });
}

/**
 * What Dawn finds here: the adapter's name and whether it is a software one, or null where there is none. Asked in a process of its
 * own, because a process that has used Dawn does not end by itself.
 */
export function probeAdapter() {
  const script = `
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport('./cli/adapter.ts', { configFile: false, logLevel: 'silent' });
    const adapter = await (await module.openGpu()).requestAdapter();
    console.log(JSON.stringify(module.describeAdapter(adapter)));
    process.exit(0);`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return status === 0 ? JSON.parse(stdout) : null;
}
