// Schemas that several options share.

import * as v from 'valibot';

/** Numbers that kernels take as f32. */
const most = 1e30;
export const positive = v.pipe(v.number(), v.gtValue(0), v.maxValue(most));
export const notNegative = v.pipe(v.number(), v.minValue(0), v.maxValue(most));
/** Of a share that is never the whole. */
export const probability = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
/** A factor from above 0 to 1. */
export const factor = v.pipe(v.number(), v.gtValue(0), v.maxValue(1));

/** Whole numbers from `least` to `most`. */
export const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** As many as kernels and step numbers count to. */
export const mostCounted = 0xffffffff;
/** Wider than any dense layer that a device holds. */
export const mostWide = 65_536;
