// Models and data on disk, as a session wants them: bundled ones by name, folders and files by path. Opens, never interprets.
// Invariant: a file is read by ranges; opening a model moves none of its weights.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, openAsBlob, readdirSync, statSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { ByteSource } from '../src/formats/bytes.ts';
import { openCheckpoint } from '../src/hub/checkpoint.ts';
import type { ModelFolder } from '../src/hub/folder.ts';
import type { DataRef, ModelRef } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import type { ReadingSettings } from '../src/protocol/reading.ts';

/** The model of the first run. */
const firstModel = 'all-MiniLM-L6-v2';
/** A model's folder may nest this deep: `1_Pooling/config.json` is one down. */
const deepest = 3;

/** The `public` folder: above this file in a checkout, and above the bundle that bin/retrace.mjs makes. */
export function publicFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'public', 'models', 'index.json'))) return join(folder, 'public');
    if (folder === dirname(folder)) {
      throw new RetraceError({
        code: 'no-public-folder',
        message: 'The bundled models were not found.',
        remedy: 'Run the command from a complete checkout.',
      });
    }
  }
}

/** Names under public/models or public/data. */
export const bundledNames = (kind: 'models' | 'data'): string[] =>
  readdirSync(join(publicFolder(), kind), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** The error of a path that is not there. */
export const noSuchFile = (path: string, where: string, remedy: string): RetraceError =>
  new RetraceError({ code: 'no-such-file', message: `There is no file or folder '${path}'.`, where, remedy });

/** A file on disk, read by ranges. */
export async function fileSource(path: string, name: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    name,
    size,
    async read(begin, end) {
      const handle = await open(path, 'r');
      try {
        const bytes = new Uint8Array(end - begin);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Files under `root`, through links (a hub cache is made of them), hidden ones left out; paths with slashes. */
async function filesUnder(root: string, folder = root, depth = 1): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const entry = await stat(path).catch(() => undefined);
      if (entry?.isFile()) return [relative(root, path).split(sep).join('/')];
      return entry?.isDirectory() && depth < deepest ? filesUnder(root, path, depth + 1) : [];
    }),
  );
  return found.flat();
}

/** A folder on disk, read by ranges. */
export function diskFolder(root: string, name: string): ModelFolder {
  return {
    name,
    async open(path) {
      const full = join(root, path);
      return existsSync(full) ? fileSource(full, path) : undefined;
    },
    list: async () => (await filesUnder(root)).sort(),
  };
}

/** `bundled`, a bundled model's name, or a folder's path made absolute: what a run remembers of its model. Error: `no-such-model`. */
export function modelPlace(argument: string): string {
  if (argument === 'bundled') return firstModel;
  if (existsSync(join(argument, 'config.json'))) return resolve(argument);
  if (bundledNames('models').includes(argument)) return argument;
  // What a folder lacks is said by who opens it: all of it at once.
  if (existsSync(argument) && statSync(argument).isDirectory()) return resolve(argument);
  throw new RetraceError({
    code: 'no-such-model',
    message: `'${argument}' is neither a folder nor the name of a bundled model.`,
    where: '--model',
    remedy: `Give a model's folder as downloaded from the hub (config.json, tokenizer.json, model.safetensors), or 'bundled' (${bundledNames('models').join(', ')}).`,
  });
}

/** The folder of a model's place on disk, bundled or not. */
export const modelFolder = (place: string): string =>
  bundledNames('models').includes(place) ? join(publicFolder(), 'models', place) : place;

/** The model at a place. `num_hidden_layers` replaces the configuration's and leaves the weights out: for plans of other depths. */
export async function modelRef(place: string, num_hidden_layers?: number): Promise<ModelRef> {
  if (num_hidden_layers === undefined && bundledNames('models').includes(place)) return { kind: 'bundled', name: place };
  const root = modelFolder(place);
  const paths = await filesUnder(root);
  const files = await Promise.all(paths.map(async (path) => ({ path, blob: await openAsBlob(join(root, path)) })));
  if (num_hidden_layers === undefined) return { kind: 'files', name: basename(root), files };
  const config: unknown = JSON.parse((await files.find(({ path }) => path === 'config.json')?.blob.text()) ?? '{}');
  return {
    kind: 'files',
    name: basename(root),
    files: [
      { path: 'config.json', blob: new Blob([JSON.stringify({ ...(config as object), num_hidden_layers })]) },
      ...files.filter(({ path }) => path.startsWith('1_Pooling/')),
    ],
  };
}

/** Where data lie: a part of a bundled set, or a file. Plain data, so that a run remembers it. */
export type DataPlace =
  | { readonly kind: 'bundled'; readonly name: string; readonly part: string }
  | ({ readonly kind: 'file'; readonly path: string } & ReadingSettings);

/** `bundled:clinc150`, `bundled:clinc150/test`, or a file. Errors: `unknown-bundled`, `no-such-file`. */
export function dataPlace(argument: string, flag: string, part: string, reading: ReadingSettings): DataPlace {
  const bundled = /^bundled:([^/:]+)(?:[/:](.+))?$/.exec(argument);
  if (bundled) {
    const place = { kind: 'bundled', name: bundled[1] as string, part: bundled[2] ?? part } as const;
    if (existsSync(dataFile(place))) return place;
    const known = bundledNames('data').flatMap((name) =>
      readdirSync(join(publicFolder(), 'data', name))
        .filter((file) => file.endsWith('.tsv'))
        .map((file) => `bundled:${name}/${file.replace(/\.tsv$/, '')}`),
    );
    throw new RetraceError({
      code: 'unknown-bundled',
      message: `There are no bundled data '${argument}'.`,
      where: flag,
      remedy: `Use one of ${known.join(', ')}.`,
    });
  }
  if (!existsSync(argument) || !statSync(argument).isFile())
    throw noSuchFile(argument, flag, 'Give a file of rows (CSV, TSV, JSON, JSON Lines, Parquet), or bundled:clinc150.');
  return { ...reading, kind: 'file', path: resolve(argument) };
}

/** The file on disk. */
export const dataFile = (place: DataPlace): string =>
  place.kind === 'file' ? place.path : join(publicFolder(), 'data', place.name, `${place.part}.tsv`);

export async function dataRef(place: DataPlace): Promise<DataRef> {
  if (place.kind === 'bundled') return place;
  const { path, ...reading } = place;
  return { ...reading, name: basename(path), blob: await openAsBlob(path) };
}

async function sha256Of(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** sha256 of a file, read piece by piece. */
export const fileSha256 = (path: string): Promise<string> => sha256Of([path]);

/** sha256 of a model's weights, as an adapter names its base: of several files, of their bytes in the order of names. Undefined without weights. */
export async function weightsSha256(place: string): Promise<string | undefined> {
  const root = modelFolder(place);
  const checkpoint = await openCheckpoint(diskFolder(root, basename(root)));
  return checkpoint && sha256Of(checkpoint.files.map(({ source }) => join(root, source.name)));
}
