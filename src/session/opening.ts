// What makes a session ready to predict or write without a run of its own: an adapter of a file or the hub, a classifier or the words of a model as it is.
// Not here: how an adapter is read (importing.ts), how a plain model is started (plain_model.ts).
// Invariant: whatever was ready before is released only once the new model's files are known to be sound.

import { imageSizeIn } from '../formats/exported.ts';
import type { Device } from '../gpu/device.ts';
import { defaultTraining, type ModelRef } from '../protocol/config.ts';
import type { ImportResult, Phase } from '../protocol/messages.ts';
import { taskNamed, taskOf } from '../tasks/registry.ts';
import { readAdapterFor, startImported } from './adapters/importing.ts';
import type { Host } from './host.ts';
import type { OpenModels } from './models/open_models.ts';
import { startOwnHead } from './models/plain_model.ts';
import { requireRunnable } from './models/required_weights.ts';
import { inputsOf, poolingFor, requireTask, writtenTask } from './models/task_fit.ts';
import { originOf, type Ready } from './ready.ts';
import { Gate } from './run/gate.ts';

export interface Opening {
  readonly models: OpenModels;
  readonly offload: Host['offload'];
  device(): Promise<Device>;
  /** Frees what was ready before. */
  release(): Promise<void>;
  onPhase(phase: Phase, done?: number, of?: number): void;
}

export interface Opened {
  readonly ready: Ready;
  readonly result: ImportResult;
}

/** Texts of most data are shorter, and Transformers' encoders have so many positions. */
const usualLength = 512;

/** An adapter on the base that is asked for. `known`: what is ready now, whose weights need no second reading. */
export async function openAdapter(
  files: ReadonlyMap<string, Uint8Array>,
  asked: ModelRef,
  known: Ready | undefined,
  { models, offload, device, release, onPhase }: Opening,
): Promise<Opened> {
  const opened = await models.open(await models.fetched(asked), await imageSizeIn(files));
  const { model } = opened;
  const archive = await readAdapterFor(files, model, known?.engine.model === model ? known.engine.sha256 : undefined);
  await requireRunnable(model, poolingFor(taskOf(archive.config, inputsOf(model.backbone())), archive.config.pooling, model));
  await release();
  const surroundings = {
    device: await device(),
    model,
    tokenizer: await opened.tokenizer,
    pictures: await opened.pictures(),
    offload,
    onPhase,
  };
  const { engine, config, verified } = await startImported(archive, surroundings);
  const { labels, notes = [] } = archive;
  return {
    ready: { engine, config, origin: originOf(archive, files) },
    result: { name: archive.config.base_model.name, method: config.method, task: engine.task.name, labels, notes, verified },
  };
}

/** A model with a classifier of its own; longer texts are cut at `max_length` tokens. */
export async function openClassifier(
  asked: ModelRef,
  max_length: number | undefined,
  { models, device, release, onPhase }: Opening,
): Promise<Opened> {
  const { model, tokenizer, pictures } = await models.runnable(asked, {}, new Gate());
  const positions = model.backbone().config.max_position_embeddings;
  await release();
  const { engine, config } = await startOwnHead({
    ...{ device: await device(), model, tokenizer, pictures, max_length: max_length ?? Math.min(usualLength, positions), onPhase },
  });
  const verified = { texts: [], recorded: [], computed: [], largest_difference: 0 };
  const { task, labels, classifier } = engine;
  return {
    ready: { engine, config },
    result: { name: model.name, method: config.method, task: task.name, labels, notes: [classifier.text], verified },
  };
}

/** A pretrained model, ready to write. */
export async function openLanguageModel(asked: ModelRef, { models, device, release, onPhase }: Opening): Promise<Ready> {
  const { model, tokenizer } = await models.open(await models.fetched(asked));
  const task = taskNamed(writtenTask(model.backbone()));
  requireTask(task, model.backbone());
  await requireRunnable(model, undefined);
  await release();
  // What it writes with is planned beside it, for each text.
  const least = { batch_size: 1, buckets: [{ length: 8 }], max_length: defaultTraining.max_length };
  return startOwnHead({ device: await device(), model, tokenizer: await tokenizer, task, ...least, onPhase });
}
