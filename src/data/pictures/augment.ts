// Which part of a picture an example is in an epoch, and whether it is mirrored: torchvision's RandomResizedCrop and RandomHorizontalFlip, with the numbers of
// the counter generator. Not here: doing it (prepare.ts). Invariant: a function of seed, epoch and example alone, so that a run that goes on sees what it
// would have seen, in whatever order pictures are read.

import { randomKey, randomU32, randomUniform, siteId } from '../../random/counter.ts';

export interface AugmentOptions {
  /** The smallest part of a picture's area that a random crop keeps, above 0 and at most 1; undefined: pictures are not cropped at random. */
  readonly min_scale: number | undefined;
  /** Mirrors every other picture, left to right. */
  readonly flip: boolean;
}

export interface AugmentKey {
  readonly seed: number;
  readonly epoch: number;
  /** The number of the example in its data. */
  readonly example: number;
}

/** What is done to a picture before it is decoded, as plain data. */
export interface Augmentation extends AugmentKey {
  readonly options: AugmentOptions;
}

/** A rectangle of whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Augmented {
  /** undefined: the whole picture, as the processor has it. */
  readonly box: Box | undefined;
  readonly flip: boolean;
}

const ratio = [3 / 4, 4 / 3] as const;
const tries = 10;
const site = siteId('pictures.augment');

/** What becomes of a picture of this size. */
export function augment(
  { min_scale, flip }: AugmentOptions,
  { seed, epoch, example }: AugmentKey,
  width: number,
  height: number,
): Augmented {
  const key = randomU32(randomKey(seed, epoch, site), example);
  return {
    box: min_scale === undefined ? undefined : randomBox(key, min_scale, width, height),
    // The first number; those of the box come after it, so that one does not change with the other.
    flip: flip && randomUniform(key, 0) < 0.5,
  };
}

/** torchvision 0.29, RandomResizedCrop.get_params, with the numbers of `key` from the second on: an area and a ratio that fit within ten tries, else the largest middle part whose ratio is within bounds. */
export function randomBox(key: number, min_scale: number, width: number, height: number): Box {
  let index = 1;
  const uniform = (from: number, to: number): number => from + (to - from) * randomUniform(key, index++);
  const below = (count: number): number => Math.floor(randomUniform(key, index++) * count);
  for (let i = 0; i < tries; i++) {
    const area = width * height * uniform(min_scale, 1);
    const aspect = Math.exp(uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const [w, h] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (w > 0 && w <= width && h > 0 && h <= height) return { top: below(height - h + 1), left: below(width - w + 1), width: w, height: h };
  }
  const whole = width / height;
  const w = whole > ratio[1] ? Math.round(height * ratio[1]) : width;
  const h = whole < ratio[0] ? Math.round(width / ratio[0]) : height;
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), width: w, height: h };
}
