// A PNG chunk by chunk: sizes, transparency, orientation, and that it ends with IEND. Pixels and checksums are the decoder's.

import { Broken, cutOff } from '../broken.ts';
import { orientationIn, upright } from './exif.ts';
import { type PictureHeader, tagAt, viewOf } from './header.ts';

export function pngHeader(bytes: Uint8Array): PictureHeader {
  const view = viewOf(bytes);
  if (bytes.length < 33) throw cutOff(bytes);
  if (tagAt(bytes, 12) !== 'IHDR') throw new Broken('it does not begin with its header');
  const [width, height, colour] = [view.getUint32(16), view.getUint32(20), view.getUint8(25)];
  // Grey and colours with an alpha of their own; others have some through a chunk.
  let alpha = colour === 4 || colour === 6;
  let turn = upright;
  /** Where a chunk says that there are more frames. What IDAT holds may be none of them, and is what is read. */
  let animation: number | undefined;
  let hasPixels = false;
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw cutOff(bytes);
    const length = view.getUint32(at);
    const tag = tagAt(bytes, at + 4);
    const next = at + 12 + length;
    if (next > bytes.length) throw cutOff(bytes);
    if (tag === 'IEND') break;
    if (tag === 'IDAT') hasPixels = true;
    else if (tag === 'tRNS') alpha = true;
    else if (tag === 'acTL') animation ??= at + 7;
    else if (tag === 'eXIf') turn = orientationIn(bytes, at + 8, at + 8 + length);
    at = next;
  }
  if (!hasPixels) throw new Broken('it holds no picture');
  const masks = [...turn.masks, ...(animation === undefined ? [] : [[animation, 0x78] as const])];
  const animated = animation !== undefined;
  return { kind: 'png', width, height, alpha, animated, cmyk: false, orientation: turn.orientation, masks };
}
