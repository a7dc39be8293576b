// 16-bit floats to and from 32 bits, on bit patterns. Not a kernel: bulk work on the GPU unpacks in shaders.
// Invariant: f32ToF16 and f32ToBf16 round to nearest, ties to even, as IEEE 754 and torch do; every half goes to f32 and back unchanged.

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Value of IEEE binary16 bits. */
export function f16ToF32(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  word[0] = ((bits & 0x8000) << 16) | ((exponent + 112) << 23) | (mantissa << 13);
  return float[0] as number;
}

/** Bits of the binary16 nearest to `value` (taken as f32 first); above 65504 + 16 it is infinity. */
export function f32ToF16(value: number): number {
  float[0] = value;
  const bits = word[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const mantissa = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // A subnormal half has its leading one spelled out and is shifted further; a carry out of the mantissa rightly raises the exponent.
  const shift = exponent <= 0 ? 14 - exponent : 13;
  const spelled = exponent <= 0 ? mantissa | 0x800000 : mantissa | (exponent << 23);
  const half = spelled >>> shift;
  const rest = spelled & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (half + (rest > tie || (rest === tie && (half & 1) === 1) ? 1 : 0));
}

/** Value of bfloat16 bits: the upper half of an f32. */
export function bf16ToF32(bits: number): number {
  word[0] = bits << 16;
  return float[0] as number;
}

/** Bits of the bfloat16 nearest to `value` (taken as f32 first), ties to even; beyond its range it is infinity. */
export function f32ToBf16(value: number): number {
  float[0] = value;
  const bits = word[0] as number;
  if (Number.isNaN(float[0])) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
