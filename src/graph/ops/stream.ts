// Ops on fixed-point streams (i32, value · 2^-fraction_bits) and the watch over magnitudes. Integers add and subtract exactly, so `uncouple` returns
// the very bits that `couple` was given, the dropped low bits included. Gradients are f32 and pass rounding and shift as 1 and λ; they are the
// coupling's business (layers.ts), not these ops'.

import type { Graph, Tensor } from '../ir.ts';
import { sizeOf, statusSlots } from '../ir.ts';
import type { NoTensors, Op } from '../op.ts';

const countOf = ({ shape }: Tensor) => ({ count: sizeOf(shape) });

type Fixed = { readonly scale: number };
/** Where in the status a place reports. */
type Slot = { readonly slot: number };

const quantizeOp: Op<{ readonly h: Tensor; readonly status: Tensor }, { readonly x: Tensor }, Fixed & Slot> = {
  name: 'stream_quantize',
  shapes: ({ h }) => ({ x: { shape: h.shape, dtype: 'i32' } }),
  accumulates: ['status'],
  // Rounding passes the gradient as it is.
  vjp: ({ d }) => ({ h: d('x') }),
  lower: ({ inputs: { h, status }, outputs: { x }, attributes: { slot, scale } }) => [
    { kernel: 'stream_quantize', tensors: { h, x, status }, uniforms: { ...countOf(h), slot, scale } },
  ],
};

/** round(h · scale) as i32. `place` names it in the status. */
export const streamQuantize = (g: Graph, h: Tensor, scale: number, place: string): Tensor =>
  g.apply(quantizeOp, { h, status: statusOf(g) }, { scale, slot: g.registry.slot(place) }).x;

const readOp: Op<{ readonly x: Tensor }, { readonly h: Tensor }, Fixed> = {
  name: 'stream_read',
  shapes: ({ x }) => ({ h: { shape: x.shape } }),
  lower: ({ inputs: { x }, outputs: { h }, attributes: { scale } }) => [
    { kernel: 'stream_read', tensors: { x, h }, uniforms: { ...countOf(x), scale } },
  ],
};

/** x / scale as f32 */
export const streamRead = (g: Graph, x: Tensor, scale: number): Tensor => g.apply(readOp, { x }, { scale }).h;

type CoupleInputs = {
  readonly x: Tensor; // i32
  readonly f: Tensor; // f32, as many
  readonly status: Tensor;
};

type CoupleOutputs = {
  readonly y: Tensor; // i32
  readonly bits: Tensor | undefined; // [ceil(elements / 32) * shift]
};

const coupleOp: Op<CoupleInputs, CoupleOutputs, Fixed & Slot & { readonly shift: number; readonly keepBits: boolean }> = {
  name: 'stream_couple',
  shapes({ x: { shape }, f }, { shift, keepBits }) {
    const { count } = countOf(f);
    if (count !== sizeOf(shape)) throw new Error(`stream_couple: [${shape}] and [${f.shape}]`);
    const bits = { shape: [Math.ceil(count / 32) * shift], dtype: 'u32' } as const;
    return { y: { shape, dtype: 'i32' }, bits: keepBits ? bits : undefined };
  },
  inPlace: () => [['y', 'x']],
  accumulates: ['status'],
  lower: ({ inputs: { f, status }, outputs: { y, bits }, attributes: { shift, keepBits, slot, scale } }) => [
    {
      kernel: 'stream_couple',
      tensors: { x: y, f, bits, status },
      uniforms: { ...countOf(y), slot, scale },
      overrides: { SHIFT: shift, KEEP_BITS: keepBits ? 1 : 0 },
    },
  ],
};

/** (x >> shift) + round(f · scale), consuming x, and the dropped bits where they are kept and there are any. */
export function streamCouple(g: Graph, x: Tensor, f: Tensor, options: { scale: number; shift: number; keepBits: boolean; place: string }) {
  const keepBits = options.keepBits && options.shift > 0;
  const attributes = { scale: options.scale, shift: options.shift, keepBits, slot: g.registry.slot(options.place) };
  return g.apply(coupleOp, { x, f, status: statusOf(g) }, attributes);
}

type UncoupleInputs = {
  readonly y: Tensor; // i32
  readonly f: Tensor; // f32, as many
  readonly bits: Tensor | undefined;
};

const uncoupleOp: Op<UncoupleInputs, { readonly x: Tensor }, Fixed & { readonly shift: number }> = {
  name: 'stream_uncouple',
  shapes: ({ y }) => ({ x: { shape: y.shape, dtype: 'i32' } }),
  inPlace: () => [['x', 'y']],
  lower: ({ inputs: { f, bits }, outputs: { x }, attributes: { scale, shift } }) => [
    { kernel: 'stream_uncouple', tensors: { y: x, f, bits }, uniforms: { ...countOf(x), scale }, overrides: { SHIFT: shift } },
  ],
};

/** ((y - round(f · scale)) << shift) | bits: the exact inverse of streamCouple. Consumes y. */
export const streamUncouple = (g: Graph, y: Tensor, f: Tensor, bits: Tensor | undefined, scale: number, shift: number): Tensor =>
  g.apply(uncoupleOp, { y, f, bits }, { scale, shift }).x;

const watchOp: Op<{ readonly x: Tensor; readonly status: Tensor }, NoTensors, Slot> = {
  name: 'watch',
  shapes: () => ({}),
  accumulates: ['status'],
  lower: ({ inputs, attributes: { slot } }) => [{ kernel: 'watch', tensors: inputs, uniforms: { ...countOf(inputs.x), slot } }],
};

/** Reports the largest magnitude of x (and whether it is finite) in the status, under `place`. */
export const watch = (g: Graph, x: Tensor, place: string): void => {
  g.apply(watchOp, { x, status: statusOf(g) }, { slot: g.registry.slot(place) });
};

const differenceOp: Op<{ readonly a: Tensor; readonly b: Tensor; readonly status: Tensor }, NoTensors, Slot> = {
  name: 'max_difference',
  shapes: () => ({}),
  accumulates: ['status'],
  lower: ({ inputs, attributes: { slot } }) => [{ kernel: 'max_difference', tensors: inputs, uniforms: { ...countOf(inputs.a), slot } }],
};

/** Reports max |a - b| over the elements of `a` in the status, under `place`. */
export const watchDifference = (g: Graph, a: Tensor, b: Tensor, place: string): void => {
  g.apply(differenceOp, { a, b, status: statusOf(g) }, { slot: g.registry.slot(place) });
};

/** The status buffer: largest magnitude per watched place, as f32 bits. */
export const statusOf = (g: Graph): Tensor => g.registry.state('status', [statusSlots], 'u32');
