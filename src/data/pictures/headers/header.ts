// What a file says of its picture before a pixel of it is decoded. Not here: how each kind says it (jpeg.ts, png.ts, webp.ts, gif.ts).

import type { PictureKind } from '../picture.ts';

/** EXIF's: what must be done to what is stored so that it stands upright; 1: nothing, 5 to 8: rows become columns. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface PictureHeader {
  readonly kind: PictureKind;
  /** As stored: before it is turned upright. */
  readonly width: number;
  readonly height: number;
  /** Whether pixels may be transparent. */
  readonly alpha: boolean;
  readonly animated: boolean;
  /** Stored in cyan, magenta, yellow and black. */
  readonly cmyk: boolean;
  readonly orientation: Orientation;
  /** Bytes to change, by their position, so that no decoder turns the picture or chooses another frame of it than the first: it is done here, alike everywhere. */
  readonly masks: readonly (readonly [at: number, byte: number])[];
}

/** Four letters of a file. */
export const tagAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
