// Ops on fixed-point streams (i32, value · 2^-fraction_bits) and the watch over magnitudes. Integers add and subtract exactly, so `uncouple` returns
// the very bits that `couple` was given, the dropped low bits included. Gradients are f32 and pass rounding and shift as 1 and λ; they are the
// coupling's business (layers.ts), not these ops'.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf, statusSlots } from '../ir.ts';

type FixedAttributes = Attributes & { readonly scale: number };
const count = (x: Tensor | undefined) => sizeOf((x as Tensor).shape);

const quantizeOp: Op<FixedAttributes & { slot: number }> = {
  name: 'stream_quantize',
  shapes: ([h]) => [{ shape: (h as Tensor).shape, dtype: 'i32' }],
  accumulates: [1],
  // Rounding passes the gradient as it is.
  vjp: ({ d_outputs }) => [d_outputs[0]],
  lower: ({ inputs, outputs, attributes }) => [
    {
      kernel: 'stream_quantize',
      tensors: { h: inputs[0], x: outputs[0], status: inputs[1] },
      uniforms: { count: count(inputs[0]), slot: attributes['slot'] as number, scale: attributes['scale'] as number },
    },
  ],
};

/** round(h · scale) as i32. `place` names it in the status. */
export const streamQuantize = (g: Graph, h: Tensor, scale: number, place: string): Tensor =>
  g.apply1(quantizeOp, [h, statusOf(g)], { scale, slot: g.registry.slot(place) });

const readOp: Op<FixedAttributes> = {
  name: 'stream_read',
  shapes: ([x]) => [{ shape: (x as Tensor).shape }],
  lower: ({ inputs, outputs, attributes }) => [
    {
      kernel: 'stream_read',
      tensors: { x: inputs[0], h: outputs[0] },
      uniforms: { count: count(inputs[0]), scale: attributes['scale'] as number },
    },
  ],
};

/** x / scale as f32 */
export const streamRead = (g: Graph, x: Tensor, scale: number): Tensor => g.apply1(readOp, [x], { scale });

type CoupleAttributes = FixedAttributes & { readonly shift: number; readonly keepBits: boolean; readonly slot: number };

const coupleOp: Op<CoupleAttributes> = {
  name: 'stream_couple',
  shapes([x, f], { shift, keepBits }) {
    const { shape } = x as Tensor;
    if (count(f) !== count(x)) throw new Error(`stream_couple: [${shape}] and [${f?.shape}]`);
    return [{ shape, dtype: 'i32' }, ...(keepBits ? [{ shape: [Math.ceil(sizeOf(shape) / 32) * shift], dtype: 'u32' as const }] : [])];
  },
  inPlace: () => [[0, 0]],
  accumulates: [2],
  lower({ inputs, outputs, attributes }) {
    const { shift, keepBits, slot, scale } = attributes as CoupleAttributes;
    return [
      {
        kernel: 'stream_couple',
        tensors: { x: outputs[0], f: inputs[1], bits: outputs[1], status: inputs[2] },
        uniforms: { count: count(outputs[0]), slot, scale },
        overrides: { SHIFT: shift, KEEP_BITS: keepBits ? 1 : 0 },
      },
    ];
  },
};

/** (x >> shift) + round(f · scale), consuming x, and the dropped bits where they are kept and there are any. */
export function streamCouple(g: Graph, x: Tensor, f: Tensor, options: { scale: number; shift: number; keepBits: boolean; place: string }) {
  const keepBits = options.keepBits && options.shift > 0;
  const attributes = { scale: options.scale, shift: options.shift, keepBits, slot: g.registry.slot(options.place) };
  const [y, bits] = g.apply(coupleOp, [x, f, statusOf(g)], attributes);
  return { y: y as Tensor, bits };
}

const uncoupleOp: Op<FixedAttributes & { shift: number }> = {
  name: 'stream_uncouple',
  shapes: ([y]) => [{ shape: (y as Tensor).shape, dtype: 'i32' }],
  inPlace: () => [[0, 0]],
  lower: ({ inputs, outputs, attributes }) => [
    {
      kernel: 'stream_uncouple',
      tensors: { y: outputs[0], f: inputs[1], bits: inputs[2] },
      uniforms: { count: count(outputs[0]), scale: attributes['scale'] as number },
      overrides: { SHIFT: attributes['shift'] as number },
    },
  ],
};

/** ((y - round(f · scale)) << shift) | bits: the exact inverse of streamCouple. Consumes y. */
export const streamUncouple = (g: Graph, y: Tensor, f: Tensor, bits: Tensor | undefined, scale: number, shift: number): Tensor =>
  g.apply1(uncoupleOp, [y, f, bits], { scale, shift });

type SlotAttributes = Attributes & { readonly slot: number };

const watchOp: Op<SlotAttributes> = {
  name: 'watch',
  shapes: () => [],
  accumulates: [1],
  lower: ({ inputs, attributes }) => [
    {
      kernel: 'watch',
      tensors: { x: inputs[0], status: inputs[1] },
      uniforms: { count: count(inputs[0]), slot: attributes['slot'] as number },
    },
  ],
};

/** Reports the largest magnitude of x (and whether it is finite) in the status, under `place`. */
export const watch = (g: Graph, x: Tensor, place: string): void => {
  g.apply(watchOp, [x, statusOf(g)], { slot: g.registry.slot(place) });
};

const differenceOp: Op<SlotAttributes> = {
  name: 'max_difference',
  shapes: () => [],
  accumulates: [2],
  lower: ({ inputs, attributes }) => [
    {
      kernel: 'max_difference',
      tensors: { a: inputs[0], b: inputs[1], status: inputs[2] },
      uniforms: { count: count(inputs[0]), slot: attributes['slot'] as number },
    },
  ],
};

/** Reports max |a - b| over the elements of `a` in the status, under `place`. */
export const watchDifference = (g: Graph, a: Tensor, b: Tensor, place: string): void => {
  g.apply(differenceOp, [a, b, statusOf(g)], { slot: g.registry.slot(place) });
};

/** The status buffer: largest magnitude per watched place, as f32 bits. */
export const statusOf = (g: Graph): Tensor => g.registry.state('status', [statusSlots], 'u32');
