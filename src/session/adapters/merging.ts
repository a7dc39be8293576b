// Merging: what was trained put into the weights themselves, as a folder that plain Transformers loads. Not here: which tensors those are (merged_tensors.ts),
// and what a method does to a weight (its `merged`). Invariant: a merge counts as done only after the folder was opened as a model with its own classifier and
// gave the logits of the trained one.

import { cardFile, commonType, configFile, tokenizerFiles, type WrittenTypeName } from '../../formats/model_folder.ts';
import { safetensorsLayout } from '../../formats/safetensors.ts';
import { zipOf } from '../../formats/zip.ts';
import type { Device } from '../../gpu/device.ts';
import { methods } from '../../methods/registry.ts';
import { architectureOf, ownPooling } from '../../models/model.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { MergedType, MergePlan, MergeResult } from '../../protocol/messages.ts';
import type { Engine, EngineConfig } from '../engine/engine.ts';
import type { TextToPredict } from '../engine/predict.ts';
import { type Host, inBlobs } from '../host.ts';
import { openBaseModel } from '../models/base_model.ts';
import { tokenizerOf } from '../models/open_models.ts';
import { startOwnHead } from '../models/plain_model.ts';
import { preprocessorConfig, preprocessorOf } from '../pictures/reader.ts';
import { cardFacts, type RunFacts } from './card_facts.ts';
import { mergedTensors, type Trained, writeTensors } from './merged_tensors.ts';
import { largestDifference, logitsOfEach, logitTolerance } from './self_test.ts';

const WEIGHTS = 'model.safetensors';

/** What the spacing of numbers at 1 is in each type. */
const spacing: Readonly<Record<WrittenTypeName, number>> = { float32: 2 ** -23, bfloat16: 2 ** -7, float16: 2 ** -10 };
/** Logits may differ by so many spacings of the largest: what rounding every weight once does to them is less in models of any depth that were tried. */
const roundings = 32;

/** Why what was trained can't be part of the weights, where it can't. */
export function mergeRefusal({ setup }: Pick<Engine, 'setup'>): RetraceError | undefined {
  const { method, backbone, pooling, task } = setup;
  const refused = (message: string, where: string, remedy: string) => new RetraceError({ code: 'merge-refused', message, where, remedy });
  if (!method.merged) {
    const able = methods.filter(({ merged }) => merged).map(({ title }) => title);
    return refused(
      `What ${method.title} adds has no place in the weights of the plain model.`,
      'method',
      `Export the adapter; Retrace and its Python package load it. A whole model can be made of ${able.slice(0, -1).join(', ')} and ${able.at(-1)}.`,
    );
  }
  if (architectureOf(backbone, task.head, pooling) !== undefined) return undefined;
  return refused(
    `The classifier reads the ${pooling} of the tokens, and Transformers has no class that does.`,
    'pooling',
    `Export the adapter; Retrace and its Python package load it. For a whole model, train with the pooling ${ownPooling(backbone)} (--pooling ${ownPooling(backbone)}).`,
  );
}

const trainedOf = ({ model, setup, trainer: { trainables } }: Engine): Trained => ({ model, setup, trainables });

const layoutOf = (trained: Trained, type: MergedType) => {
  const layout = safetensorsLayout(mergedTensors(trained, type), { format: 'pt' });
  return { layout, dtype: commonType(layout.tensors.map(({ dtype }) => dtype)) };
};

/** What a merge would give, before it is made. */
export function planMerge(engine: Engine): MergePlan {
  const refusal = mergeRefusal(engine);
  if (refusal) return { refusal: refusal.toReport(), choices: [] };
  return {
    choices: (['base', 'float32'] as const).map((type) => {
      const { layout, dtype } = layoutOf(trainedOf(engine), type);
      return { type, dtype, bytes: layout.bytes };
    }),
  };
}

export interface MergeRequest {
  readonly engine: Engine;
  readonly device: Device;
  readonly device_name: string;
  readonly host: Host;
  readonly name: string;
  readonly licence: string;
  readonly type: MergedType;
  readonly config: EngineConfig;
  /** Of the comparison. */
  readonly texts: readonly TextToPredict[];
  readonly run?: RunFacts | undefined;
  /** Of an adapter that was trained elsewhere, its card. */
  readonly card?: Uint8Array<ArrayBuffer> | undefined;
  onProgress(done: number, of: number): void;
}

interface FolderFile {
  readonly path: string;
  readonly blob: Blob;
}

/** The folder's files, the weights first. */
async function folderOf({ engine, host, type, card, ...asked }: MergeRequest): Promise<{ files: FolderFile[]; dtype: WrittenTypeName }> {
  const { model, setup, task, labels, trainer } = engine;
  const trained = trainedOf(engine);
  const { layout, dtype } = layoutOf(trained, type);
  const gathering = (await host.gathering?.()) ?? inBlobs();
  await writeTensors(layout, trained, await trainer.read('parameter'), (bytes) => gathering.write(bytes), asked.onProgress);
  const architecture = architectureOf(setup.backbone, setup.task.head, setup.pooling) ?? '';
  const { model_type } = setup.backbone.config;
  const facts = cardFacts({ engine, ...asked, device: asked.device_name, notes: [['type of the weights', dtype]] });
  const written = [
    configFile(model.config, {
      architecture,
      model_type,
      problem_type: task.problem_type,
      labels: task.head === 'words' ? undefined : labels,
      dtype,
    }),
    cardFile(facts, dtype, task.head, architecture),
    ...(card ? [{ path: 'ADAPTER.md', bytes: card }] : []),
  ];
  const files = [
    { path: WEIGHTS, blob: await gathering.end() },
    ...written.map(({ path, bytes }) => ({ path, blob: new Blob([new Uint8Array(bytes)]) })),
  ];
  for (const path of [...tokenizerFiles, ...(task.head === 'words' ? ['generation_config.json'] : [])]) {
    const source = await model.folder.open(path);
    if (source) files.push({ path, blob: new Blob([new Uint8Array(await source.read(0, source.size))]) });
  }
  if (engine.pictures) {
    const prepared = await preprocessorOf(model, engine.pictures);
    files.push({ path: preprocessorConfig, blob: new Blob([JSON.stringify(prepared, null, 2)]) });
  }
  return { files, dtype };
}

/** Logits of the folder's model, opened as one that somebody downloaded. */
async function logitsOf(files: readonly FolderFile[], { engine, host, device, name, config, texts }: MergeRequest) {
  const model = await openBaseModel({ kind: 'files', name, files: [...files] }, host);
  const merged = await startOwnHead({
    ...(engine.task.head === 'sequence' ? {} : { task: engine.task }),
    ...{ device, model, tokenizer: await tokenizerOf(model), max_length: config.training.max_length, buckets: engine.buckets },
    pictures: engine.pictures,
    onPhase: () => undefined,
  });
  try {
    return { sha256: merged.engine.sha256, logits: await logitsOfEach(merged.engine, texts) };
  } finally {
    merged.engine.executor.destroy();
  }
}

/** The folder of the merged model, compared with the trained one. Errors: `merge-refused`, `merge-differs`, `merge-not-finite`, `zip-too-large`. */
export async function mergeModel(asked: MergeRequest, packing: 'folder' | 'zip'): Promise<MergeResult> {
  const { engine, texts, name } = asked;
  const refusal = mergeRefusal(engine);
  if (refusal) throw refusal;
  const before = await logitsOfEach(engine, texts);
  const { files, dtype } = await folderOf(asked);
  const { logits, sha256 } = await logitsOf(files, asked);
  const largest_difference = largestDifference(before, logits);
  const largest = before.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const allowed = Math.max(logitTolerance, dtype === 'float32' ? 0 : roundings * spacing[dtype] * largest);
  if (!(largest_difference <= allowed)) {
    throw new RetraceError({
      code: 'merge-differs',
      message: `The merged model gives logits that differ by ${largest_difference} from those of the trained one (allowed: ${allowed}).`,
      where: name,
      remedy: dtype === 'float32' ? 'It was not kept. Please report this.' : `Rounding to ${dtype} loses too much: write it in float32.`,
    });
  }
  return {
    files: packing === 'folder' ? files : [{ path: `${name}.zip`, blob: await zipOf(files) }],
    dtype,
    bytes: files.reduce((sum, { blob }) => sum + blob.size, 0),
    sha256,
    verified: { texts: texts.length, largest_difference, largest_logit: largest },
  };
}
