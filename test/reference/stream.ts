// References of the two streams of a reversible stack, fixed-point and float, and of the readings taken of them.
import { at, type Reference } from './kernel.ts';

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bits of |value| as f32. */
function magnitudeBits(value: number): number {
  float[0] = Math.abs(value);
  return bits[0] as number;
}

/** Round half to even, held inside what an f32 can say of an i32; 0 for what is not finite. */
export function quantize(f: number, scale: number): number {
  const scaled = roundHalfEven(f * scale);
  return Number.isFinite(scaled) ? Math.max(-(2 ** 31), Math.min(scaled, 2 ** 31 - 128)) : 0;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const raise = (status: Float64Array, slot: number, value: number): void => {
  status[slot] = Math.max(at(status, slot), value);
};

function streamStatus(x: number, f: number, scale: number): number {
  return Math.min(magnitudeBits((x + roundHalfEven(f * scale)) / scale), 0x7f800000);
}

export const stream_quantize: Reference<'stream_quantize'> = ({ h, x, status }, { count, slot, scale }) => {
  for (let i = 0; i < count; i++) {
    x[i] = quantize(at(h, i), scale);
    raise(status, slot, streamStatus(0, at(h, i), scale));
  }
};

export const stream_read: Reference<'stream_read'> = ({ x, h }, { count, scale }) => {
  for (let i = 0; i < count; i++) h[i] = at(x, i) / scale;
};

export const stream_couple: Reference<'stream_couple'> = (tensors, { count, slot, scale }, { SHIFT = 0, KEEP_BITS = 0, READ = 0 }) => {
  const { x, f, bits: planes, status, h } = tensors;
  if (KEEP_BITS) planes.fill(0, 0, Math.ceil(count / 32) * SHIFT);
  for (let i = 0; i < count; i++) {
    const whole = at(x, i);
    const half = whole >> SHIFT;
    x[i] = (half + quantize(at(f, i), scale)) | 0;
    if (READ) h[i] = at(x, i) / scale;
    raise(status, slot, streamStatus(half, at(f, i), scale));
    for (let plane = 0; KEEP_BITS && plane < SHIFT; plane++) {
      const word = Math.floor(i / 32) * SHIFT + plane;
      planes[word] = (at(planes, word) | (((whole >> plane) & 1) << (i % 32))) >>> 0;
    }
  }
};

export const stream_uncouple: Reference<'stream_uncouple'> = (
  { y, f, bits: planes, h },
  { count, first, scale },
  { SHIFT = 0, READ = 0 },
) => {
  for (let i = 0; i < count; i++) {
    let dropped = 0;
    for (let plane = 0; plane < SHIFT; plane++) {
      dropped |= ((at(planes, Math.floor((first + i) / 32) * SHIFT + plane) >>> (i % 32)) & 1) << plane;
    }
    y[i] = ((at(y, i) - quantize(at(f, i), scale)) << SHIFT) | dropped;
    if (READ) h[i] = at(y, i) / scale;
  }
};

export const scale_add: Reference<'scale_add'> = ({ x, f }, { count, alpha, beta }, { WITH_F = 1 }) => {
  for (let i = 0; i < count; i++) x[i] = (WITH_F < 2 ? alpha * at(x, i) : 0) + (WITH_F ? beta * at(f, i) : 0);
};

export const scale_add_inverse: Reference<'scale_add_inverse'> = ({ y, f }, { count, alpha }) => {
  for (let i = 0; i < count; i++) y[i] = (at(y, i) - at(f, i)) / alpha;
};

export const watch: Reference<'watch'> = ({ x, status }, { count, slot }) => {
  for (let i = 0; i < count; i++) raise(status, slot, magnitudeBits(at(x, i)));
};

export const max_difference: Reference<'max_difference'> = ({ a, b, status }, { count, slot }) => {
  for (let i = 0; i < count; i++) raise(status, slot, magnitudeBits(at(a, i) - at(b, i)));
};
