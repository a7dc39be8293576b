// Data as a command names them: parts of a bundled set, files by path, splits of a data set of the hub by name. Opens, never interprets.
// Invariant: what is on the disk wins over what the hub may have under the same name, and a split of the hub is remembered by its commit.

import { existsSync, openAsBlob, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { openDataset } from '../src/data/hub/dataset.ts';
import { chooseSplit, findDataset, looksLikeDataset } from '../src/data/hub/name.ts';
import { openSplit, type SplitPlace, splitName } from '../src/data/hub/split.ts';
import { partsOf } from '../src/data/picture_sets/folder.ts';
import { fileListing } from '../src/data/picture_sets/listing.ts';
import { zipListing } from '../src/data/picture_sets/zip.ts';
import { blobSource } from '../src/hub/folder.ts';
import type { DataRef } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { evaluationSplit } from '../src/protocol/hub_data.ts';
import { labelsFileOf, type ReadingSettings } from '../src/protocol/reading.ts';
import { type Given, usage } from './flags.ts';
import { bundledNames, deepestPicture, filesUnder, noSuchFile, publicFolder } from './folders.ts';
import { hubOf } from './hub/connection.ts';

/** A split of the hub at its commit. */
export type HubData = { readonly kind: 'hub' } & SplitPlace & Pick<ReadingSettings, 'max_rows' | 'broken_pictures'>;

/** A part of a bundled set, a file, or a folder of pictures. Of pictures with several parts, which. */
export type LocalData =
  | { readonly kind: 'bundled'; readonly name: string; readonly part: string }
  | ({ readonly kind: 'file'; readonly path: string; readonly part?: string } & ReadingSettings)
  | ({ readonly kind: 'pictures'; readonly path: string; readonly part?: string } & Pick<ReadingSettings, 'max_rows' | 'broken_pictures'>);

/** Where data lie. Plain data, so that a run remembers it. */
export type DataPlace = LocalData | HubData;

/** What data are for, as a bundled set and most data sets of the hub call that part. */
export type DataPart = 'train' | 'validation' | 'test';

/** Splits of the hub that serve for it, the first that is there. */
const splitsFor: Readonly<Record<DataPart, readonly string[]>> = {
  train: ['train'],
  validation: ['validation', 'validation_matched', 'valid', 'dev', 'val', 'test'],
  test: ['test', 'validation', 'validation_matched', 'train'],
};

export interface AskedData {
  readonly flag: string;
  /** The part that is meant where the name does not say it. */
  readonly part: DataPart;
  readonly reading: ReadingSettings;
  /** Of the command: they may name another hub. */
  readonly given: Given;
}

/** What is not there and is called so is a file that was mistyped, and nothing to ask the hub for. */
export const namesFile = (argument: string): boolean =>
  /\.(?:csv|tsv|txt|json|jsonl|ndjson|parquet|gz|zip|safetensors|bin|pt|pth)$/i.test(argument);

/** `bundled:clinc150`, `bundled:clinc150/test`, a file, or `org/name/config/split@revision`. Errors: `unknown-bundled`, `no-such-file`, those of the hub. */
export async function dataPlace(argument: string, asked: AskedData): Promise<DataPlace> {
  const { flag, part, reading } = asked;
  const bundled = /^bundled:([^/:]+)(?:[/:](.+))?$/.exec(argument);
  if (bundled) return bundledPart(argument, { kind: 'bundled', name: bundled[1] as string, part: bundled[2] ?? part }, flag);
  if (existsSync(argument) && statSync(argument).isFile()) {
    const place = { ...reading, kind: 'file', path: resolve(argument) } as const;
    return /\.zip$/i.test(argument) ? withPart(place, part) : place;
  }
  if (existsSync(argument) && statSync(argument).isDirectory()) return folderPlace(argument, asked);
  if (!existsSync(argument) && !namesFile(argument) && looksLikeDataset(argument)) return hubData(argument, asked);
  throw noSuchFile(
    argument,
    flag,
    'Give a file of rows (CSV, TSV, JSON, JSON Lines, Parquet), a folder or a zip of pictures, a data set of the hub such as nyu-mll/glue/sst2, or bundled:clinc150.',
  );
}

/** A folder of pictures. Error `usage`, where flags say how a file of rows is read. */
function folderPlace(argument: string, { part, reading }: AskedData): Promise<LocalData> {
  const { max_rows, broken_pictures, ...ofRows } = reading;
  const [other] = Object.keys(ofRows);
  if (other !== undefined)
    throw usage(`--${other} is of files of rows; '${argument}' is a folder of pictures.`, 'Leave it out.', `--${other}`);
  const picked = { ...(max_rows === undefined ? {} : { max_rows }), ...(broken_pictures === undefined ? {} : { broken_pictures }) };
  return withPart({ ...picked, kind: 'pictures', path: resolve(argument) }, part);
}

type Pictures = Exclude<LocalData, { kind: 'bundled' }>;

/** Parts of pictures: folders called train, test and so on. */
export async function partsIn(place: Pictures): Promise<readonly string[]> {
  const ref = await dataRef(place);
  if (ref.kind === 'pictures') return partsOf(fileListing(ref.files, ref.name));
  return ref.kind === 'file' ? partsOf(await zipListing(blobSource(ref.name, ref.blob), ref.blob)) : [];
}

/** The part that is meant, where there are several. */
async function withPart<P extends Pictures>(place: P, part: DataPart): Promise<P> {
  const parts = await partsIn(place);
  const meant = splitsFor[part].find((name) => parts.includes(name)) ?? parts[0];
  return parts.length > 1 && meant !== undefined ? { ...place, part: meant } : place;
}

function bundledPart(argument: string, place: LocalData, flag: string): LocalData {
  if (existsSync(dataFile(place))) return place;
  const known = bundledNames('data').flatMap((name) => {
    const files = readdirSync(join(publicFolder(), 'data', name));
    return files.filter((file) => /\.(?:tsv|zip)$/.test(file)).map((file) => `bundled:${name}/${file.replace(/\.[^.]*$/, '')}`);
  });
  throw new RetraceError({
    code: 'unknown-bundled',
    message: `There are no bundled data '${argument}'.`,
    where: flag,
    remedy: `Use one of ${known.join(', ')}.`,
  });
}

/** Errors: those of `findDataset`, `chooseSplit` and `openSplit`; `usage` where flags say how a file is read. */
async function hubData(argument: string, { part, reading, given }: AskedData): Promise<HubData> {
  const { max_rows, broken_pictures, ...ofFiles } = reading;
  const [other] = Object.keys(ofFiles);
  if (other !== undefined) throw usage(`--${other} is of files; '${argument}' is a data set of the hub.`, 'Leave it out.', `--${other}`);
  const hub = hubOf(given);
  const { splits: _, ...place } = chooseSplit(await findDataset(hub, argument), splitsFor[part]);
  return { ...(await pinned(given, place, max_rows)), ...(broken_pictures === undefined ? {} : { broken_pictures }) };
}

async function pinned(given: Given, place: SplitPlace, max_rows: number | undefined): Promise<HubData> {
  const split = await openSplit(hubOf(given), place);
  return { kind: 'hub', ...split.pinned, ...(max_rows === undefined ? {} : { max_rows }) };
}

/** The part that evaluates what is trained on another where none is named; undefined: a tenth has to be held back. */
export async function evaluationPlace(data: DataPlace, given: Given): Promise<DataPlace | undefined> {
  if (data.kind === 'bundled') {
    const validation = { ...data, part: 'validation' };
    return data.part === 'train' && existsSync(dataFile(validation)) ? validation : undefined;
  }
  if (data.kind !== 'hub') {
    const part = data.part === 'train' ? evaluationSplit(await partsIn(data)) : undefined;
    return part === undefined ? undefined : { ...data, part };
  }
  if (data.split !== 'train') return undefined;
  const { id, config, revision, commit, max_rows } = data;
  // Files that no folders tell apart are told apart by the card of the data set as it stands.
  const at = data.files === undefined ? { commit } : {};
  const { configs } = await openDataset(hubOf(given), { id, revision, ...at });
  const split = evaluationSplit(configs.find(({ name }) => name === config)?.splits.map(({ name }) => name) ?? []);
  if (split === undefined) return undefined;
  return pinned(given, { id, config, split, ...at, ...(revision === undefined ? {} : { revision }) }, max_rows);
}

/** The file or folder on disk. */
export function dataFile(place: LocalData): string {
  if (place.kind !== 'bundled') return place.path;
  const part = join(publicFolder(), 'data', place.name, place.part);
  return existsSync(`${part}.zip`) ? `${part}.zip` : `${part}.tsv`;
}

async function filesIn(folder: string): Promise<{ path: string; blob: Blob }[]> {
  const paths = (await filesUnder(folder, folder, 1, deepestPicture)).sort();
  return Promise.all(paths.map(async (path) => ({ path, blob: await openAsBlob(join(folder, path)) })));
}

export async function dataRef(place: DataPlace): Promise<DataRef> {
  if (place.kind === 'bundled') return place;
  if (place.kind === 'hub') return { ...place, name: splitName(place) };
  if (place.kind === 'pictures') {
    const { path, ...picked } = place;
    return { ...picked, name: basename(path), files: await filesIn(path) };
  }
  const { path, ...reading } = place;
  const labels = labelsFileOf(path);
  return {
    ...{ ...reading, name: basename(path), blob: await openAsBlob(path) },
    ...(existsSync(labels) ? { labels: { name: basename(labels), blob: await openAsBlob(labels) } } : {}),
  };
}

/** Whether a place is of pictures, where that can be told without a look into it: a data set of the hub may be of either. */
export const isOfPictures = (place: DataPlace): boolean =>
  place.kind === 'pictures' || (place.kind !== 'hub' && dataFile(place).endsWith('.zip'));
