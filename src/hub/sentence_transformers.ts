// What the files of sentence-transformers beside a model say: how it pools, and what else stands behind the pooling. Knows no backbone.
// Forms: `pooling_mode_*` switches (to 5.3) and `pooling_mode`, one name or a list (since); modules.json says where the pooling's folder is.

import { isRecord } from '../formats/text.ts';
import { shownValue } from '../protocol/shown.ts';
import { type ModelFolder, readJson } from './folder.ts';

export interface SentenceTransformers {
  /** File that says it, and the modes by name, put side by side where they are several; undefined where there is no pooling. */
  readonly pooling: { readonly path: string; readonly modes: readonly string[] } | undefined;
  /** What people should know. */
  readonly notes: readonly string[];
}

interface Module {
  readonly type: string;
  readonly path: string;
}

/** The modules of modules.json; those of a folder without one are the model and its pooling, as they are usually called. */
async function modulesOf(folder: ModelFolder): Promise<readonly Module[]> {
  const usual = [{ type: 'Pooling', path: '1_Pooling' }];
  if ((await folder.open('modules.json')) === undefined) return usual;
  const listed = await readJson(folder, 'modules.json');
  if (!Array.isArray(listed)) return usual;
  return listed.flatMap((module: unknown) => {
    if (!isRecord(module) || typeof module.type !== 'string' || typeof module.path !== 'string') return [];
    return [{ type: module.type.split('.').at(-1) ?? '', path: module.path.replace(/\/+$/, '') }];
  });
}

/** Modes that are on. A switch that is left out is off, but for the mean, which is on where nothing is said at all. */
function modesOf(declared: unknown): string[] {
  if (!isRecord(declared)) return [];
  const named = declared.pooling_mode;
  if (typeof named === 'string') return named.toLowerCase().split('+');
  if (Array.isArray(named)) return named.map((mode) => (typeof mode === 'string' ? mode.toLowerCase() : shownValue(mode)));
  const switches = Object.entries(declared).filter(([name]) => name.startsWith('pooling_mode_'));
  if (switches.length === 0) return ['mean'];
  return switches
    .filter(([, on]) => on === true)
    .map(([name]) => name.slice('pooling_mode_'.length).replace(/^(cls|mean|max|weightedmean)_tokens?$/, '$1'));
}

/** Reads the folder's files of sentence-transformers, where there are any. Error: `not-json`. */
export async function readSentenceTransformers(folder: ModelFolder): Promise<SentenceTransformers> {
  const modules = await modulesOf(folder);
  const own = modules.find(({ type }) => type === 'Pooling');
  const path = `${own?.path ?? '1_Pooling'}/config.json`;
  const pooling =
    own !== undefined && (await folder.open(path)) !== undefined ? { path, modes: modesOf(await readJson(folder, path)) } : undefined;
  const unused = modules.filter(({ type }) => type !== 'Transformer' && type !== 'Pooling');
  const changing = unused.filter(({ type }) => type !== 'Normalize').map(({ type, path: at }) => `${type} (${at})`);
  return {
    pooling,
    notes: [
      ...(changing.length > 0
        ? [`modules.json has ${changing.join(', ')} behind the pooling; not used: the classifier reads what is pooled.`]
        : []),
      ...(unused.length > changing.length ? ['The embeddings are not normalised: the classifier reads what is pooled.'] : []),
      ...(await lengthNote(folder)),
    ],
  };
}

/** The length at which sentence-transformers cuts texts. */
async function lengthNote(folder: ModelFolder): Promise<string[]> {
  const path = 'sentence_bert_config.json';
  if ((await folder.open(path)) === undefined) return [];
  const declared = await readJson(folder, path);
  const most = isRecord(declared) ? declared.max_seq_length : undefined;
  return typeof most === 'number' ? [`sentence-transformers cuts texts for this model at ${most} tokens (${path}).`] : [];
}
