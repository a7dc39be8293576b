// Ops on fixed-point streams (i32, value · 2^-fraction_bits). Integers add and subtract exactly, so `uncouple` returns
// the very bits that `couple` was given, the dropped low bits included.
// Not here: the gradients of a coupling. They are f32, rounding counts as 1 and the shift as λ; src/stack/layers.ts makes them.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { type Slot, slotOf, statusOf } from './watch.ts';

const countOf = ({ shape }: Tensor) => ({ count: sizeOf(shape) });

type Fixed = { readonly scale: number };

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
  g.apply(quantizeOp, { h, status: statusOf(g) }, { scale, slot: slotOf(g, place) }).x;

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
  const attributes = { scale: options.scale, shift: options.shift, keepBits, slot: slotOf(g, options.place) };
  return g.apply(coupleOp, { x, f, status: statusOf(g) }, attributes);
}

type UncoupleInputs = {
  readonly y: Tensor; // i32
  readonly f: Tensor; // f32, as many
  readonly bits: Tensor | undefined;
};

const uncoupleOp: Op<UncoupleInputs, { readonly x: Tensor }, Fixed & { readonly shift: number; readonly first: number }> = {
  name: 'stream_uncouple',
  shapes({ y: { shape }, f }, { first }) {
    if (sizeOf(shape) !== sizeOf(f.shape)) throw new Error(`stream_uncouple: [${shape}] and [${f.shape}]`);
    if (first % 32 !== 0) throw new Error(`stream_uncouple: bits of 32 elements lie together; element ${first} begins none`);
    return { x: { shape, dtype: 'i32' } };
  },
  inPlace: () => [['x', 'y']],
  lower: ({ inputs: { f, bits }, outputs: { x }, attributes: { scale, shift, first } }) => [
    { kernel: 'stream_uncouple', tensors: { y: x, f, bits }, uniforms: { ...countOf(x), first, scale }, overrides: { SHIFT: shift } },
  ],
};

/**
 * ((y - round(f · scale)) << shift) | bits: the exact inverse of streamCouple. Consumes y. `bits` are those of the whole that was coupled, y and f its
 * elements from `first` on.
 */
export const streamUncouple = (
  g: Graph,
  y: Tensor,
  f: Tensor,
  bits: Tensor | undefined,
  options: { scale: number; shift: number; first: number },
): Tensor => g.apply(uncoupleOp, { y, f, bits }, options).x;
