// Pillow's `Image.resize` for 8-bit RGB, bit for bit: two passes, each a weighted sum in integers (Resample.c of Pillow 13), and its own way to take the nearest
// pixel (ImagingScaleAffine of Geometry.c). Invariant: the order of operations, in f64 and in int32, is Pillow's; a shortcut changes bits.

import type { Pixels } from './picture.ts';

/** PIL's codes of filters, which preprocessor_config.json has. */
export const resampleCodes = { nearest: 0, lanczos: 1, bilinear: 2, bicubic: 3, box: 4, hamming: 5 } as const;
export type Resample = (typeof resampleCodes)[keyof typeof resampleCodes];

/** Left, top, right and bottom edges within a picture, in pixels that may be parts of one. */
export type Edges = readonly [left: number, top: number, right: number, bottom: number];

interface Filter {
  /** How far it reaches, in pixels of the smaller scale. */
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const filters: Readonly<Record<Exclude<Resample, 0>, Filter>> = {
  1: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  2: { support: 1, weight: (x) => (Math.abs(x) < 1 ? 1 - Math.abs(x) : 0) },
  3: { support: 2, weight: bicubic },
  4: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  5: { support: 1, weight: hamming },
};

/** Keys (1981) with a = -0.5. */
function bicubic(signed: number): number {
  const a = -0.5;
  const x = Math.abs(signed);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function hamming(signed: number): number {
  const x = Math.abs(signed);
  if (x === 0) return 1;
  if (x >= 1) return 0;
  const angle = x * Math.PI;
  // The two constants are f32 in Pillow.
  return (Math.sin(angle) / angle) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(angle));
}

/** Fraction bits of a weight: sums of 8-bit values, with room for two bits of overshoot, fill an int32. */
const PRECISION_BITS = 32 - 8 - 2;

interface Coefficients {
  /** Weights an output pixel has room for. */
  readonly taps: number;
  /** Of each output pixel: its first input pixel, and how many there are. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array; // [outSize, taps]
}

/** precompute_coeffs and normalize_coeffs_8bpc. */
function coefficientsOf(inSize: number, from: number, to: number, outSize: number, { support: reach, weight }: Filter): Coefficients {
  const scale = Math.fround(Math.fround(to) - Math.fround(from)) / outSize;
  const filterScale = Math.max(scale, 1);
  const support = reach * filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const [first, count, weights] = [new Int32Array(outSize), new Int32Array(outSize), new Int32Array(outSize * taps)];
  const row = new Float64Array(taps);
  for (let out = 0; out < outSize; out++) {
    const center = Math.fround(from) + (out + 0.5) * scale;
    const step = 1 / filterScale;
    const begin = Math.max(0, Math.trunc(center - support + 0.5));
    const width = Math.min(inSize, Math.trunc(center + support + 0.5)) - begin;
    let total = 0;
    for (let i = 0; i < width; i++) {
      row[i] = weight((i + begin - center + 0.5) * step);
      total += row[i] as number;
    }
    first[out] = begin;
    count[out] = width;
    for (let i = 0; i < width; i++) {
      const each = total === 0 ? (row[i] as number) : (row[i] as number) / total;
      weights[out * taps + i] = Math.trunc((each < 0 ? -0.5 : 0.5) + each * 2 ** PRECISION_BITS);
    }
  }
  return { taps, first, count, weights };
}

const clip8 = (sum: number): number => {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

const half = 2 ** (PRECISION_BITS - 1);

/** Rows [begin, end), each to `width` pixels. */
function horizontal({ width: inWidth, data }: Pixels, width: number, begin: number, end: number, by: Coefficients): Pixels {
  const out = new Uint8Array(width * (end - begin) * 3);
  const { weights } = by;
  for (let y = begin; y < end; y++) {
    for (let x = 0; x < width; x++) {
      let at = (y * inWidth + (by.first[x] as number)) * 3;
      const weightsEnd = x * by.taps + (by.count[x] as number);
      let red = half;
      let green = half;
      let blue = half;
      for (let i = x * by.taps; i < weightsEnd; i++, at += 3) {
        const weight = weights[i] as number;
        red = (red + Math.imul(data[at] as number, weight)) | 0;
        green = (green + Math.imul(data[at + 1] as number, weight)) | 0;
        blue = (blue + Math.imul(data[at + 2] as number, weight)) | 0;
      }
      const to = ((y - begin) * width + x) * 3;
      out[to] = clip8(red);
      out[to + 1] = clip8(green);
      out[to + 2] = clip8(blue);
    }
  }
  return { width, height: end - begin, data: out };
}

/** Columns to `height` pixels. The first row of `pixels` is row `begin` of what `by` speaks of. */
function vertical({ width, data }: Pixels, height: number, begin: number, by: Coefficients): Pixels {
  const row = width * 3;
  const out = new Uint8Array(row * height);
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    const first = (by.first[y] as number) - begin;
    for (let i = 0; i < (by.count[y] as number); i++) {
      const weight = by.weights[y * by.taps + i] as number;
      const from = (first + i) * row;
      for (let x = 0; x < row; x++) sums[x] = (sums[x] as number) + Math.imul(data[from + x] as number, weight);
    }
    for (let x = 0; x < row; x++) out[y * row + x] = clip8(sums[x] as number);
  }
  return { width, height, data: out };
}

/** The pixel in which the centre of each output pixel lies; positions are added up, as Pillow does. */
function nearest({ width: inWidth, height: inHeight, data }: Pixels, width: number, height: number, box: Edges): Pixels {
  const [left, top, right, bottom] = box.map(Math.fround) as [number, number, number, number];
  const positions = (from: number, step: number, count: number, size: number): Int32Array => {
    let at = from + step * 0.5;
    return Int32Array.from({ length: count }, () => {
      const position = at < 0 ? -1 : Math.trunc(at);
      at += step;
      return position < size ? position : -1;
    });
  };
  const columns = positions(left, Math.fround(right - left) / width, width, inWidth);
  const rows = positions(top, Math.fround(bottom - top) / height, height, inHeight);
  const out = new Uint8Array(width * height * 3);
  rows.forEach((fromY, y) => {
    columns.forEach((fromX, x) => {
      if (fromX < 0 || fromY < 0) return;
      for (let c = 0; c < 3; c++) out[(y * width + x) * 3 + c] = data[(fromY * inWidth + fromX) * 3 + c] as number;
    });
  });
  return { width, height, data: out };
}

/** Which pass comes first, for each rounds to 8 bits: Pillow 13's rule. Up to 12 the horizontal one always did. */
const isVerticalFirst = (from: Pixels, width: number, height: number): boolean =>
  from.height > height && from.height - height > 2 * (from.width - width);

/** `Image.resize((width, height), resample, box)`. `box`: what of the picture is resized; pixels about it still count, where a filter reaches them. */
export function resize(pixels: Pixels, width: number, height: number, resample: Resample, box?: Edges): Pixels {
  const [left, top, right, bottom] = box ?? [0, 0, pixels.width, pixels.height];
  const isWhole = left === 0 && top === 0 && right === pixels.width && bottom === pixels.height;
  if (isWhole && width === pixels.width && height === pixels.height) return pixels;
  if (resample === 0) return nearest(pixels, width, height, [left, top, right, bottom]);
  const filter = filters[resample];
  const needsHorizontal = width !== pixels.width || left !== 0 || right !== width;
  const needsVertical = height !== pixels.height || top !== 0 || bottom !== height;
  const across = coefficientsOf(pixels.width, left, right, width, filter);
  const down = coefficientsOf(pixels.height, top, bottom, height, filter);
  if (isVerticalFirst(pixels, width, height)) {
    const lowered = needsVertical ? vertical(pixels, height, 0, down) : pixels;
    return needsHorizontal ? horizontal(lowered, width, 0, height, across) : lowered;
  }
  // Only the rows that the second pass needs.
  const begin = needsHorizontal ? (down.first[0] as number) : 0;
  const end = (down.first[height - 1] as number) + (down.count[height - 1] as number);
  const narrowed = needsHorizontal ? horizontal(pixels, width, begin, end, across) : pixels;
  return needsVertical ? vertical(narrowed, height, begin, down) : narrowed;
}
