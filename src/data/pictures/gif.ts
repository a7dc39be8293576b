// A GIF: its blocks, and the pixels of its first picture. Decoded here and not by a host, for hosts make transparent pixels black, and Pillow gives them the
// colour that their index has. Later pictures are stepped over. Invariant: codes and indices are bounded by tables, so that any bytes end in an error or pixels.

import { Broken, cutOff } from './broken.ts';
import { type PictureHeader, viewOf } from './headers/header.ts';
import type { Pixels } from './picture.ts';

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  readonly transparent: number | undefined;
  /** Bits of an index, and where its blocks of codes begin. */
  readonly bits: number;
  readonly at: number;
}

interface Gif {
  readonly width: number;
  readonly height: number;
  readonly frame: Frame;
  readonly frames: number;
  readonly alpha: boolean;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

/** Where the blocks that begin at `at` end: each has its length before it, the last has none. */
function afterBlocks(bytes: Uint8Array, at: number): number {
  for (let next = at; ; ) {
    const length = bytes[next];
    if (length === undefined) throw cutOff(bytes);
    next += 1 + length;
    if (length === 0) return next;
  }
}

/** Walks through all blocks up to the trailer. */
function readGif(bytes: Uint8Array): Gif {
  const view = viewOf(bytes);
  const need = (end: number): void => {
    if (end > bytes.length) throw cutOff(bytes);
  };
  const paletteAt = (at: number, flags: number): Uint8Array => {
    if ((flags & 0x80) === 0) return new Uint8Array(0);
    const end = at + (6 << (flags & 7));
    need(end);
    return bytes.subarray(at, end);
  };
  need(13);
  const screen = paletteAt(13, view.getUint8(10));
  let frame: Frame | undefined;
  let [frames, transparent]: [number, number | undefined] = [0, undefined];
  for (let at = 13 + screen.length; ; ) {
    need(at + 1);
    const block = view.getUint8(at);
    if (block === TRAILER) break;
    if (block === EXTENSION) {
      need(at + 7);
      if (view.getUint8(at + 1) === GRAPHIC_CONTROL && view.getUint8(at + 2) >= 4 && (view.getUint8(at + 3) & 1) === 1) {
        transparent = view.getUint8(at + 6);
      }
      at = afterBlocks(bytes, at + 2);
    } else if (block === IMAGE) {
      need(at + 11);
      const [x, y, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true)) as [number, number, number, number];
      const flags = view.getUint8(at + 9);
      const own = paletteAt(at + 10, flags);
      const codes = at + 10 + own.length;
      need(codes + 1);
      const palette = own.length > 0 ? own : screen;
      frame ??= { x, y, width, height, interlaced: (flags & 0x40) !== 0, palette, transparent, bits: view.getUint8(codes), at: codes + 1 };
      frames++;
      at = afterBlocks(bytes, codes + 1);
    } else at++;
  }
  if (frame === undefined) throw new Broken('it holds no picture');
  // As Pillow has it, a frame past the screen makes the screen larger.
  const width = Math.max(view.getUint16(6, true), frame.x + frame.width);
  const height = Math.max(view.getUint16(8, true), frame.y + frame.height);
  return { width, height, frame, frames, alpha: frame.transparent !== undefined };
}

export function gifHeader(bytes: Uint8Array): PictureHeader {
  const { width, height, alpha, frames } = readGif(bytes);
  return { kind: 'gif', width, height, alpha, animated: frames > 1, cmyk: false, orientation: 1, masks: [] };
}

/** The codes of a frame's blocks, one after another. */
function joinedBlocks(bytes: Uint8Array, at: number): Uint8Array {
  const joined = new Uint8Array(afterBlocks(bytes, at) - at);
  let length = 0;
  for (let next = at; ; ) {
    const size = bytes[next] as number;
    if (size === 0) return joined.subarray(0, length);
    joined.set(bytes.subarray(next + 1, next + 1 + size), length);
    length += size;
    next += 1 + size;
  }
}

/** GIF's LZW (appendix F of GIF89a): `count` indices. */
function indicesOf(codes: Uint8Array, bits: number, count: number): Uint8Array {
  if (bits < 1 || bits > 11) throw new Broken(`its codes begin with ${bits} bits`);
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  // Of each code: the code of what stands before its last index, that index, and how many indices it stands for.
  const [before, last, lengths] = [new Int16Array(4096), new Uint8Array(4096), new Uint16Array(4096)];
  for (let i = 0; i < clear; i++) [last[i], lengths[i]] = [i & 255, 1];
  const out = new Uint8Array(count);
  let [size, next, previous] = [bits + 1, end + 1, -1];
  let [held, heldBits, done] = [0, 0, 0];
  /** Writes what a code stands for, from its end to its beginning, and gives its first index. */
  const write = (code: number, to: number): number => {
    let each = code;
    for (let i = to + (lengths[code] as number) - 1; i > to; i--) {
      if (i < count) out[i] = last[each] as number;
      each = before[each] as number;
    }
    out[to] = last[each] as number;
    return last[each] as number;
  };
  for (let i = 0; done < count; ) {
    while (heldBits < size) {
      if (i >= codes.length) throw new Broken(`its codes end after ${done} of ${count} pixels`);
      held |= (codes[i++] as number) << heldBits;
      heldBits += 8;
    }
    const code = held & ((1 << size) - 1);
    held >>>= size;
    heldBits -= size;
    if (code === clear) {
      [size, next, previous] = [bits + 1, end + 1, -1];
      continue;
    }
    if (code === end) throw new Broken(`its codes end after ${done} of ${count} pixels`);
    if (previous < 0 ? code > clear : code > next) throw new Broken(`code ${code} at pixel ${done} stands for nothing yet`);
    // A code that is made by this very step ends with the index that it begins with.
    const isNew = code === next;
    const first = write(isNew ? previous : code, done);
    const length = (lengths[isNew ? previous : code] as number) + (isNew ? 1 : 0);
    if (isNew && done + length - 1 < count) out[done + length - 1] = first;
    done += length;
    if (previous >= 0 && next < 4096) {
      before[next] = previous;
      last[next] = first;
      lengths[next] = (lengths[previous] as number) + 1;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
  return out;
}

/** The row of a frame in which its `i`-th stored row stands. */
function* interlacedRows(height: number): Generator<number> {
  for (const [from, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = from; y < height; y += step) yield y;
  }
}

/** Three numbers for each of 256 indices. Past the end all is black, but where a palette is a ramp of greys, or there is none: that goes on. */
function coloursOf(palette: Uint8Array): Uint8Array {
  const isRamp = palette.every((value, i) => value === Math.floor(i / 3));
  const colours = isRamp ? Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)) : new Uint8Array(768);
  colours.set(palette);
  return colours;
}

/** The first picture of a GIF as Pillow's `convert("RGB")` has it. What it leaves of the screen has the transparent index, or the first. */
export function decodeGif(bytes: Uint8Array): Pixels {
  const { width, height, frame } = readGif(bytes);
  const colours = coloursOf(frame.palette);
  const data = new Uint8Array(width * height * 3);
  const paint = (pixel: number, index: number): void => {
    for (let c = 0; c < 3; c++) data[3 * pixel + c] = colours[3 * index + c] as number;
  };
  for (let i = 0; i < width * height; i++) paint(i, frame.transparent ?? 0);
  const indices = indicesOf(joinedBlocks(bytes, frame.at), frame.bits, frame.width * frame.height);
  const rows = frame.interlaced ? [...interlacedRows(frame.height)] : undefined;
  for (let i = 0; i < frame.height; i++) {
    const row = (frame.y + (rows?.[i] ?? i)) * width + frame.x;
    for (let x = 0; x < frame.width; x++) paint(row + x, indices[i * frame.width + x] as number);
  }
  return { width, height, data };
}
