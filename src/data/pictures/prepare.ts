// From the bytes of a picture to what a model reads: first to a square of 8-bit pixels, Pillow's to the bit, which is small enough to keep; then to the numbers
// of its patches, which is done anew for every batch. Invariant: the order of operations is that of Transformers' PIL image processors.

import { RetraceError } from '../../protocol/errors.ts';
import { type Augmentation, augment } from './augment.ts';
import { brokenPicture } from './broken.ts';
import { mostPixels, readHeader } from './format.ts';
import type { DecodePicture, Pixels } from './picture.ts';
import type { PictureProcessor } from './processor.ts';
import { resize } from './resample.ts';
import { centerCrop, crop, mirrored } from './turn.ts';

/** What is to be made of a picture, as plain data. */
export interface PictureRequest {
  readonly processor: PictureProcessor;
  readonly augmentation?: Augmentation;
}

/**
 * A picture as a square of 8-bit pixels: decoded, cropped, resized, its middle cut out, mirrored. [S, S, 3]
 * Errors: `broken-picture`, `picture-too-large`, naming `path`.
 */
export async function prepare(
  file: Blob,
  path: string,
  { processor, augmentation }: PictureRequest,
  decode: DecodePicture,
): Promise<Uint8Array<ArrayBuffer>> {
  const { kind } = readHeader(new Uint8Array(await file.arrayBuffer()), path);
  const pixels = await decode(file, kind).catch((thrown: unknown) => {
    if (thrown instanceof RetraceError) throw thrown;
    throw brokenPicture(path, thrown instanceof Error ? thrown.message : String(thrown));
  });
  const { box, flip } =
    augmentation === undefined ? { box: undefined, flip: false } : augment(augmentation.options, augmentation, pixels.width, pixels.height);
  const { image_size, resample } = processor;
  const fitted = box === undefined ? fit(pixels, path, processor) : resize(crop(pixels, box), image_size, image_size, resample);
  return (flip ? mirrored(fitted) : fitted).data;
}

/** The whole picture, or its middle, as the processor has it. */
function fit(pixels: Pixels, path: string, { image_size, size, resample, do_center_crop }: PictureProcessor): Pixels {
  const [width, height] = size === undefined ? [pixels.width, pixels.height] : resizedTo(pixels, size);
  if (width * height > mostPixels) {
    throw new RetraceError({
      code: 'picture-too-large',
      message: `'${path}' has ${pixels.width} × ${pixels.height} pixels, which the model's way to resize makes ${width} × ${height}; at most ${mostPixels} are made.`,
      where: path,
      remedy: 'Cut the picture to a shape nearer to a square, or leave it out.',
    });
  }
  const resized = resize(pixels, width, height, resample);
  return do_center_crop ? centerCrop(resized, image_size) : resized;
}

/** Width and height after resizing: Transformers' get_resize_output_image_size. */
function resizedTo({ width, height }: Pixels, size: NonNullable<PictureProcessor['size']>): [width: number, height: number] {
  if (!('shortest_edge' in size)) return [size.width, size.height];
  const short = size.shortest_edge;
  return width <= height ? [short, Math.trunc((short * height) / width)] : [Math.trunc((short * width) / height), short];
}

/** What each of the 256 values of a channel becomes: (x · rescale_factor - mean) / std, each step rounded to f32 as in NumPy. */
function valuesOf({ rescale_factor, normalize }: PictureProcessor, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, x) => {
    const scaled = Math.fround(rescale_factor === undefined ? x : x * rescale_factor);
    if (normalize === undefined) return scaled;
    const [mean, std] = [normalize.image_mean[channel] as number, normalize.image_std[channel] as number];
    return Math.fround(scaled - Math.fround(mean)) / Math.fround(std);
  });
}

/**
 * The numbers of a square's patches, rows of them from left to right and top to bottom, [P, 3 · p · p]; within a patch as a Conv2d's weight [C, 3, p, p] has
 * them: channel, row, column. `rgb`: [S, S, 3]. What a last patch would not fill is left out, as the convolution does.
 */
export function patchesOf(rgb: Uint8Array, processor: PictureProcessor, patch_size: number, into: Float32Array): void {
  const { image_size } = processor;
  const across = Math.floor(image_size / patch_size);
  const values = [0, 1, 2].map((channel) => valuesOf(processor, channel));
  let to = 0;
  for (let patch = 0; patch < across * across; patch++) {
    const [top, left] = [Math.floor(patch / across) * patch_size, (patch % across) * patch_size];
    values.forEach((value, channel) => {
      for (let y = top; y < top + patch_size; y++) {
        for (let x = left; x < left + patch_size; x++) into[to++] = value[rgb[(y * image_size + x) * 3 + channel] as number] as number;
      }
    });
  }
}
