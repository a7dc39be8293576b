// scale_columns: y = x · l, a factor for each column: the learned rescaling of (IA)³ (Liu et al. 2022, arXiv:2205.05638, eq. 1).
// The op is not in place, because the gradient of l reads x; its own gradient is made in place of d_y.

import type { ExampleRows, Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const columnsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

type ScaleColumnsInputs = {
  readonly x: Tensor; // [.., C]
  readonly l: Tensor; // [C]
};

const scaleColumnsOp: Op<ScaleColumnsInputs, { readonly y: Tensor }, { readonly inPlace: boolean }> = {
  name: 'scale_columns',
  shapes({ x, l }) {
    const { shape } = x;
    if (sizeOf(l.shape) !== shape.at(-1)) throw new Error(`scale_columns: '${l.name}' [${l.shape}] for x [${shape}]`);
    return { y: { shape } };
  },
  inPlace: ({ inPlace }) => (inPlace ? [['y', 'x']] : []),
  vjp({ g, inputs: { x, l }, d, needs }) {
    const d_y = d('y'); // [.., C]
    if (needs('l')) g.apply(columnDotOp, { d_y, x, d_l: g.registry.gradientOf(l) }, g.exampleRows(d_y));
    return { x: needs('x') ? g.apply(scaleColumnsOp, { x: d_y, l }, { inPlace: true }).y : undefined };
  },
  lower: ({ inputs: { x, l }, outputs: { y }, attributes: { inPlace } }) => [
    {
      kernel: 'scale_columns',
      tensors: inPlace ? { x: y, l } : { x, l, y },
      uniforms: columnsOf(y),
      overrides: { IN_PLACE: inPlace ? 1 : 0 },
    },
  ],
};

type ColumnDotInputs = {
  readonly d_y: Tensor; // [.., C]
  readonly x: Tensor; // [.., C]
  readonly d_l: Tensor; // [C]
};

const columnDotOp: Op<ColumnDotInputs, NoTensors, ExampleRows> = {
  name: 'column_dot',
  shapes: () => ({}),
  accumulates: ['d_l'],
  lower: ({ inputs, attributes }) => [{ kernel: 'column_dot', tensors: inputs, uniforms: { ...columnsOf(inputs.x), ...attributes } }],
};

/** y [.., C] = x [.., C] · l [C] */
export const scaleColumns = (g: Graph, x: Tensor, l: Tensor): Tensor => g.apply(scaleColumnsOp, { x, l }, { inPlace: false }).y;
