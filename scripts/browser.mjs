// Finds the browser that the page and its tests run in, fetching one where there is none, and the software Vulkan driver that every
// Chromium carries. Starts nothing. Only Node's own modules: this runs before the packages are installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMANDS = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge'];
const MAC_BUNDLES = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
const WINDOWS_PROGRAMS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
];
/** Where distributions keep Chromium when the command on the path is only a shell script. */
const LINUX_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/snap/chromium/current/usr/lib/chromium-browser',
];

const ADVICE = 'Install Google Chrome or Chromium (Debian: apt-get install chromium), or set CHROME_PATH to the executable.';

function installedCandidates() {
  if (process.platform === 'darwin') {
    return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) =>
      MAC_BUNDLES.map((name) => join(folder, `${name}.app`, 'Contents', 'MacOS', name)),
    );
  }
  if (process.platform === 'win32') {
    const roots = [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA].filter(
      (root) => root !== undefined,
    );
    return roots.flatMap((root) => WINDOWS_PROGRAMS.map((program) => join(root, program)));
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
}

/** Executables of Playwright's downloads, newest first. */
function downloadedCandidates() {
  const cache = { darwin: 'Library/Caches', win32: 'AppData/Local' }[process.platform] ?? '.cache';
  const root = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), cache, 'ms-playwright');
  const tails = [
    'chrome-linux/chrome',
    'chrome-linux64/chrome',
    'chrome-win/chrome.exe',
    'chrome-win64/chrome.exe',
    ...['chrome-mac', 'chrome-mac-arm64', 'chrome-mac-x64'].flatMap((folder) => [
      `${folder}/Chromium.app/Contents/MacOS/Chromium`,
      `${folder}/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing`,
    ]),
  ];
  const builds = existsSync(root) ? readdirSync(root).filter((name) => /^chromium-\d+$/.test(name)) : [];
  builds.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  return builds.flatMap((build) => tails.map((tail) => join(root, build, tail)));
}

/** The path of a Chrome or Chromium that is already here, or null. A CHROME_PATH that names nothing is an error, not a hint. */
export function findBrowser() {
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH is ${chosen}, and there is no such file. Correct it or unset it.`);
    return chosen;
  }
  return [...installedCandidates(), ...downloadedCandidates()].find((path) => existsSync(path)) ?? null;
}

/** As findBrowser, but fetches one where there is none: Playwright's download, else Debian's package. Throws with what to install. */
export function ensureBrowser(say = console.error) {
  return findBrowser() ?? fromPlaywright(say) ?? fromDebian(say) ?? fail();
}

function fail() {
  throw new Error(`No Chrome or Chromium found, and none could be fetched. ${ADVICE}`);
}

function fromPlaywright(say) {
  const cli = fileURLToPath(new URL('../node_modules/playwright-core/cli.js', import.meta.url));
  if (!existsSync(cli)) return null;
  say("No Chrome or Chromium found: trying Playwright's download.");
  // Without a network Playwright would try five times half a minute each: one short wait for a connection is enough to know.
  const env = { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '5000' };
  spawnSync(process.execPath, [cli, 'install', '--no-shell', 'chromium'], { env, stdio: 'ignore', timeout: 600_000 });
  const path = downloadedCandidates().find((candidate) => existsSync(candidate));
  // A download may lack the system's libraries; then it cannot even tell its version.
  return path !== undefined && spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0 ? path : null;
}

function fromDebian(say) {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/etc/debian_version')) return null;
  say("Installing Debian's chromium package.");
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const step of [['update'], ['install', '-y', 'chromium']]) {
    const { status, stderr } = spawnSync('apt-get', ['-q', ...step], { env, encoding: 'utf8' });
    if (status !== 0) {
      say(`apt-get ${step.join(' ')} failed:\n${stderr}`);
      return null;
    }
  }
  return findBrowser();
}

/**
 * The arguments that give a page WebGPU. `adapter`: 'software' where there is no GPU, 'hardware' where the system's own is to be used.
 */
export function browserFlags(adapter) {
  const root = process.platform === 'linux' && process.getuid() === 0 ? ['--no-sandbox'] : [];
  if (adapter === 'software') return ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan', ...root];
  // Chrome on Linux still keeps WebGPU behind these two for many GPUs.
  return process.platform === 'linux' ? ['--enable-unsafe-webgpu', '--enable-features=Vulkan', ...root] : root;
}

/** Folders, best first, that hold both a Vulkan loader and SwiftShader's driver: every Chromium for Linux carries them beside itself. */
export function softwareVulkanFolders() {
  const beside = [...installedCandidates(), ...downloadedCandidates()]
    .filter((path) => existsSync(path))
    .map((path) => dirname(realpathSync(path)));
  const chosen = process.env.CHROME_PATH;
  const folders = new Set([...(chosen && existsSync(chosen) ? [dirname(realpathSync(chosen))] : []), ...beside, ...LINUX_FOLDERS]);
  return [...folders].filter((folder) => ['vk_swiftshader_icd.json', 'libvulkan.so.1'].every((name) => existsSync(join(folder, name))));
}
