// A pretrained model as a session holds it: configuration, tokenizer and an open checkpoint whose bytes stay on disk until they go to the GPU.

import { elementsOf } from '../../formats/tensor_file.ts';
import { isRecord } from '../../formats/text.ts';
import { type Checkpoint, openCheckpoint, type StoredTensor } from '../../hub/checkpoint.ts';
import { fileFolder, type ModelFolder, readJson } from '../../hub/folder.ts';
import { missingFiles, requireConfiguration } from '../../hub/model_files.ts';
import { modelRepo } from '../../hub/repo.ts';
import { readSentenceTransformers } from '../../hub/sentence_transformers.ts';
import { type Backbone, type BackboneConfig, ownPooling } from '../../models/model.ts';
import { backboneOf, recognised } from '../../models/registry.ts';
import { type ModelRef, type Pooling, poolings } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ModelDescription } from '../../protocol/messages.ts';
import type { Host } from '../host.ts';
import { methodCards } from './method_cards.ts';
import { inputsOf, taskCardsFor } from './task_fit.ts';
import { tensorNames } from './tensor_names.ts';

export interface BaseModel {
  readonly name: string;
  readonly folder: ModelFolder;
  /** config.json as it stands. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The backbone with this dropout instead of the configuration's. */
  backbone(dropout?: number): Backbone;
  /** What the folder's sentence-transformers files say, else the first token. Errors where it is asked for: `unsupported-pooling`, `no-pooler`. */
  readonly pooling: Pooling;
  /** The same, without the error. */
  readonly ownPooling: Pooling | undefined;
  /** The checkpoint's tensor of a parameter, whatever prefix or old spelling its file has. */
  entry(name: string): StoredTensor | undefined;
  /** Absent where the folder has a configuration only: enough for a plan. */
  readonly checkpoint: Checkpoint | undefined;
  storedType(name: string): 'f32' | 'f16';
  /** Pixels along a side of the pictures that it was trained with, whatever it is opened for. */
  readonly ownImageSize: number | undefined;
  /** What people should know of how the folder was read. */
  readonly notes: readonly string[];
}

export async function openFolder(model: ModelRef, host: Host): Promise<ModelFolder> {
  if (model.kind === 'bundled') return host.bundled('models', model.name);
  return model.kind === 'hub' ? host.hub.folder(modelRepo(model)) : fileFolder(model.files, model.name);
}

/** The configuration for pictures of another size. Error `image-size-of-texts`. */
function resized(config: unknown, image_size: number | undefined, folder: ModelFolder): unknown {
  if (image_size === undefined) return config;
  if (isRecord(config) && backboneOf(config, `${folder.name}/config.json`).config.image) return { ...config, image_size };
  throw new RetraceError({
    code: 'image-size-of-texts',
    message: `An image size of ${image_size} is asked for, and ${folder.name} has none: it looks at no pictures.`,
    where: 'image_size',
    remedy: 'Leave the image size out, or choose a model of type vit or deit.',
  });
}

/** Opens a model's folder, for pictures of its own size or another; reads its configuration and the headers of its checkpoint, no weights. */
export async function openBaseModel(model: ModelRef, host: Host, image_size?: number): Promise<BaseModel> {
  const folder = await openFolder(model, host);
  await requireConfiguration(folder);
  const own = await readJson(folder, 'config.json');
  const config = resized(own, image_size, folder);
  const place = `${folder.name}/config.json`;
  const plain = backboneOf(config, place);
  const checkpoint = await openCheckpoint(folder);
  const names = checkpoint && tensorNames(checkpoint, plain);
  const entry = (name: string): StoredTensor | undefined => names?.find(name);
  const declared = (config as { torch_dtype?: unknown; dtype?: unknown }).torch_dtype ?? (config as { dtype?: unknown }).dtype;
  const { pooling, notes } = await poolingOf(folder, plain, (name) => checkpoint !== undefined && !entry(name));
  const usual = names === undefined || plain.names.prefixes.includes(names.prefix);
  const type = recognised(config);
  return {
    name: model.name,
    folder,
    config: isRecord(config) ? config : {},
    backbone: (dropout) => (dropout === undefined ? plain : backboneOf(config, place, dropout)),
    get pooling() {
      if (pooling instanceof RetraceError) throw pooling;
      return pooling;
    },
    ownPooling: pooling instanceof RetraceError ? undefined : pooling,
    entry,
    checkpoint,
    ownImageSize: (image_size === undefined ? plain : backboneOf(own, place)).config.image?.image_size,
    // Without a checkpoint, what the configuration declares.
    storedType: (name) => ((checkpoint ? entry(name)?.entry.dtype : isHalf(declared) ? 'F16' : 'F32') === 'F16' ? 'f16' : 'f32'),
    notes: [
      ...(type === undefined ? [] : [`config.json has no model_type; its keys are those of ${type}, and as that it is read.`]),
      ...(checkpoint?.notes ?? []),
      ...(usual ? [] : [`The model's tensors are those whose names begin with '${names.prefix}'.`]),
      ...notes,
    ],
  };
}

/** A configuration's word for f16, in both of its forms. */
const isHalf = (dtype: unknown): boolean => dtype === 'float16' || dtype === 'torch.float16';

/** What sentence-transformers calls a pooling, in our words. */
const ourName = (mode: string | undefined): string | undefined => (mode === 'lasttoken' ? 'last' : mode);

/** How the folder's sentence-transformers files pool; as the architecture's own head does where there are none. */
async function poolingOf(
  folder: ModelFolder,
  backbone: Backbone,
  lacks: (parameter: string) => boolean,
): Promise<{ pooling: Pooling | RetraceError; notes: readonly string[] }> {
  const { pooling: declared, notes } = await readSentenceTransformers(folder);
  const own = ownPooling(backbone);
  const [mode, ...more] = declared?.modes ?? [own];
  const named = more.length === 0 ? poolings.find((name) => name === ourName(mode) && backbone.poolings[name] !== undefined) : undefined;
  const remedy = `Choose the pooling yourself: ${Object.keys(backbone.poolings).join(' or ')}.`;
  if (named === undefined) {
    const said = declared?.modes.length ? `it says ${declared.modes.join(' and ')}` : 'it says none';
    const pooling = new RetraceError({
      code: 'unsupported-pooling',
      message: `The pooling of ${folder.name} is neither the mean of the tokens nor the first token: ${said}.`,
      where: `${folder.name}/${declared?.path ?? ''}`,
      remedy,
    });
    return { pooling, notes };
  }
  const needed = backbone.poolings[named]?.needs;
  if (needed === undefined || !lacks(needed)) return { pooling: named, notes };
  const pooling = new RetraceError({
    code: 'no-pooler',
    message: `The weights of ${folder.name} have no pooler, which pooling by the first token goes through.`,
    where: `${folder.name}: ${needed}`,
    remedy: 'Choose mean pooling (--pooling mean), or a checkpoint that has its pooler.',
  });
  return { pooling, notes };
}

function imageOf({ image, max_position_embeddings: tokens }: BackboneConfig, own: number | undefined): Pick<ModelDescription, 'image'> {
  if (!image) return {};
  const { image_size, patch_size } = image;
  return { image: { image_size, patch_size, tokens, own_size: own ?? image_size } };
}

/** What a folder holds, without a look at whether it fits. */
export async function describe(model: BaseModel): Promise<ModelDescription> {
  const { config, names, poolings: available } = model.backbone();
  const { ownPooling: pooling } = model;
  const { files = [], tensors } = model.checkpoint ?? {};
  return {
    name: model.name,
    model_type: config.model_type,
    num_hidden_layers: config.num_hidden_layers,
    hidden_size: config.hidden_size,
    parameters: [...(tensors?.values() ?? [])].reduce((sum, { entry }) => sum + elementsOf(entry.shape), 0),
    stored_type: model.storedType(names.anchor),
    bytes: files.reduce((sum, { source }) => sum + source.size, 0),
    ...(pooling === undefined ? {} : { pooling }),
    poolings: poolings.filter((name) => available[name] !== undefined),
    max_position_embeddings: config.max_position_embeddings,
    inputs: inputsOf({ config }),
    ...imageOf(config, model.ownImageSize),
    notes: model.notes,
    missing: await missingFiles(model.folder, model.checkpoint !== undefined, inputsOf(model.backbone())),
    methods: methodCards(model.backbone()),
    tasks: taskCardsFor(model.backbone()),
  };
}
