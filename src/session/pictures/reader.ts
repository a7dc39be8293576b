// Pictures as a model reads them: decoded and resized in a worker, kept within a bound of bytes, cut into patches of a batch. Not here: which pictures a batch
// has (engine.ts), how one is decoded and resized (src/data/pictures). Invariant: the same picture, seed, epoch and place in the data give the same numbers.

import type { Batch } from '../../data/batches.ts';
import { type Augmentation, augment } from '../../data/pictures/augment.ts';
import type { PictureFile, PreparedPicture } from '../../data/pictures/picture.ts';
import { patchesOf } from '../../data/pictures/prepare.ts';
import { type ImageProcessorName, type PictureProcessor, readImageProcessor } from '../../data/pictures/processor.ts';
import { mirrored } from '../../data/pictures/turn.ts';
import type { PictureWorker } from '../../data/pictures/worker.ts';
import { isRecord } from '../../formats/text.ts';
import { readJson } from '../../hub/folder.ts';
import type { ImageShape } from '../../models/model.ts';
import { type ErrorReport, RetraceError, reportOf } from '../../protocol/errors.ts';
import type { BaseModel } from '../models/base_model.ts';
import { PictureCache } from './cache.ts';

/** Pictures that are under way at a time. */
const atATime = 16;

/** A picture that can't be read, and why. */
export interface BrokenPicture {
  readonly picture: PictureFile;
  readonly error: ErrorReport;
}

interface PictureReaderParts {
  readonly worker: PictureWorker;
  readonly processor: PictureProcessor;
  readonly image: ImageShape;
  readonly notes?: readonly string[];
  readonly cache?: PictureCache;
}

export class PictureReader {
  /** What people should know of how pictures are read. */
  readonly notes: readonly string[];
  readonly #processor: PictureProcessor;
  readonly #worker: PictureWorker;
  readonly #image: ImageShape;
  readonly #cache: PictureCache;

  constructor({ worker, processor, image, notes = [], cache = new PictureCache() }: PictureReaderParts) {
    this.notes = notes;
    this.#worker = worker;
    this.#processor = processor;
    this.#image = image;
    this.#cache = cache;
  }

  /** [S, S, 3], resized: the whole picture, or as training sees it by chance. Errors: `broken-picture`, `picture-too-large`, those of its file. */
  async prepared(picture: PictureFile | PreparedPicture, augmentation?: Augmentation): Promise<Uint8Array<ArrayBuffer>> {
    if ('prepared' in picture) return picture.prepared;
    if (augmentation?.options.min_scale !== undefined) return this.#prepare(picture, augmentation);
    const whole = this.#cache.get(picture) ?? (await this.#prepare(picture));
    this.#cache.keep(picture, whole);
    const { image_size: S } = this.#image;
    const { flip } = augmentation ? augment(augmentation.options, augmentation, S, S) : { flip: false };
    return flip ? mirrored({ width: S, height: S, data: whole }).data : whole;
  }

  async #prepare(picture: PictureFile, augmentation?: Augmentation): Promise<Uint8Array<ArrayBuffer>> {
    const asked = { processor: this.#processor, ...(augmentation ? { augmentation } : {}) };
    return this.#worker.prepare(await picture.blob(), picture.path, asked);
  }

  /** What makes numbers of pixels. */
  get scale(): Pick<PictureProcessor, 'rescale_factor' | 'normalize'> {
    return this.#processor;
  }

  /** Keys of a preprocessor_config.json that depend on the size of pictures. */
  get sizes(): Readonly<Record<string, unknown>> {
    const { size, image_size, do_center_crop } = this.#processor;
    return { ...(size ? { size } : {}), ...(do_center_crop ? { crop_size: { height: image_size, width: image_size } } : {}) };
  }

  /** The batch with the numbers of its pictures. `augmentations` by their place in the batch. */
  async filled({ pictures = [], ...batch }: Batch, augmentations: readonly Augmentation[] = []): Promise<Batch> {
    const { image_size, patch_size, num_channels } = this.#image;
    const size = Math.floor(image_size / patch_size) ** 2 * num_channels * patch_size ** 2;
    // Places that no picture fills are there too.
    const pixel_values = new Float32Array((batch.inputs['lengths']?.length ?? 0) * size);
    await Promise.all(
      pictures.map(async (picture, b) => {
        if (!picture) return;
        const pixels = await this.prepared(picture, augmentations[b]);
        patchesOf(pixels, this.#processor, patch_size, pixel_values.subarray(b * size, (b + 1) * size));
      }),
    );
    return { ...batch, inputs: { ...batch.inputs, pixel_values } };
  }

  /** Looks at every picture once and keeps what there is room for: those that can't be read. */
  async broken(pictures: readonly PictureFile[], onProgress: (done: number) => void | Promise<void>): Promise<BrokenPicture[]> {
    const found: BrokenPicture[] = [];
    for (let begin = 0; begin < pictures.length; begin += atATime) {
      const some = pictures.slice(begin, begin + atATime);
      const errors = await Promise.all(some.map((picture) => this.prepared(picture).then(() => undefined, faultOf)));
      for (const [i, error] of errors.entries()) if (error) found.push({ picture: some[i] as PictureFile, error });
      await onProgress(Math.min(begin + atATime, pictures.length));
    }
    return found;
  }
}

/** What is wrong with a picture; whatever else went wrong is thrown again. */
function faultOf(thrown: unknown): ErrorReport {
  if (thrown instanceof RetraceError && ['broken-picture', 'picture-too-large'].includes(thrown.code)) return reportOf(thrown);
  throw thrown;
}

/** What says how pictures are prepared. */
export const preprocessorConfig = 'preprocessor_config.json';

/** Transformers' class for a file that names none, or where there is no file. */
const classOf = (model: BaseModel): ImageProcessorName =>
  model.backbone().config.model_type === 'deit' ? 'DeiTImageProcessor' : 'ViTImageProcessor';

/** Of a model that looks at pictures; undefined where it reads texts. Errors: those of its preprocessor_config.json. */
export async function pictureReader(model: BaseModel, worker: () => Promise<PictureWorker>): Promise<PictureReader | undefined> {
  const { image } = model.backbone().config;
  if (!image) return undefined;
  const json = (await model.folder.open(preprocessorConfig)) ? await readJson(model.folder, preprocessorConfig) : undefined;
  const { processor, note } = readImageProcessor(json, `${model.name}/${preprocessorConfig}`, image.image_size, classOf(model));
  return new PictureReader({ worker: await worker(), processor, image, notes: note === undefined ? [] : [note] });
}

/** The preprocessor_config.json of a model that was made of this one: the base's own, at the size of pictures that the model was trained at. */
export async function preprocessorOf(model: BaseModel, { sizes }: PictureReader): Promise<Readonly<Record<string, unknown>>> {
  const own = (await model.folder.open(preprocessorConfig)) ? await readJson(model.folder, preprocessorConfig) : undefined;
  return { image_processor_type: classOf(model), ...(isRecord(own) ? own : {}), ...sizes };
}
