import { expect, test } from 'vitest';
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './half.ts';

/** The definition, slowly: (-1)^s · 2^(e - 15) · (1 + m / 1024), subnormal below. */
function definition(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return (bits & 0x8000 ? -1 : 1) * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
}

test('all 63488 finite halves have the value of the definition and come back unchanged', () => {
  let wrong = 0;
  for (let bits = 0; bits < 0x10000; bits++) {
    if ((bits & 0x7c00) === 0x7c00) continue;
    if (f16ToF32(bits) !== definition(bits) || f32ToF16(f16ToF32(bits)) !== bits) wrong += 1;
  }
  expect(wrong).toBe(0);
});

test('between any two neighbours the nearer is chosen and a tie goes to the even one', () => {
  let wrong = 0;
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = definition(bits);
    const middle = (low + definition(bits + 1)) / 2;
    const spread = middle - low;
    if (f32ToF16(middle) !== bits + (bits & 1)) wrong += 1;
    if (f32ToF16(middle - spread / 64) !== bits || f32ToF16(middle + spread / 64) !== bits + 1) wrong += 1;
    if (f32ToF16(-middle) !== (0x8000 | (bits + (bits & 1)))) wrong += 1;
  }
  expect(wrong).toBe(0);
});

test('infinity, overflow, underflow and NaN keep their kind', () => {
  expect([f32ToF16(65519), f32ToF16(65520), f32ToF16(-1e30), f32ToF16(Number.POSITIVE_INFINITY)]).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
  expect([f32ToF16(2 ** -25), f32ToF16(2 ** -25 * 1.001), f32ToF16(-1e-30)]).toEqual([0, 1, 0x8000]);
  expect(f16ToF32(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
  expect(f16ToF32(f32ToF16(Number.NaN))).toBeNaN();
});

test('bfloat16 is the upper half of an f32', () => {
  expect([bf16ToF32(0x3f80), bf16ToF32(0xc049), bf16ToF32(0x0001)]).toEqual([1, -3.140625, 2 ** -133]);
  expect(bf16ToF32(0x7fc0)).toBeNaN();
});

test('of two neighbouring bfloat16 the nearer is chosen and a tie goes to the even one', () => {
  let wrong = 0;
  for (let bits = 0; bits < 0x7f7f; bits++) {
    const [low, high] = [bf16ToF32(bits), bf16ToF32(bits + 1)];
    const middle = low + (high - low) / 2;
    if (f32ToBf16(low) !== bits || f32ToBf16(middle) !== bits + (bits & 1) || f32ToBf16(-middle) !== (0x8000 | (bits + (bits & 1))))
      wrong += 1;
    if (f32ToBf16(low + (high - low) / 4) !== bits || f32ToBf16(low + (3 * (high - low)) / 4) !== bits + 1) wrong += 1;
  }
  expect(wrong).toBe(0);
  expect([f32ToBf16(3.4e38), f32ToBf16(Number.NEGATIVE_INFINITY)]).toEqual([0x7f80, 0xff80]);
  expect(bf16ToF32(f32ToBf16(Number.NaN))).toBeNaN();
});
