// Columns side by side along the last axis: [a; b] of two tensors, and equal shares of one, such as the queries, keys and values of one matrix.

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

/** Shares are named by their number: `0`, `1`... */
type Shares = Readonly<Record<string, Tensor>>;

const besideOp: Op<{ readonly shares: readonly Tensor[] }, { readonly y: Tensor }> = {
  name: 'beside_columns',
  shapes: ({ shares: [first, ...others] }) => {
    const { shape } = first as Tensor;
    return { y: { shape: [...shape.slice(0, -1), (others.length + 1) * widthOf(first as Tensor)] } };
  },
  lower: ({ inputs: { shares }, outputs: { y } }) => shares.map((share, i) => copyColumns(share, 0, y, i * widthOf(share), widthOf(share))),
};

const splitColumnsOp: Op<{ readonly x: Tensor }, Shares, { readonly count: number }> = {
  name: 'split_columns',
  shapes({ x }, { count }) {
    const C = widthOf(x) / count;
    if (!Number.isInteger(C)) throw new Error(`split_columns: ${count} shares of [${x.shape}]`);
    return Object.fromEntries(Array.from({ length: count }, (_, i) => [i, { shape: [...x.shape.slice(0, -1), C] }]));
  },
  vjp: ({ g, outputs, d }) => ({ x: g.apply(besideOp, { shares: Object.keys(outputs).map(d) }, {}).y }), // [.., count · C]
  lower: ({ inputs: { x }, outputs }) =>
    Object.values(outputs).map((share, i) => copyColumns(x, i * widthOf(share), share, 0, widthOf(share))),
};

/** `count` tensors [.., C] of x [.., count · C], one after the other. */
export const splitColumns = (g: Graph, x: Tensor, count: number): Tensor[] => Object.values(g.apply(splitColumnsOp, { x }, { count }));
