// Prepared pictures kept for the next time they are looked at, up to a bound of bytes: those that were not asked for longest go first. Pure.

import type { PictureFile } from '../../data/pictures/picture.ts';

/** 1,700 pictures of 224 x 224. */
export const usualBytes = 256 * 2 ** 20;

export class PictureCache {
  /** In the order in which they were last asked for. */
  readonly #kept = new Map<PictureFile, Uint8Array<ArrayBuffer>>();
  readonly #most: number;
  #bytes = 0;

  constructor(most = usualBytes) {
    this.#most = most;
  }

  /** Of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get(picture: PictureFile): Uint8Array<ArrayBuffer> | undefined {
    const pixels = this.#kept.get(picture);
    if (pixels === undefined) return undefined;
    this.#kept.delete(picture);
    this.#kept.set(picture, pixels);
    return pixels;
  }

  keep(picture: PictureFile, pixels: Uint8Array<ArrayBuffer>): void {
    if (this.#kept.has(picture) || pixels.length > this.#most) return;
    this.#kept.set(picture, pixels);
    this.#bytes += pixels.length;
    for (const [oldest, own] of this.#kept) {
      if (this.#bytes <= this.#most) return;
      this.#kept.delete(oldest);
      this.#bytes -= own.length;
    }
  }
}
