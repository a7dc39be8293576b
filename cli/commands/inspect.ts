// inspect: what is in a model's folder, an adapter, a run, a file of tensors or of data, or what is wrong with it. Needs no GPU.

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { looksLikeDataset } from '../../src/data/hub/name.ts';
import { isTorchFile } from '../../src/formats/tensor_formats.ts';
import { openZip } from '../../src/formats/zip_files.ts';
import { holdsTensors, isAdapterRepo } from '../../src/hub/needed_files.ts';
import { looksLikeRepo } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { adapterFolders } from '../adapter_files.ts';
import type { Console } from '../console.ts';
import { namesFile } from '../data.ts';
import { type Given, usage } from '../flags.ts';
import { fileSource, noSuchFile } from '../folders.ts';
import { hubOf } from '../hub/connection.ts';
import { inspectAdapter } from '../inspect/adapter.ts';
import { inspectData } from '../inspect/data.ts';
import type { Finding } from '../inspect/finding.ts';
import { inspectHubData } from '../inspect/hub_data.ts';
import { inspectModel } from '../inspect/model.ts';
import { inspectRun } from '../inspect/run.ts';
import { inspectTensors } from '../inspect/tensors.ts';
import { hubPlace, repoOf } from '../models.ts';
import { textOf } from '../settings.ts';
import { sayWarnings } from '../warnings.ts';

async function folderFindings(path: string, given: Given, console: Console): Promise<Finding[]> {
  const found: Finding[] = [];
  if (existsSync(join(path, 'config.json'))) found.push(await inspectModel(path, given));
  for (const folder of adapterFolders(path)) found.push(await inspectAdapter(folder, given));
  const run = [path, join(path, 'checkpoint')].find((folder) => existsSync(join(folder, 'run.json')));
  if (run !== undefined) found.push(await inspectRun(run));
  if (found.length > 0) return found;
  return [
    await inspectData(path, given, console).catch((thrown: unknown) => {
      if (!(thrown instanceof RetraceError) || thrown.code !== 'no-pictures') throw thrown;
      throw new RetraceError({
        code: 'nothing-known',
        message: `The folder '${path}' holds nothing that is known: no config.json (a model), no adapter, no checkpoint of a run, no pictures.`,
        where: path,
        remedy: "Give a model's folder, an adapter's, the --out of a run, or a folder of pictures.",
      });
    }),
  ];
}

/** What the hub has under such a name: a model or an adapter, else a data set. */
async function hubFindings(name: string, given: Given): Promise<Finding[]> {
  if (!looksLikeRepo(name)) return [await inspectHubData(name, given)];
  if (name === given['adapter']) return [await inspectAdapter(name, given)];
  try {
    const { files } = await hubOf(given).open(repoOf(hubPlace(name, given)));
    const isAdapter = isAdapterRepo(files.map(({ path }) => path));
    return [isAdapter ? await inspectAdapter(name, given) : await inspectModel(name, given)];
  } catch (thrown) {
    if (!(thrown instanceof RetraceError) || thrown.code !== 'hub-not-found') throw thrown;
    return [
      await inspectHubData(name, given).catch((other: unknown) => {
        throw other instanceof RetraceError && other.code === 'hub-not-found' ? thrown : other;
      }),
    ];
  }
}

/** Whether a zip is of pictures: one of an adapter holds tensors. */
async function holdsPictures(path: string): Promise<boolean> {
  const { files } = await openZip(await fileSource(path, basename(path)));
  return !files.some(({ path: own }) => holdsTensors(own));
}

async function findings(path: string, given: Given, console: Console): Promise<Finding[]> {
  if (!path.startsWith('bundled')) {
    if (!existsSync(path)) {
      const isData = path === given['data'];
      if (namesFile(path) || !(isData || path.includes('/')) || !(looksLikeDataset(path) || looksLikeRepo(path)))
        throw noSuchFile(path, path, 'Check the path.');
      return isData ? [await inspectHubData(path, given)] : hubFindings(path, given);
    }
    if (statSync(path).isDirectory()) return folderFindings(path, given, console);
  }
  const extension = extname(path).toLowerCase();
  if (path === 'bundled') return [await inspectModel(path)];
  if (extension === '.safetensors' || isTorchFile(path)) return [await inspectTensors(path)];
  if (extension === '.zip' && !(await holdsPictures(path))) return [await inspectAdapter(path, given)];
  if (basename(path) === 'run.json') return [await inspectRun(resolve(path, '..'))];
  return [await inspectData(path, given, console)];
}

export async function inspect(given: Given, console: Console, positionals: readonly string[]): Promise<number> {
  const named = [
    textOf(given, 'data'),
    ...positionals,
    ...(positionals.length > 0 ? [] : [textOf(given, 'adapter') ?? textOf(given, 'model')]),
  ];
  const paths = named.filter((path) => path !== undefined);
  if (paths.length === 0) throw usage('Nothing to inspect is named.', 'Give a folder or a file: retrace inspect PATH.', 'PATH');
  for (const path of paths) {
    for (const { object, text, warnings = [] } of await findings(path, given, console)) {
      console.event(object);
      console.result(text);
      sayWarnings(console, warnings);
    }
  }
  return 0;
}
