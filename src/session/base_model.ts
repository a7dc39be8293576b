// A pretrained model as a session holds it: configuration, tokenizer and an open checkpoint whose bytes stay on disk until they go to the GPU.

import { openSafetensors } from '../formats/safetensors.ts';
import type { TensorEntry, TensorFile } from '../formats/tensor_file.ts';
import { isRecord } from '../formats/text.ts';
import { fileFolder, type ModelFolder, openFile, readJson } from '../hub/folder.ts';
import type { Backbone } from '../models/model.ts';
import { backboneOf } from '../models/registry.ts';
import { type ModelRef, type Pooling, poolings } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { ModelDescription } from '../protocol/messages.ts';
import type { Host } from './host.ts';

export interface BaseModel {
  readonly name: string;
  readonly folder: ModelFolder;
  /** The backbone with this dropout instead of the configuration's. */
  backbone(dropout?: number): Backbone;
  /** What the folder's sentence-transformers files say, else the first token. Error `unsupported-pooling`, where it is asked for. */
  readonly pooling: Pooling;
  /** The same, without the error. */
  readonly ownPooling: Pooling | undefined;
  /** The checkpoint's entry of a parameter, whatever prefix or old spelling the file has. */
  entry(name: string): TensorEntry | undefined;
  /** Absent where the folder has a configuration only: enough for a plan. */
  readonly checkpoint: TensorFile | undefined;
  storedType(name: string): 'f32' | 'f16';
}

export async function openFolder(model: ModelRef, host: Host): Promise<ModelFolder> {
  return model.kind === 'bundled' ? host.bundled('models', model.name) : fileFolder(model.files, model.name);
}

/** Opens a model's folder; reads its configuration and the header of its checkpoint, nothing else. */
export async function openBaseModel(model: ModelRef, host: Host): Promise<BaseModel> {
  const folder = await openFolder(model, host);
  const config = await readJson(folder, 'config.json');
  const place = `${folder.name}/config.json`;
  const plain = backboneOf(config, place);
  const source = await folder.open('model.safetensors');
  const checkpoint = source && (await openSafetensors(source));
  const entry = (name: string): TensorEntry | undefined => {
    const old = name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
    for (const prefix of plain.prefixes) {
      const found = checkpoint?.tensors.get(prefix + name) ?? checkpoint?.tensors.get(prefix + old);
      if (found) return found;
    }
    return undefined;
  };
  const declared = (config as { torch_dtype?: unknown; dtype?: unknown }).torch_dtype ?? (config as { dtype?: unknown }).dtype;
  const pooling = await poolingOf(folder);
  return {
    name: model.name,
    folder,
    backbone: (dropout) => (dropout === undefined ? plain : backboneOf(config, place, dropout)),
    get pooling() {
      if (pooling instanceof RetraceError) throw pooling;
      return pooling;
    },
    ownPooling: pooling instanceof RetraceError ? undefined : pooling,
    entry,
    checkpoint,
    // Without a checkpoint, what the configuration declares.
    storedType: (name) => ((checkpoint ? entry(name)?.dtype : declared === 'float16' ? 'F16' : 'F32') === 'F16' ? 'f16' : 'f32'),
  };
}

/** `1_Pooling/config.json` of sentence-transformers, where there is one. */
async function poolingOf(folder: ModelFolder): Promise<Pooling | RetraceError> {
  const path = '1_Pooling/config.json';
  if (!(await folder.open(path))) return 'cls';
  const declared = await readJson(folder, path);
  // Several at once are put side by side there, which is neither.
  const modes = Object.entries(isRecord(declared) ? declared : {}).filter(([name, on]) => name.startsWith('pooling_mode_') && on === true);
  if (modes.length === 1 && modes[0]?.[0] === 'pooling_mode_mean_tokens') return 'mean';
  if (modes.length === 1 && modes[0]?.[0] === 'pooling_mode_cls_token') return 'cls';
  return new RetraceError({
    code: 'unsupported-pooling',
    message: `The pooling of ${folder.name} is neither the mean of the tokens nor the first token.`,
    where: `${folder.name}/${path}`,
    remedy: `Choose the pooling yourself: ${poolings.join(' or ')}.`,
  });
}

export function describe(model: BaseModel): ModelDescription {
  const { config } = model.backbone();
  const { ownPooling: pooling } = model;
  const entries = [...(model.checkpoint?.tensors.values() ?? [])];
  return {
    name: model.name,
    model_type: config.model_type,
    num_hidden_layers: config.num_hidden_layers,
    hidden_size: config.hidden_size,
    parameters: entries.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    stored_type: model.storedType('embeddings.word_embeddings.weight'),
    bytes: model.checkpoint?.source.size ?? 0,
    ...(pooling === undefined ? {} : { pooling }),
    max_position_embeddings: config.max_position_embeddings,
  };
}

/** The checkpoint, or an error that says which file is missing. */
export async function requireCheckpoint(model: BaseModel): Promise<TensorFile> {
  return model.checkpoint ?? openSafetensors(await openFile(model.folder, 'model.safetensors'));
}
