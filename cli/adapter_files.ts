// An adapter as a command names it: the folder that train writes, an exported zip, or an id of the hub. The first two are the same files; a session takes the zip.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { adapterFileNames, tensorFiles } from '../src/formats/exported.ts';
import { isRunRecord } from '../src/formats/records/run_records.ts';
import { readZip, writeZip } from '../src/formats/zip.ts';
import { looksLikeRepo, parseRepo, shownRepo } from '../src/hub/repo.ts';
import type { AdapterSource } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { fileSha256, noSuchFile } from './folders.ts';

/** Those that are written here: what others pickled is theirs. */
const writtenFiles = adapterFileNames.filter((name) => !name.endsWith('.bin'));

const hasTensors = (path: string): boolean => tensorFiles.some((name) => existsSync(join(path, name)));

/** The folders of adapters: this one, or those in it, where PEFT puts adapters that have a name. */
export function adapterFolders(path: string): string[] {
  if (hasTensors(path)) return [path];
  const inside = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const folders = inside.map(({ name }) => join(path, name));
  return folders.filter((folder) => hasTensors(folder) && existsSync(join(folder, 'adapter_config.json')));
}

/** The adapter's files by name. Errors: `no-such-file`, `not-an-adapter`, `several-adapters`, `zip-*`. */
export async function readAdapterFiles(path: string, where = '--adapter'): Promise<Map<string, Uint8Array>> {
  if (!existsSync(path))
    throw noSuchFile(path, where, 'Give the folder that train wrote, a zip that was exported, or the id of an adapter on the hub.');
  if (!statSync(path).isDirectory()) return readZip(path, await readFile(path));
  const [folder, ...more] = adapterFolders(path);
  if (more.length > 0) {
    throw new RetraceError({
      code: 'several-adapters',
      message: `The folder '${path}' holds ${more.length + 1} adapters.`,
      where,
      remedy: `Give one of ${[folder, ...more].join(', ')}.`,
    });
  }
  if (folder === undefined) {
    throw new RetraceError({
      code: 'not-an-adapter',
      message: `The folder '${path}' holds no adapter: neither ${tensorFiles.join(' nor ')} is in it.`,
      where,
      remedy: 'Give the folder that train wrote. A run that was paused has its adapter once it is resumed and finished.',
    });
  }
  // A folder may hold whatever else; what an adapter is not made of is not read.
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && adapterFileNames.includes(entry.name));
  return new Map(await Promise.all(names.map(async ({ name }) => [name, await readFile(join(folder, name))] as const)));
}

/** What is not on the disk and is named like this is a repository of the hub. */
const namesRepo = (argument: string): boolean =>
  /^https:\/\//.test(argument) || (argument.includes('/') && looksLikeRepo(argument) && !argument.endsWith('.zip'));

/** What a run remembers of the adapter that it begins from. */
export const adapterPlace = (argument: string): string => (existsSync(argument) ? resolve(argument) : argument);

/** The adapter that an argument names, as a session imports it: what is on the disk, else what the hub has. Errors: those of `readAdapterFiles`, `bad-repo-id`. */
export async function adapterSource(argument: string, where = '--adapter'): Promise<AdapterSource> {
  if (!existsSync(argument) && namesRepo(argument)) return { hub: shownRepo(parseRepo('model', argument)) };
  const files = await readAdapterFiles(argument, where);
  return { zip: new Blob([writeZip([...files].map(([name, bytes]) => ({ path: name, bytes })))]) };
}

/** Unpacks an exported zip into a folder, in place of the adapter that is there; gives its tensor file and that one's checksum. */
export async function writeAdapterFolder(folder: string, zip: Uint8Array): Promise<{ path: string; sha256: string }> {
  await mkdir(folder, { recursive: true });
  const files = readZip('adapter.zip', zip);
  for (const [name, bytes] of files) {
    await writeFile(join(folder, `${name}.part`), bytes);
    await rename(join(folder, `${name}.part`), join(folder, name));
  }
  const stale = (await readdir(folder)).filter((name) => (writtenFiles.includes(name) || isRunRecord(name)) && !files.has(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
  const path = join(folder, tensorFiles.find((name) => files.has(name)) ?? '');
  return { path, sha256: await fileSha256(path) };
}
