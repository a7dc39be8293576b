// Which files of a model's repository a run needs: configuration, tokenizer, one form of the weights. Looks at names, and at the index of shards where there
// is one. Invariant: what this leaves out, no reader of a model's folder opens (base_model.ts, tokenizer/from_folder.ts, sentence_transformers.ts).

import { adapterFileNames, tensorFiles } from '../formats/exported.ts';
import { isRecord } from '../formats/text.ts';
import { weightFiles } from './checkpoint.ts';

/** Small files beside the weights, read where they are there. */
const beside = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'preprocessor_config.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];
/** Of a sentence-transformers module: `1_Pooling/config.json`. */
const ofModule = /^\d+_[A-Za-z]+\/config\.json$/;

export const isAdapterRepo = (paths: readonly string[]): boolean => paths.includes('adapter_config.json') && !paths.includes('config.json');

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const holdsTensors = (path: string): boolean => tensorFiles.some((name) => name === nameOf(path));

/** Those at the top; where no tensors are there, those of the folders, as PEFT saves adapters that have a name. */
export function adapterFiles(paths: readonly string[]): string[] {
  const own = paths.filter((path) => adapterFileNames.includes(nameOf(path)) && path.split('/').length <= 2);
  const top = own.filter((path) => !path.includes('/'));
  return top.some(holdsTensors) ? top : own;
}

/** The file that holds the weights or lists their shards, as openCheckpoint looks for it. */
export function weightsOf(paths: readonly string[]): string | undefined {
  const usual = weightFiles.find((path) => paths.includes(path));
  if (usual !== undefined) return usual;
  const others = paths.filter(
    (path) => /^[^/]+\.safetensors$/.test(path) && !/^adapter(?:_model)?\.safetensors$/.test(path) && !/-\d{5}-of-\d{5}\./.test(path),
  );
  return others.length === 1 ? others[0] : undefined;
}

/** The shards of an index's `weight_map`; none where it has another form, which who opens it says. */
export function shardsOf(index: unknown): string[] {
  const map = isRecord(index) ? index.weight_map : undefined;
  return isRecord(map) ? [...new Set(Object.values(map))].filter((shard) => typeof shard === 'string').sort() : [];
}

/** What to fetch of `paths`. `readIndex` gives an index of shards, parsed. Of an adapter's repository, what the adapter is made of. */
export async function neededFiles(paths: readonly string[], readIndex: (path: string) => Promise<unknown>): Promise<string[]> {
  if (isAdapterRepo(paths)) return adapterFiles(paths);
  const small = paths.filter((path) => beside.includes(path) || ofModule.test(path));
  const weights = weightsOf(paths);
  if (weights === undefined) return small;
  const shards = weights.endsWith('.index.json') ? shardsOf(await readIndex(weights)).filter((shard) => paths.includes(shard)) : [];
  return [...small, weights, ...shards];
}

/**
 * Whether these whole files, kept together, are enough for a run: by all that can be told where the hub's own list, `listed`, is not at hand. Of an adapter
 * nothing can: Python fetches two of its files and leaves the others.
 */
export async function isWhole(
  paths: readonly string[],
  readIndex: (path: string) => Promise<unknown>,
  listed?: readonly string[],
): Promise<boolean> {
  if (isAdapterRepo(paths)) return listed !== undefined && adapterFiles(listed).every((path) => paths.includes(path));
  const weights = weightsOf(paths);
  const reads = ['tokenizer.json', 'vocab.txt', 'vocab.json', 'preprocessor_config.json'].some((path) => paths.includes(path));
  if (!paths.includes('config.json') || !reads || weights === undefined) return false;
  if (!weights.endsWith('.index.json')) return true;
  const shards = shardsOf(await readIndex(weights));
  return shards.length > 0 && shards.every((shard) => paths.includes(shard));
}
