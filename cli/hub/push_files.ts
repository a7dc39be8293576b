// Which files of an adapter are pushed, and whose texts they hold. Reads the disk, asks nothing. Invariant: what an adapter is not made of, checkpoints of its run
// and whatever else lies beside it, is not pushed.

import { existsSync, openAsBlob, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { adapterFileNames, tensorFiles } from '../../src/formats/exported.ts';
import { isRunRecord } from '../../src/formats/records/run_records.ts';
import { isRecord, parseJson } from '../../src/formats/text.ts';
import { readZip } from '../../src/formats/zip.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { isMadeUp } from '../../src/session/adapters/self_test_texts.ts';
import { noSuchFile } from '../folders.ts';

export interface PushFile {
  readonly path: string;
  readonly blob: Blob;
}

/** Whether a file is one that an export writes: such a one may be replaced, and removed where the new export has none. */
export const isOfAdapter = (path: string): boolean => adapterFileNames.includes(path) || isRunRecord(path);

async function filesAt(path: string): Promise<PushFile[]> {
  if (!existsSync(path)) throw noSuchFile(path, 'FOLDER', 'Give the folder that train wrote, or a zip that was exported.');
  if (!statSync(path).isDirectory()) {
    // Some programs pack the folder itself.
    const unpacked = [...readZip(path, await readFile(path))].map(([name, bytes]) => ({ path: basename(name), bytes }));
    return unpacked.map(({ path: name, bytes }) => ({ path: name, blob: new Blob([new Uint8Array(bytes)]) }));
  }
  const names = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  return Promise.all(names.filter(isOfAdapter).map(async (name) => ({ path: name, blob: await openAsBlob(join(path, name)) })));
}

/** The files of an exported adapter, a folder or a zip, in the order of their names. Errors: `no-such-file`, `zip-*`, `not-an-adapter`, `several-adapters`. */
export async function pushFiles(path: string): Promise<PushFile[]> {
  const files = (await filesAt(path)).filter((file) => isOfAdapter(file.path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const names = files.map((file) => file.path);
  if (new Set(names).size < names.length) {
    throw new RetraceError({
      code: 'several-adapters',
      message: `'${path}' holds several adapters.`,
      where: path,
      remedy: 'Push one of them: unpack it and give its folder.',
    });
  }
  if (tensorFiles.some((name) => names.includes(name)) && names.includes('adapter_config.json')) return files;
  throw new RetraceError({
    code: 'not-an-adapter',
    message: `'${path}' holds no adapter: it takes adapter_config.json and one of ${tensorFiles.join(', ')}.`,
    where: path,
    remedy: 'Give the folder that train wrote, or a zip that was exported.',
  });
}

const textIn = async (files: readonly PushFile[], path: string): Promise<string | undefined> =>
  files.find((file) => file.path === path)?.blob.text();

/** Texts of the user's own that the self-test carries: the first of them, and how many. */
export async function ownTexts(files: readonly PushFile[]): Promise<{ readonly count: number; readonly first: string } | undefined> {
  const config = parseJson('adapter_config.json', (await textIn(files, 'adapter_config.json')) ?? '{}');
  const beside = await textIn(files, 'self_test.json');
  const selfTest = beside === undefined ? isRecord(config) && config['self_test'] : parseJson('self_test.json', beside);
  const texts = isRecord(selfTest) && Array.isArray(selfTest['texts']) ? selfTest['texts'].flat() : [];
  const own = texts.filter((text) => typeof text === 'string').filter((text) => !isMadeUp(text));
  return own[0] === undefined ? undefined : { count: own.length, first: own[0] };
}

/** The base that the card names, for the hub's own links. */
export async function baseOnCard(files: readonly PushFile[]): Promise<string | undefined> {
  const card = (await textIn(files, 'README.md')) ?? '';
  return /^base_model: "?([^"\n]+)"?$/m.exec(card)?.[1];
}
