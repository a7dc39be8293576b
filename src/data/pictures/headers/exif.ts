// The orientation in a block of EXIF: a TIFF header and its first directory. Nothing else of it is read. Whatever is wrong with the block, the picture stands
// as it is stored.

import { type Orientation, viewOf } from './header.ts';

const orientationTag = 0x0112;
const short = 3;

export interface Turn {
  readonly orientation: Orientation;
  readonly masks: readonly (readonly [at: number, byte: number])[];
}

export const upright: Turn = { orientation: 1, masks: [] };

/** The orientation in the block at [begin, end) of a file, and what to change there so that it says 1. */
export function orientationIn(bytes: Uint8Array, begin: number, end: number): Turn {
  // Some writers put JPEG's name of the block before it in other kinds too.
  const at = bytes[begin] === 0x45 && bytes[begin + 1] === 0x78 ? begin + 6 : begin;
  const block = viewOf(bytes.subarray(at, Math.min(end, bytes.length)));
  if (block.byteLength < 10) return upright;
  const little = block.getUint16(0) === 0x4949;
  if (!little && block.getUint16(0) !== 0x4d4d) return upright;
  const directory = block.getUint32(4, little);
  if (directory + 2 > block.byteLength) return upright;
  const count = block.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > block.byteLength) break;
    if (block.getUint16(entry, little) !== orientationTag || block.getUint16(entry + 2, little) !== short) continue;
    const value = block.getUint16(entry + 8, little);
    if (value < 2 || value > 8) break;
    return { orientation: value as Orientation, masks: [[at + entry + 8 + (little ? 0 : 1), 1]] };
  }
  return upright;
}
