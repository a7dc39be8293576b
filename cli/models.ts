// Models as a command names them: bundled ones by name, folders by path, those of the hub by id. Opens, never interprets.
// Invariant: what is on the disk wins over what the hub may have under the same name, and naming a model asks for nothing.

import { createHash } from 'node:crypto';
import { existsSync, openAsBlob, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { openCheckpoint } from '../src/hub/checkpoint.ts';
import { type ModelFolder, readJson } from '../src/hub/folder.ts';
import { looksLikeRepo, parseRepo, type RepoRef, shownRepo } from '../src/hub/repo.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { type Given, usage } from './flags.ts';
import { bundledNames, filesUnder, publicFolder } from './folders.ts';

/** The model of the first run. */
export const firstModel = 'all-MiniLM-L6-v2';
const pieceBytes = 4 * 2 ** 20;

/** A model of the hub, as a run remembers it: by its commit too, once that is known. */
export interface HubModel {
  readonly kind: 'hub';
  readonly id: string;
  readonly revision: string;
  readonly commit?: string;
}

/** Where the hub has it. */
export const repoOf = ({ id, revision, commit }: HubModel): RepoRef => ({ type: 'model', id, revision: commit ?? revision });

/** A bundled model's name, an absolute path, or a model of the hub. Plain data, so that a run remembers it. */
export type ModelPlace = string | HubModel;

/** For people. */
export const shownPlace = (place: ModelPlace): string => (typeof place === 'string' ? place : shownRepo({ type: 'model', ...place }));

const revisionIn = (given: Given): string | undefined => (typeof given['revision'] === 'string' ? given['revision'] : undefined);

/** What an id of the hub and `--revision` name. Errors: `bad-repo-id`, `usage`. */
export function hubPlace(argument: string, given: Given): HubModel {
  const revision = revisionIn(given);
  const { id, revision: named } = parseRepo('model', argument);
  const own = argument.includes('@');
  if (own && revision !== undefined && named !== revision) {
    throw usage(`--model names the revision '${named}', --revision '${revision}'.`, 'Name one of them.', '--revision');
  }
  return { kind: 'hub', id, revision: own ? named : parseRepo('model', `${id}@${revision ?? named}`).revision };
}

/** What `--model` (or another argument) and `--revision` name. Errors: `no-such-model`, `bad-repo-id`, `usage`. */
export function modelPlace(argument: string, given: Given = {}): ModelPlace {
  const here = placeHere(argument);
  if (here === undefined) {
    if (looksLikeRepo(argument) || /^https:\/\//.test(argument)) return hubPlace(argument, given);
    throw new RetraceError({
      code: 'no-such-model',
      message: `'${argument}' is neither a folder, nor the name of a bundled model, nor one that the hub could have.`,
      where: '--model',
      remedy: `Give a model's folder (config.json, tokenizer.json, model.safetensors), an id of the hub such as google-bert/bert-base-uncased, or 'bundled' (${bundledNames('models').join(', ')}).`,
    });
  }
  if (revisionIn(given) !== undefined)
    throw usage(`--revision is of models of the hub; '${argument}' is on this machine.`, 'Leave it out.', '--revision');
  return here;
}

/** The place of what is on this machine under such a name. */
function placeHere(argument: string): string | undefined {
  if (argument === 'bundled') return firstModel;
  if (existsSync(join(argument, 'config.json'))) return resolve(argument);
  if (bundledNames('models').includes(argument)) return argument;
  // What a folder lacks is said by who opens it: all of it at once.
  return existsSync(argument) && statSync(argument).isDirectory() ? resolve(argument) : undefined;
}

/** The folder of a model that is on this machine by itself, bundled or not. */
export const modelFolder = (place: string): string =>
  bundledNames('models').includes(place) ? join(publicFolder(), 'models', place) : place;

/** The model at a place, as a session opens it. */
export async function modelRef(place: ModelPlace): Promise<ModelRef> {
  if (typeof place !== 'string') {
    const { id, revision, commit } = place;
    return { kind: 'hub', name: id, revision, ...(commit === undefined ? {} : { commit }) };
  }
  if (bundledNames('models').includes(place)) return { kind: 'bundled', name: place };
  const paths = await filesUnder(place);
  const files = await Promise.all(paths.map(async (path) => ({ path, blob: await openAsBlob(join(place, path)) })));
  return { kind: 'files', name: basename(place), files };
}

/** The same model with another number of layers, and without weights: for plans of other depths. */
export async function ofDepth(folder: ModelFolder, num_hidden_layers: number): Promise<ModelRef> {
  const config = await readJson(folder, 'config.json');
  const pooling = (await folder.list()).filter((path) => path.startsWith('1_Pooling/'));
  const files = await Promise.all(
    pooling.map(async (path) => {
      const source = await folder.open(path);
      return { path, blob: new Blob([Uint8Array.from((await source?.read(0, source.size)) ?? [])]) };
    }),
  );
  const changed = { path: 'config.json', blob: new Blob([JSON.stringify({ ...(config as object), num_hidden_layers })]) };
  return { kind: 'files', name: folder.name, files: [changed, ...files] };
}

/** sha256 of a model's weights, as an adapter names its base: of several files, of their bytes in the order of names. Undefined without weights. */
export async function weightsSha256(folder: ModelFolder): Promise<string | undefined> {
  const checkpoint = await openCheckpoint(folder);
  if (checkpoint === undefined) return undefined;
  const hash = createHash('sha256');
  for (const { source } of checkpoint.files)
    for (let at = 0; at < source.size; at += pieceBytes) hash.update(await source.read(at, Math.min(source.size, at + pieceBytes)));
  return hash.digest('hex');
}
