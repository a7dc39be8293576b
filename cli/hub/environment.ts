// What the environment says of the hub, read as Python's huggingface_hub reads it: where the cache lies, where to ask, which token, whether to ask at all.
// Asks for nothing. Invariant: an empty variable is one that is not set, and the token goes to whoever calls `tokenIn`, to no message.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RetraceError } from '../../src/protocol/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const variable = (env: Environment, ...names: readonly string[]): string | undefined => names.map((name) => env[name]).find(Boolean);

const isTrue = (value: string | undefined): boolean => ['1', 'ON', 'YES', 'TRUE'].includes(value?.toUpperCase() ?? '');

/** `~` and `$NAME` or `${NAME}` (`%NAME%` too on Windows) in a path; names that are not set stay as they are. */
function expanded(path: string, env: Environment): string {
  const home = variable(env, process.platform === 'win32' ? 'USERPROFILE' : 'HOME') ?? homedir();
  const named = (whole: string, ...names: readonly (string | undefined)[]): string => env[names.find(Boolean) ?? ''] ?? whole;
  const plain = path.replace(/^~(?=$|[/\\])/, () => home).replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, a, b) => named(whole, a, b));
  return process.platform === 'win32' ? plain.replace(/%(\w+)%/g, (whole, name) => named(whole, name)) : plain;
}

/** Where Python's libraries keep what they have of the hub. */
function hubHome(env: Environment): string {
  const caches = variable(env, 'XDG_CACHE_HOME') ?? join('~', '.cache');
  return expanded(variable(env, 'HF_HOME') ?? join(caches, 'huggingface'), env);
}

/** The folder of fetched repositories. */
export const cacheFolder = (env: Environment = process.env): string =>
  expanded(variable(env, 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(hubHome(env), 'hub'), env);

/** The file that remembers what was measured of devices. */
export const measuredPath = (env: Environment = process.env): string =>
  expanded(join(variable(env, 'XDG_CACHE_HOME') ?? join('~', '.cache'), 'retrace', 'measured.json'), env);

/** The hub's address, where the environment names one. */
export const endpointIn = (env: Environment = process.env): string | undefined => variable(env, 'HF_ENDPOINT');

/** The server that describes data sets, where the environment names one; Python has no variable for it. */
export const datasetsServerIn = (env: Environment = process.env): string | undefined => variable(env, 'HF_DATASETS_SERVER');

/** Whether nothing may be asked of the hub. */
export const isOffline = (env: Environment = process.env): boolean => isTrue(variable(env, 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'));

/** Whether snapshots hold copies in place of links. */
export const linksAreOff = (env: Environment = process.env): boolean => isTrue(env['HF_HUB_DISABLE_SYMLINKS']);

const cleaned = (token: string | undefined): string | undefined => token?.replace(/[\r\n]/g, '').trim() || undefined;

/** The access token of the environment, or of the file that `hf auth login` writes. Error: `token-unreadable`. */
export function tokenIn(env: Environment = process.env): string | undefined {
  if (isTrue(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return undefined;
  const given = cleaned(variable(env, 'HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'));
  if (given !== undefined) return given;
  const path = expanded(variable(env, 'HF_TOKEN_PATH') ?? join(hubHome(env), 'token'), env);
  try {
    return cleaned(readFileSync(path, 'utf8'));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RetraceError({
      code: 'token-unreadable',
      message: `The file of the hub's access token can't be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      where: path,
      remedy: 'Allow reading it, name another one by HF_TOKEN_PATH, or set HF_HUB_DISABLE_IMPLICIT_TOKEN=1 to go without.',
    });
  }
}
