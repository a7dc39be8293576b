// gather_rows: some rows of a tensor, in an order of their own: those that have a label, say, before a head that is wide. The gradient puts them back among
// zeros. put_rows writes rows into a lasting tensor, such as a cache of keys. Invariant: no two entries name the same row.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const widthOf = (x: Tensor): number => x.shape.at(-1) as number;

type GatherInputs = {
  readonly x: Tensor; // [.., C], N rows
  readonly rows: Tensor; // [R]
};

const gatherRowsOp: Op<GatherInputs, { readonly y: Tensor }> = {
  name: 'gather_rows',
  shapes({ x, rows }) {
    if (rows.shape.length !== 1 || rows.dtype !== 'u32') throw new Error(`gather_rows: rows [${rows.shape}] ${rows.dtype}`);
    if (widthOf(x) % 4 !== 0) throw new Error(`gather_rows: width ${widthOf(x)} is not a multiple of 4`);
    return { y: { shape: [rows.shape[0] as number, widthOf(x)] } };
  },
  vjp: ({ g, inputs: { x, rows }, d }) => ({ x: g.apply(scatterRowsOp, { y: d('y'), rows }, { shape: x.shape.join() }).x }),
  lower({ inputs: { x, rows }, outputs: { y } }) {
    const [R, C] = y.shape as [number, number];
    return [{ kernel: 'gather_rows', tensors: { x, rows, y }, uniforms: { N: sizeOf(x.shape) / C, R, C } }];
  },
};

type ScatterInputs = {
  readonly y: Tensor; // [R, C]
  readonly rows: Tensor; // [R]
};

const scatterRowsOp: Op<ScatterInputs, { readonly x: Tensor }, { readonly shape: string }> = {
  name: 'scatter_rows',
  shapes: (_, { shape }) => ({ x: { shape: shape.split(',').map(Number) } }),
  lower({ inputs: { y, rows }, outputs: { x } }) {
    const [R, C] = y.shape as [number, number];
    const count = sizeOf(x.shape);
    return [
      { kernel: 'clear', tensors: { x }, uniforms: { count } },
      { kernel: 'scatter_rows', tensors: { y, rows, x }, uniforms: { N: count / C, R, C } },
    ];
  },
};

/** y [R, C] = the rows of x [.., C] that `rows` [R] (u32) names, each at most once; zeros where it names none, such as 2^32 - 1. */
export const gatherRows = (g: Graph, x: Tensor, rows: Tensor): Tensor => g.apply(gatherRowsOp, { x, rows }, {}).y;

const scatterIntoOp: Op<ScatterInputs & { readonly into: Tensor /* [.., C] */ }, { readonly x: Tensor }> = {
  name: 'scatter_into',
  shapes: ({ into }) => ({ x: { shape: into.shape } }),
  inPlace: () => [['x', 'into']],
  lower({ inputs: { y, rows }, outputs: { x } }) {
    const [R, C] = y.shape as [number, number];
    return [{ kernel: 'scatter_rows', tensors: { y, rows, x }, uniforms: { N: sizeOf(x.shape) / C, R, C } }];
  },
};

/** `into` [.., C] with the R rows of y [R, C] in place of those that `rows` [R] names. Consumes `into`. It has no gradient. */
export const scatterInto = (g: Graph, y: Tensor, rows: Tensor, into: Tensor): Tensor => g.apply(scatterIntoOp, { y, rows, into }, {}).x;

type PutInputs = ScatterInputs & {
  readonly into: Tensor; // [.., C]
};

const putRowsOp: Op<PutInputs, NoTensors> = {
  name: 'put_rows',
  shapes({ y, rows, into }) {
    const [R, C] = [sizeOf(y.shape) / widthOf(y), widthOf(y)];
    if (rows.shape.join() !== `${R}` || rows.dtype !== 'u32' || widthOf(into) !== C || C % 4 !== 0)
      throw new Error(`put_rows: [${y.shape}] by rows [${rows.shape}] ${rows.dtype} into [${into.shape}]`);
    return {};
  },
  accumulates: ['into'],
  lower({ inputs: { y, rows, into } }) {
    const [R, C] = [rows.shape[0] as number, widthOf(y)];
    return [{ kernel: 'scatter_rows', tensors: { y, rows, x: into }, uniforms: { N: sizeOf(into.shape) / C, R, C } }];
  },
};

/** Writes the R rows of y [.., C] over those of a lasting tensor [.., C] that `rows` [R] names; its other rows stay. */
export const putRows = (g: Graph, y: Tensor, rows: Tensor, into: Tensor): void => {
  g.apply(putRowsOp, { y, rows, into }, {});
};
