// Pixels moved about: cut out, mirrored, turned upright. No number of them changes.

import type { Box } from './augment.ts';
import type { Orientation } from './headers/header.ts';
import type { Pixels } from './picture.ts';

/** Pixels of a picture where `from` says, by their position there; negative: black. */
function gather({ data }: Pixels, width: number, height: number, from: (x: number, y: number) => number): Pixels {
  const out = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const at = 3 * from(x, y);
      if (at < 0) continue;
      out[to] = data[at] as number;
      out[to + 1] = data[at + 1] as number;
      out[to + 2] = data[at + 2] as number;
    }
  }
  return { width, height, data: out };
}

/** A rectangle of a picture; what of it lies outside is black. */
export function crop(pixels: Pixels, { left, top, width, height }: Box): Pixels {
  if (left === 0 && top === 0 && width === pixels.width && height === pixels.height) return pixels;
  return gather(pixels, width, height, (x, y) => {
    const fromX = x + left;
    const fromY = y + top;
    return fromX < 0 || fromY < 0 || fromX >= pixels.width || fromY >= pixels.height ? -1 : fromY * pixels.width + fromX;
  });
}

/** The middle of a picture. Where a side of it is odd and smaller, the wider border is before it, as Transformers' center_crop has it. */
export const centerCrop = (pixels: Pixels, size: number): Pixels =>
  crop(pixels, {
    left: Math.floor((pixels.width - size) / 2),
    top: Math.floor((pixels.height - size) / 2),
    width: size,
    height: size,
  });

/** Left to right. */
export const mirrored = (pixels: Pixels): Pixels => upright(pixels, 2);

/** A picture as it stands, from how it is stored. */
export function upright(pixels: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return pixels;
  const { width, height } = pixels;
  const at = (x: number, y: number): number => y * width + x;
  const [right, bottom] = [width - 1, height - 1];
  const moves: Readonly<Record<Exclude<Orientation, 1>, (x: number, y: number) => number>> = {
    2: (x, y) => at(right - x, y),
    3: (x, y) => at(right - x, bottom - y),
    4: (x, y) => at(x, bottom - y),
    5: (x, y) => at(y, x),
    6: (x, y) => at(y, bottom - x),
    7: (x, y) => at(right - y, bottom - x),
    8: (x, y) => at(right - y, x),
  };
  return orientation < 5 ? gather(pixels, width, height, moves[orientation]) : gather(pixels, height, width, moves[orientation]);
}
