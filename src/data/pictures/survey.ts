// What a set of pictures is like by the headers of its files: kinds, sizes, and files that are no whole pictures. Decodes nothing, and holds one file at a time.

import { type ErrorReport, RetraceError } from '../../protocol/errors.ts';
import { readHeader } from './format.ts';
import type { PictureFile, PictureKind } from './picture.ts';

export interface PictureSurvey {
  readonly kinds: Readonly<Partial<Record<PictureKind, number>>>;
  /** Pixels as stored, of the picture with the fewest and of that with the most. */
  readonly smallest?: { readonly width: number; readonly height: number };
  readonly largest?: { readonly width: number; readonly height: number };
  readonly broken: readonly { readonly path: string; readonly error: ErrorReport }[];
}

/** Errors: those of reading the files. */
export async function surveyPictures(pictures: Iterable<PictureFile>, onProgress?: (done: number) => void): Promise<PictureSurvey> {
  const kinds: Partial<Record<PictureKind, number>> = {};
  const broken: { path: string; error: ErrorReport }[] = [];
  let [smallest, largest]: (PictureSurvey['smallest'] | undefined)[] = [];
  let done = 0;
  for (const picture of pictures) {
    const bytes = new Uint8Array(await (await picture.blob()).arrayBuffer());
    try {
      const { kind, width, height } = readHeader(bytes, picture.path);
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      const size = { width, height };
      if (smallest === undefined || width * height < smallest.width * smallest.height) smallest = size;
      if (largest === undefined || width * height > largest.width * largest.height) largest = size;
    } catch (thrown) {
      if (!(thrown instanceof RetraceError)) throw thrown;
      broken.push({ path: picture.path, error: thrown.toReport() });
    }
    onProgress?.(++done);
  }
  return { kinds, broken, ...(smallest ? { smallest } : {}), ...(largest ? { largest } : {}) };
}
