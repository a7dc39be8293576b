// The arithmetic of the two streams of a coupled layer: `float` (f32; its inverse rounds) or `fixed` (i32 with powers of two for λ and β; its
// inverse returns the same bits). Independent of how activations come back.

import type { Graph } from '../graph/graph.ts';
import { copy, scaleAdd, scaleAddInverse } from '../graph/ops/elementwise.ts';
import { streamCouple, streamQuantize, streamRead, streamUncouple } from '../graph/ops/stream.ts';
import { watch } from '../graph/ops/watch.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { StreamKind } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';

export interface StreamArithmetic {
  readonly kind: StreamKind;
  /** One stream that starts at h. */
  start(g: Graph, h: Tensor): Tensor;
  /** The stream's value as f32, in storage that the stream does not change. */
  read(g: Graph, x: Tensor): Tensor;
  /** factor · x + f, consuming x; with what the inverse needs beside the result. */
  couple(g: Graph, x: Tensor, f: Tensor, factor: number, keepForInverse: boolean, place: string): { y: Tensor; bits: Tensor | undefined };
  /** The inverse: x from y = factor · x + f. Consumes y. `bits` are those of a whole, y and f its elements from `first` on. */
  uncouple(g: Graph, y: Tensor, f: Tensor, factor: number, bits: Tensor | undefined, first: number): Tensor;
}

export const floatStreams: StreamArithmetic = {
  kind: 'float',
  start: (g, h) => copy(g, h),
  read: (_, x) => x,
  couple(g, x, f, factor, _, place) {
    const y = scaleAdd(g, x, factor, f);
    watch(g, y, place);
    return { y, bits: undefined };
  },
  uncouple: (g, y, f, factor) => scaleAddInverse(g, y, f, factor),
};

/** Bits that a shift may drop: what the kernels pack. */
const maxShift = 8;

/** The number of places that `factor` = 2^-shift moves to the right. Errors where it is no such power. */
export function shiftOf(factor: number, name: string): number {
  const shift = Math.log2(1 / factor);
  if (Number.isInteger(shift) && shift >= 0 && shift <= maxShift) return shift;
  const nearest = 2 ** -Math.min(maxShift, Math.max(0, Math.round(shift || 0)));
  throw new RetraceError({
    code: 'factor-not-a-power-of-two',
    message: `${name} is ${factor}; fixed streams need a power of two between 2^-${maxShift} and 1, so that no bit is lost.`,
    where: name,
    remedy: `Use ${name} = ${nearest} (the nearest), or float streams.`,
  });
}

/** Fixed point with `fractionBits` bits after the point: ±2^(31 - fractionBits) at steps of 2^-fractionBits. */
export function fixedStreams(fractionBits: number): StreamArithmetic {
  const scale = 2 ** fractionBits;
  return {
    kind: 'fixed',
    start: (g, h) => streamQuantize(g, h, scale, 'embeddings'),
    read: (g, x) => streamRead(g, x, scale),
    couple: (g, x, f, factor, keepForInverse, place) =>
      streamCouple(g, x, f, { scale, shift: shiftOf(factor, 'lambda or beta'), keepBits: keepForInverse, place }),
    uncouple: (g, y, f, factor, bits, first) => streamUncouple(g, y, f, bits, { scale, shift: shiftOf(factor, 'lambda or beta'), first }),
  };
}
