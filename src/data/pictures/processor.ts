// What preprocessor_config.json says of how a picture becomes a model's numbers: size, crop, filter, scale, mean. Read with Transformers' defaults for the class
// that the file names, where the file leaves something out. Not here: doing it (prepare.ts).
// Invariant: whatever the file says, the result is a square of the size that is asked for.

import { FieldReader } from '../../protocol/field_reader.ts';
import { type Resample, resampleCodes } from './resample.ts';

export type Channels = readonly [red: number, green: number, blue: number];

/** Where a picture's size goes before the middle is cut out of it. */
export type PictureSize = { readonly height: number; readonly width: number } | { readonly shortest_edge: number };

/** Plain data: it goes to workers. */
export interface PictureProcessor {
  /** The result is a square of so many pixels. */
  readonly image_size: number;
  /** undefined: the picture is not resized. */
  readonly size: PictureSize | undefined;
  readonly resample: Resample;
  /** Whether a square of image_size is cut out of the middle; what is smaller is padded with black. */
  readonly do_center_crop: boolean;
  /** undefined: numbers stay 0 to 255. */
  readonly rescale_factor: number | undefined;
  /** undefined: numbers are not normalised. */
  readonly normalize: { readonly image_mean: Channels; readonly image_std: Channels } | undefined;
}

export interface ReadProcessor {
  readonly processor: PictureProcessor;
  /** What people should know of it, in sentences: what the file does not say, or says otherwise. */
  readonly note?: string;
}

interface Defaults {
  readonly size: unknown;
  readonly crop_size: number;
  readonly do_center_crop: boolean;
  readonly resample: Resample;
  readonly image_mean: Channels;
  readonly image_std: Channels;
  /** Whether `size` as one number is both sides, or the shorter one. */
  readonly default_to_square: boolean;
}

const halves: Channels = [0.5, 0.5, 0.5];
const square: Defaults = {
  size: { height: 224, width: 224 },
  crop_size: 224,
  do_center_crop: false,
  resample: resampleCodes.bicubic,
  image_mean: halves,
  image_std: halves,
  default_to_square: true,
};
const clip: Defaults = {
  ...square,
  size: { shortest_edge: 224 },
  do_center_crop: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  default_to_square: false,
};

/** As the classes of Transformers 5.24 have them, under their names without Fast and Pil; older files say FeatureExtractor. */
const classes = {
  ViTImageProcessor: { ...square, resample: resampleCodes.bilinear },
  DeiTImageProcessor: { ...square, size: { height: 256, width: 256 }, do_center_crop: true },
  BitImageProcessor: clip,
  CLIPImageProcessor: clip,
  BeitImageProcessor: square,
  SiglipImageProcessor: { ...square, default_to_square: false },
  ConvNextImageProcessor: { ...square, size: { shortest_edge: 384 }, default_to_square: false },
} as const satisfies Readonly<Record<string, Defaults>>;
export type ImageProcessorName = keyof typeof classes;

/** Sizes past this are no model's. */
const largest = 2 ** 14;

class ProcessorReader extends FieldReader {
  constructor(json: unknown, place: string) {
    super(json, place, {
      message: 'The description of how pictures are read is not a JSON object.',
      remedy: 'Check the file, or choose another model.',
    });
  }

  number(name: string, fallback: number, most: number): number {
    const value = this.at(name) ?? fallback;
    return typeof value === 'number' && value > 0 && value <= most ? value : this.fail(name, `a number above 0, at most ${most}`);
  }

  resample(fallback: Resample): Resample {
    const value = this.at('resample') ?? fallback;
    const all = Object.entries(resampleCodes);
    return all.find(([, code]) => code === value)?.[1] ?? this.fail('resample', all.map(([name, code]) => `${code} (${name})`).join(', '));
  }

  /** A number for each channel, or one for all. */
  channels(name: string, fallback: Channels, least: number): Channels {
    const value = this.at(name) ?? fallback;
    const each = typeof value === 'number' ? [value, value, value] : value;
    const holds = Array.isArray(each) && each.length === 3 && each.every((one) => typeof one === 'number' && one >= least && one <= 1000);
    return holds ? (each as unknown as Channels) : this.fail(name, `three numbers, for red, green and blue, from ${least} to 1000`);
  }

  /** A size in any of its spellings: a number, height and width, or the shortest edge. */
  size(name: string, fallback: unknown, defaultToSquare: boolean): PictureSize {
    const value = this.at(name) ?? fallback;
    const isSide = (side: unknown): side is number => typeof side === 'number' && Number.isInteger(side) && side > 0 && side <= largest;
    if (isSide(value)) return defaultToSquare ? { height: value, width: value } : { shortest_edge: value };
    const { height, width, shortest_edge, ...others } = (typeof value === 'object' ? value : {}) as Record<string, unknown>;
    const given = (side: unknown): boolean => side !== undefined && side !== null;
    if (!Object.values(others).some(given)) {
      if (isSide(height) && isSide(width) && !given(shortest_edge)) return { height, width };
      if (isSide(shortest_edge) && !given(height) && !given(width)) return { shortest_edge };
    }
    return this.fail(name, `height and width, or shortest_edge: whole numbers from 1 to ${largest}`);
  }

  /** The side of a size that is a square. */
  side(name: string, fallback: unknown): number {
    const size = this.size(name, fallback, true);
    return 'height' in size && size.height === size.width ? size.height : this.fail(name, 'a square: height and width alike');
  }

  className(fallback: ImageProcessorName): ImageProcessorName {
    const key = ['image_processor_type', 'feature_extractor_type'].find((name) => this.at(name) !== undefined);
    if (key === undefined) return fallback;
    const given = this.at(key);
    const bare = typeof given === 'string' && given.replace(/(?:Fast|Pil)$/, '').replace(/FeatureExtractor$/, 'ImageProcessor');
    const names = Object.keys(classes) as ImageProcessorName[];
    return names.find((name) => name === bare) ?? this.fail(key, names.join(', '));
  }
}

/** Sizes of the file, and the side of the square that comes out. */
interface Geometry {
  readonly size: PictureSize | undefined;
  readonly crop: number | undefined;
  readonly side: number;
}

function geometryOf(read: ProcessorReader, name: ImageProcessorName): Geometry {
  const defaults: Defaults = classes[name];
  const crop = read.flag('do_center_crop', defaults.do_center_crop) ? read.side('crop_size', defaults.crop_size) : undefined;
  if (!read.flag('do_resize', true)) {
    return crop === undefined
      ? read.fail('do_resize', 'true, or do_center_crop: pictures of all sizes must become one')
      : { size: undefined, crop, side: crop };
  }
  const size = read.size('size', defaults.size, defaults.default_to_square);
  if (crop !== undefined && name === 'ConvNextImageProcessor') return read.fail('do_center_crop', 'false: this class cuts by crop_pct');
  if (crop !== undefined) return { size, crop, side: crop };
  if (!('shortest_edge' in size)) {
    const side = read.side('size', defaults.size);
    return { size, crop, side };
  }
  if (name !== 'ConvNextImageProcessor')
    return read.fail('size', 'height and width, or do_center_crop: pictures of all shapes must become squares');
  // ConvNeXT: small squares are cut out of pictures a little larger, large ones are the whole picture, squeezed.
  const side = size.shortest_edge;
  if (side >= 384) return { size: { height: side, width: side }, crop: undefined, side };
  return { size: { shortest_edge: Math.trunc(side / read.number('crop_pct', 224 / 256, 1)) }, crop: side, side };
}

/** A size in the proportion in which the square changes. */
function scaled(size: PictureSize, from: number, to: number): PictureSize {
  const side = (of: number): number => Math.max(1, Math.round((of * to) / from));
  return 'shortest_edge' in size ? { shortest_edge: side(size.shortest_edge) } : { height: side(size.height), width: side(size.width) };
}

/**
 * How pictures become squares of `image_size`, from a preprocessor_config.json (undefined: there is none). `fallback`: the class where the file names none.
 * Errors: `config`, naming the key in `place`.
 */
export function readImageProcessor(
  json: unknown,
  place: string,
  image_size: number,
  fallback: ImageProcessorName = 'ViTImageProcessor',
): ReadProcessor {
  const read = new ProcessorReader(json === undefined ? {} : json, place);
  const name = read.className(fallback);
  const defaults: Defaults = classes[name];
  const { size, crop, side } = geometryOf(read, name);
  read.flag('do_convert_rgb', true);
  if (read.flag('do_pad', false)) read.fail('do_pad', 'false');
  const [rescales, normalizes] = [read.flag('do_rescale', true), read.flag('do_normalize', true)];
  const processor: PictureProcessor = {
    image_size,
    size: size === undefined ? undefined : scaled(size, side, image_size),
    resample: read.resample(defaults.resample),
    do_center_crop: crop !== undefined,
    rescale_factor: rescales ? read.number('rescale_factor', 1 / 255, 1000) : undefined,
    normalize: normalizes
      ? {
          image_mean: read.channels('image_mean', defaults.image_mean, -1000),
          image_std: read.channels('image_std', defaults.image_std, 1e-6),
        }
      : undefined,
  };
  if (json === undefined) {
    return {
      processor,
      note: `The model has no preprocessor_config.json: pictures are read as ${name} does by default, at ${image_size} × ${image_size}.`,
    };
  }
  if (side === image_size) return { processor };
  return {
    processor,
    note: `preprocessor_config.json makes pictures of ${side} × ${side}; they are made ${image_size} × ${image_size} in the same way.`,
  };
}
