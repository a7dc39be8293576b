// The models that a session has opened, and what it takes before a run begins with one. Invariant: whatever is wrong with a model's folder is refused here,
// before any work on data.

import { withinTables } from '../../data/ids.ts';
import { noTokenizer } from '../../data/pictures/no_tokenizer.ts';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer.ts';
import type { ModelRef, RunConfig } from '../../protocol/config.ts';
import type { Host } from '../host.ts';
import { type PictureReader, pictureReader } from '../pictures/reader.ts';
import type { Gate } from '../run/gate.ts';
import { type BaseModel, openBaseModel } from './base_model.ts';
import type { Fetching } from './hub_models.ts';
import { requireRunnable } from './required_weights.ts';
import { poolingFor, requireTask, taskFor } from './task_fit.ts';
import { checkNumbers } from './weights.ts';

export interface OpenModel {
  readonly model: BaseModel;
  readonly tokenizer: Promise<Tokenizer>;
  /** What reads pictures, anew each time it is asked for; undefined where the model reads texts. */
  pictures(): Promise<PictureReader | undefined>;
}

export const tokenizerOf = async (model: BaseModel): Promise<Tokenizer> =>
  model.backbone().config.image ? noTokenizer(model.name) : withinTables(await loadTokenizer(model.folder), model.backbone().config);

export class OpenModels {
  readonly #host: Host;
  readonly #fetching: Fetching;
  readonly #open = new Map<string, Promise<OpenModel>>();

  constructor(host: Host, fetching: Fetching) {
    this.#host = host;
    this.#fetching = fetching;
  }

  /** What is kept of the hub has changed. */
  forget(): void {
    this.#open.clear();
  }

  /** Opened models stay: their header and tokenizer are small, their weights are read anew for each run. */
  open(model: ModelRef, image_size?: number): Promise<OpenModel> {
    const open = async () => {
      const opened = await openBaseModel(model, this.#host, image_size);
      let tokenizer: Promise<Tokenizer> | undefined;
      return {
        model: opened,
        get tokenizer() {
          tokenizer ??= tokenizerOf(opened);
          return tokenizer;
        },
        pictures: () => pictureReader(opened, () => this.#host.pictures()),
      };
    };
    if (model.kind === 'files') return open();
    const name = model.kind === 'hub' ? `${model.name}@${model.commit ?? model.revision ?? ''}` : model.name;
    const key = JSON.stringify([name, image_size]);
    const known = this.#open.get(key) ?? open();
    this.#open.set(key, known);
    known.catch(() => this.#open.delete(key));
    return known;
  }

  /** A model that a run can begin with, its tokenizer beside it. */
  async runnable(
    asked: ModelRef,
    { task, pooling, image_size }: Pick<RunConfig, 'task' | 'pooling' | 'image_size'>,
    gate: Gate,
    onProgress?: (done: number, of: number) => void,
  ) {
    const ref = await this.fetched(asked, gate);
    const opened = await this.open(ref, image_size);
    const { model } = opened;
    const row = taskFor(task, model.backbone());
    requireTask(row, model.backbone());
    const placements = await requireRunnable(model, poolingFor(row, pooling, model));
    // Bundled weights are known to be sound; others are read once more for it than they need to be.
    if (ref.kind !== 'bundled') await checkNumbers(model, placements, onProgress);
    return { ref, model, tokenizer: await opened.tokenizer, pictures: await opened.pictures() };
  }

  /** A model whose weights are here; one of the hub is fetched, and is from now on that of its commit. */
  async fetched(ref: ModelRef, gate?: Gate): Promise<ModelRef> {
    return ref.kind === 'hub' ? { ...ref, commit: (await this.#fetching.fetch(ref, () => gate?.requireOpen())).commit } : ref;
  }
}
