// The weights of a model's folder, whichever files they come in: one safetensors or torch.save file, or several that an index lists. Finds, opens and
// checks files against their index; knows no architecture. Invariant: opening reads headers alone, and every tensor lies in exactly one file.

import * as v from 'valibot';
import type { TensorEntry, TensorFile } from '../formats/tensor_file.ts';
import { tensorBytes } from '../formats/tensor_file.ts';
import { openTensorFile } from '../formats/tensor_formats.ts';
import { RetraceError } from '../protocol/errors.ts';
import { listText } from '../protocol/sentences.ts';
import { type ModelFolder, openFile, readJson } from './folder.ts';

export interface StoredTensor {
  readonly file: TensorFile;
  readonly entry: TensorEntry;
}

export interface Checkpoint {
  /** One, or the shards of an index in the order of their names. */
  readonly files: readonly TensorFile[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What people should know of how it was read. */
  readonly notes: readonly string[];
}

/** Where weights may stand, in the order in which Transformers looks for them. */
export const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** Of an adapter, not of a model. */
const ofAdapters = ['adapter_model.safetensors', 'adapter.safetensors'];
const mostShards = 1000;

const Index = v.object({
  metadata: v.optional(v.object({ total_size: v.optional(v.number()) })),
  weight_map: v.record(v.string(), v.string()),
});

/** The file of a folder that holds the weights, or lists them. Beside the usual names: the only safetensors file, whatever it is called. */
async function findWeights(folder: ModelFolder): Promise<string | undefined> {
  for (const path of weightFiles) if ((await folder.open(path)) !== undefined) return path;
  const others = (await folder.list().catch(() => [])).filter(
    (path) => path.endsWith('.safetensors') && !path.includes('/') && !ofAdapters.includes(path) && !/-\d{5}-of-\d{5}\./.test(path),
  );
  return others.length === 1 ? others[0] : undefined;
}

/** The checkpoint of a folder, or undefined where it has none. Errors: `safetensors-*`, `torch-*`, `bad-weights-index`, `missing-shards`. */
export async function openCheckpoint(folder: ModelFolder): Promise<Checkpoint | undefined> {
  const path = await findWeights(folder);
  if (path === undefined) return undefined;
  if (path.endsWith('.index.json')) return openShards(folder, path);
  const file = await openTensorFile(await openFile(folder, path));
  const isKnown = weightFiles.some((known) => known === path);
  return checkpointOf([file], isKnown ? [] : [`The weights are those of ${path}, the only safetensors file of the folder.`]);
}

function checkpointOf(files: readonly TensorFile[], notes: readonly string[]): Checkpoint {
  const tensors = new Map<string, StoredTensor>();
  for (const file of files) for (const entry of file.tensors.values()) tensors.set(entry.name, { file, entry });
  return { files, tensors, notes: [...notes, ...files.flatMap((file) => file.notes)] };
}

function refuseIndex(where: string, message: string): never {
  const remedy = 'Download the index and all its files again, from one revision of the model.';
  throw new RetraceError({ code: 'bad-weights-index', message, where, remedy });
}

async function openShards(folder: ModelFolder, path: string): Promise<Checkpoint> {
  const where = `${folder.name}/${path}`;
  const parsed = v.safeParse(Index, await readJson(folder, path));
  if (!parsed.success)
    refuseIndex(where, `${path} is no index of weights: ${v.getDotPath(parsed.issues[0]) ?? 'top'}: ${parsed.issues[0].message}.`);
  const { weight_map, metadata } = parsed.output;
  const shards = [...new Set(Object.values(weight_map))].sort();
  if (shards.length === 0 || shards.length > mostShards)
    refuseIndex(where, `${path} lists ${shards.length} files; 1 to ${mostShards} are read.`);
  const outside = shards.find((shard) => /[/\\]/.test(shard) || shard.startsWith('.'));
  if (outside !== undefined)
    refuseIndex(where, `${path} names the file ${JSON.stringify(outside.slice(0, 100))}, which is not in its folder.`);
  const sources = await Promise.all(shards.map((shard) => folder.open(shard)));
  const missing = shards.filter((_, i) => sources[i] === undefined);
  if (missing.length > 0) {
    throw new RetraceError({
      code: 'missing-shards',
      message: `${folder.name} lacks ${missing.length} of the ${shards.length} files that ${path} lists: ${listText(missing, 12)}.`,
      where,
      remedy: "Download them from the model's page on the hub (Files and versions) into the same folder.",
    });
  }
  const files: TensorFile[] = [];
  for (const source of sources) if (source !== undefined) files.push(await openTensorFile(source));
  requireAgreement(where, weight_map, files);
  const found = files.flatMap((file) => [...file.tensors.values()]).reduce((sum, entry) => sum + tensorBytes(entry), 0);
  const declared = metadata?.total_size;
  return checkpointOf(
    files,
    declared === undefined || declared === found ? [] : [`${path} says total_size ${declared}; its files hold ${found} bytes of tensors.`],
  );
}

/** Every tensor of the index stands in its file, and every tensor of a file in the index. */
function requireAgreement(where: string, weightMap: Readonly<Record<string, string>>, files: readonly TensorFile[]): void {
  const listed = new Map(Object.entries(weightMap));
  const byName = new Map(files.map((file) => [file.source.name, file]));
  const absent = [...listed].filter(([tensor, shard]) => !byName.get(shard)?.tensors.has(tensor)).map(([tensor]) => tensor);
  if (absent.length > 0) {
    refuseIndex(where, `${absent.length} of ${listed.size} tensors are not in the file that the index names: ${listText(absent, 5)}.`);
  }
  const unlisted = files.flatMap((file) => [...file.tensors.keys()].filter((tensor) => listed.get(tensor) !== file.source.name));
  if (unlisted.length > 0)
    refuseIndex(where, `${unlisted.length} tensors stand in files that the index does not name for them: ${listText(unlisted, 5)}.`);
}
