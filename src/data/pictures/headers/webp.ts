// A WebP chunk by chunk: sizes, transparency, orientation, and that it is as long as it says. Pixels are the decoder's.

import { Broken, cutOff } from '../broken.ts';
import { orientationIn, upright } from './exif.ts';
import { type PictureHeader, tagAt, viewOf } from './header.ts';

/** Flags of the chunk VP8X. */
const ALPHA = 0x10;
const ANIMATED = 0x02;

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly animated: boolean;
}

/** What a chunk says of the whole picture, if it does; its content begins at `at`. */
function canvasOf(bytes: Uint8Array, tag: string, at: number, length: number): Canvas | undefined {
  const view = viewOf(bytes);
  if (tag === 'VP8X' && length >= 10) {
    const flags = view.getUint8(at);
    const three = (from: number) => view.getUint16(from, true) + (view.getUint8(from + 2) << 16) + 1;
    return { width: three(at + 4), height: three(at + 7), alpha: (flags & ALPHA) !== 0, animated: (flags & ANIMATED) !== 0 };
  }
  if (tag === 'VP8 ' && length >= 10) {
    const [width, height] = [view.getUint16(at + 6, true) & 0x3fff, view.getUint16(at + 8, true) & 0x3fff];
    return { width, height, alpha: false, animated: false };
  }
  if (tag === 'VP8L' && length >= 5) {
    const sizes = view.getUint32(at + 1, true);
    return { width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1, alpha: ((sizes >>> 28) & 1) === 1, animated: false };
  }
  return undefined;
}

export function webpHeader(bytes: Uint8Array): PictureHeader {
  const view = viewOf(bytes);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw cutOff(bytes);
  let canvas: Canvas | undefined;
  let turn = upright;
  let hasPixels = false;
  for (let at = 12; at + 8 <= end; ) {
    const tag = tagAt(bytes, at);
    const length = view.getUint32(at + 4, true);
    if (at + 8 + length > end) throw new Broken(`its part '${tag}' is longer than the file`);
    // The first that says so: one of a single picture, or the one before all others.
    canvas ??= canvasOf(bytes, tag, at + 8, length);
    if (tag === 'VP8 ' || tag === 'VP8L' || tag === 'ANMF') hasPixels = true;
    else if (tag === 'EXIF') turn = orientationIn(bytes, at + 8, at + 8 + length);
    at += 8 + length + (length & 1);
  }
  if (canvas === undefined || !hasPixels) throw new Broken('it holds no picture');
  return { kind: 'webp', ...canvas, cmyk: false, ...turn };
}
