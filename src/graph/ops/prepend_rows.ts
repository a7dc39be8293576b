// prepend_rows: the same P learned rows before the rows of every example: the keys and values of prefix tuning (Li & Liang 2021,
// arXiv:2101.00190). The gradient of the prefix is the sum over the examples, in their order; that of x is the later rows of each.

import type { Graph } from '../graph.ts';
import type { KernelCall, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { firstRowsSum } from './linear.ts';

const perExample = ({ shape }: Tensor): number => sizeOf(shape.slice(1));

type PrependInputs = {
  readonly prefix: Tensor; // [P, C]
  readonly x: Tensor; // [B, T, C]
};

const prependRowsOp: Op<PrependInputs, { readonly y: Tensor }> = {
  name: 'prepend_rows',
  shapes({ prefix, x }) {
    const [P, C] = prefix.shape as [number, number];
    const [B, T, width] = x.shape as [number, number, number];
    if (C !== width || prefix.dtype !== 'f32') {
      throw new Error(`prepend_rows: '${prefix.name}' [${prefix.shape}] ${prefix.dtype} before x [${x.shape}]`);
    }
    return { y: { shape: [B, P + T, C] } };
  },
  vjp({ g, inputs: { prefix, x }, d, needs }) {
    const d_y = d('y'); // [B, P + T, C]
    if (needs('prefix')) firstRowsSum(g, d_y, g.registry.gradientOf(prefix));
    return { x: needs('x') ? g.apply(laterRowsOp, { y: d_y }, { T: x.shape[1] as number }).x : undefined };
  },
  lower({ inputs: { prefix, x }, outputs: { y } }) {
    const size = { N: x.shape[0] as number, y_width: perExample(y) };
    const P = sizeOf(prefix.shape);
    const T = perExample(x);
    // Of width 0 the rows of the prefix are all the same one.
    const before: KernelCall = {
      kernel: 'copy_columns',
      tensors: { x: prefix, y },
      uniforms: { ...size, C: P, x_width: 0, x_from: 0, y_from: 0 },
    };
    const after: KernelCall = {
      kernel: 'copy_columns',
      tensors: { x, y },
      uniforms: { ...size, C: T, x_width: T, x_from: 0, y_from: P },
    };
    return [before, after];
  },
};

/** The last T rows of every example. */
const laterRowsOp: Op<{ readonly y: Tensor }, { readonly x: Tensor }, { readonly T: number }> = {
  name: 'later_rows',
  vjp: ({ g, inputs: { y }, d }) => ({ y: g.apply(zerosBeforeOp, { x: d('x') }, { S: y.shape[1] as number }).y }),
  shapes({ y }, { T }) {
    const [B, , C] = y.shape as [number, number, number];
    return { x: { shape: [B, T, C] } };
  },
  lower({ inputs: { y }, outputs: { x } }) {
    const [y_width, C] = [perExample(y), perExample(x)];
    return [
      {
        kernel: 'copy_columns',
        tensors: { x: y, y: x },
        uniforms: { N: x.shape[0] as number, C, x_width: y_width, x_from: y_width - C, y_width: C, y_from: 0 },
      },
    ];
  },
};

/** x [B, T, C] behind rows of zeros: [B, S, C]. */
const zerosBeforeOp: Op<{ readonly x: Tensor }, { readonly y: Tensor }, { readonly S: number }> = {
  name: 'zeros_before',
  shapes({ x }, { S }) {
    const [B, , C] = x.shape as [number, number, number];
    return { y: { shape: [B, S, C] } };
  },
  lower({ inputs: { x }, outputs: { y } }) {
    const [y_width, C] = [perExample(y), perExample(x)];
    return [
      { kernel: 'clear', tensors: { x: y }, uniforms: { count: sizeOf(y.shape) } },
      {
        kernel: 'copy_columns',
        tensors: { x, y },
        uniforms: { N: x.shape[0] as number, C, x_width: C, x_from: 0, y_width, y_from: y_width - C },
      },
    ];
  },
};

/** The last T rows of every example of y [B, P + T, C]: [B, T, C]. */
export const laterRows = (g: Graph, y: Tensor, T: number): Tensor => (y.shape[1] === T ? y : g.apply(laterRowsOp, { y }, { T }).x);

/** [B, P + T, C]: the rows of prefix [P, C], a parameter, and after them those of x [B, T, C]. */
export const prependRows = (g: Graph, prefix: Tensor, x: Tensor): Tensor => g.apply(prependRowsOp, { prefix, x }, {}).y;
