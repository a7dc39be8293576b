// Columns side by side: [a; b] along the last axis, and its gradient, the parts again.

import type { Graph } from '../graph.ts';
import type { KernelCall, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const widthOf = (x: Tensor): number => x.shape.at(-1) as number;

/** Copies `columns` of x from column `from` on to y from column `to` on. */
const copyColumns = (x: Tensor, from: number, y: Tensor, to: number, columns: number): KernelCall => ({
  kernel: 'copy_columns',
  tensors: { x, y },
  uniforms: { N: sizeOf(x.shape) / widthOf(x), C: columns, x_width: widthOf(x), x_from: from, y_width: widthOf(y), y_from: to },
});

type JoinInputs = {
  readonly a: Tensor; // [.., A]
  readonly b: Tensor; // [.., B]
};

const joinOp: Op<JoinInputs, { readonly y: Tensor }> = {
  name: 'join_columns',
  shapes({ a, b }) {
    const rows = a.shape.slice(0, -1);
    if (rows.join() !== b.shape.slice(0, -1).join()) throw new Error(`join_columns: [${a.shape}] and [${b.shape}]`);
    return { y: { shape: [...rows, widthOf(a) + widthOf(b)] } };
  },
  vjp({ g, inputs, d, needs }) {
    const [A, B] = [widthOf(inputs.a), widthOf(inputs.b)];
    const d_y = d('y'); // [.., A + B]
    return { a: needs('a') ? columns(g, d_y, 0, A) : undefined, b: needs('b') ? columns(g, d_y, A, B) : undefined };
  },
  lower: ({ inputs: { a, b }, outputs: { y } }) => [copyColumns(a, 0, y, 0, widthOf(a)), copyColumns(b, 0, y, widthOf(a), widthOf(b))],
};

const columnsOp: Op<{ readonly x: Tensor }, { readonly y: Tensor }, { readonly from: number; readonly count: number }> = {
  name: 'columns',
  shapes: ({ x }, { count }) => ({ y: { shape: [...x.shape.slice(0, -1), count] } }),
  lower: ({ inputs: { x }, outputs: { y }, attributes: { from, count } }) => [copyColumns(x, from, y, 0, count)],
};

/** `count` columns of x [.., C] from column `from` on. */
const columns = (g: Graph, x: Tensor, from: number, count: number): Tensor => g.apply(columnsOp, { x }, { from, count }).y;

/** [a; b] [.., A + B] of a [.., A] and b [.., B]. */
export const joinColumns = (g: Graph, a: Tensor, b: Tensor): Tensor => g.apply(joinOp, { a, b }, {}).y;
