// For tests: what Pillow and Transformers say of small pictures (src/data/vectors/pictures.py), and the pictures.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Box } from './augment.ts';
import type { Pixels } from './picture.ts';
import type { Edges } from './resample.ts';

export interface PictureVectors {
  /** Pictures for models are squares of this many pixels. */
  readonly size: number;
  readonly processors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Files, and what Transformers reads of them, defaults included. */
  readonly read: readonly { readonly file: Readonly<Record<string, unknown>>; readonly read: Readonly<Record<string, unknown>> }[];
  /** What torchvision crops with the numbers of a key of the counter generator. */
  readonly crops: readonly {
    readonly width: number;
    readonly height: number;
    readonly min_scale: number;
    readonly key: number;
    readonly box: Box;
  }[];
  readonly pictures: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly sha256: string;
    readonly x: number;
    readonly y: number;
    readonly rgb: readonly number[];
  }[];
  readonly prepared: readonly {
    readonly name: string;
    readonly processor: string;
    readonly rgb_sha256: string;
    readonly pixel_values_sha256: string;
    readonly first: readonly number[];
  }[];
  readonly resampled: readonly {
    readonly of: readonly [number, number];
    readonly to: readonly [number, number];
    readonly box: Edges | null;
    readonly resample: number;
    readonly sha256: string;
  }[];
}

const folder = new URL('../vectors/', import.meta.url);
export const vectors = JSON.parse(readFileSync(new URL('pictures.json', folder), 'utf8')) as PictureVectors;

export const pictureBytes = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(`pictures/${name}`, folder)));

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The same numbers as `drawn` of pictures.py: half noise, half slopes. */
export function drawn(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const noise = Math.floor((x * 2654435761 + y * 40503 + c * 977 + x * y * 7919) / 32);
        const isNoise = (Math.floor(x / 8) + Math.floor(y / 8)) % 2 === 0;
        data[(y * width + x) * 3 + c] = isNoise ? noise % 256 : x * 5 + y * 3 + c * 80;
      }
    }
  }
  return { width, height, data };
}
