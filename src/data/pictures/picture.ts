// A picture before and after it is decoded: a file of some kind whose bytes stay where they are until it is needed, and rows of pixels. Not here: how files
// are told apart (format.ts), resized (resample.ts) or found (../picture_sets).

/** What is read: told by the first bytes of a file, whatever it is called. */
export const pictureKinds = ['jpeg', 'png', 'webp', 'gif'] as const;
export type PictureKind = (typeof pictureKinds)[number];

/** An encoded picture. Nothing of it is held. */
export interface PictureFile {
  /** What people know it by: its path in its folder or zip, or its row in a file of rows. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Reads it. Errors: those of what it lies in. */
  blob(): Promise<Blob>;
}

/** A picture as a model reads it: decoded, and resized to a square of its size. */
export interface PreparedPicture {
  readonly path: string;
  readonly prepared: Uint8Array<ArrayBuffer>; // [S, S, 3]
}

/** A decoded picture: red, green and blue of each pixel, 8 bits each, as they stand in the file. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>; // [height, width, 3]
}

/**
 * Decodes with what is at hand where it runs. Upright by its EXIF orientation; the first picture of an animation; grey and palettes as colours; alpha is
 * dropped and the colours under it stay; 16 bits become 8; no colour profile is applied: as `Image.open(..).convert("RGB")` of Pillow after `exif_transpose`.
 * Throws whatever it likes where the bytes can't be decoded.
 */
export type DecodePicture = (blob: Blob, kind: PictureKind) => Promise<Pixels>;
