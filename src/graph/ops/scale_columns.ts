// scale_columns: y = x · l, a factor for each column: the learned rescaling of (IA)³ (Liu et al. 2022, arXiv:2205.05638, eq. 1).
// Never in place on x, which the gradient of l reads; its own gradient is in place.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const columnsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

type ScaleColumnsAttributes = Attributes & { readonly inPlace: boolean };

const scaleColumnsOp: Op<ScaleColumnsAttributes> = {
  name: 'scale_columns',
  shapes([x, l]) {
    const { shape } = x as Tensor;
    if (sizeOf((l as Tensor).shape) !== shape.at(-1)) throw new Error(`scale_columns: '${l?.name}' [${l?.shape}] for x [${shape}]`);
    return [{ shape }];
  },
  inPlace: ({ inPlace }) => (inPlace ? [[0, 0]] : []),
  vjp({ g, node, d_outputs, needs }) {
    const [x, l] = node.inputs as [Tensor, Tensor];
    const d_y = d_outputs[0] as Tensor;
    if (needs(1)) g.apply(columnDotOp, [d_y, x, g.registry.gradientOf(l)], {});
    return [needs(0) ? g.apply1(scaleColumnsOp, [d_y, l], { inPlace: true }) : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [x, l] = inputs as [Tensor, Tensor];
    const [y] = outputs as [Tensor];
    const { inPlace } = attributes as ScaleColumnsAttributes;
    return [
      {
        kernel: 'scale_columns',
        tensors: inPlace ? { x: y, l } : { x, l, y },
        uniforms: columnsOf(y),
        overrides: { IN_PLACE: inPlace ? 1 : 0 },
      },
    ];
  },
};

const columnDotOp: Op = {
  name: 'column_dot',
  shapes: () => [],
  accumulates: [2],
  lower({ inputs }) {
    const [d_y, x, d_l] = inputs as [Tensor, Tensor, Tensor];
    return [{ kernel: 'column_dot', tensors: { d_y, x, d_l }, uniforms: columnsOf(x) }];
  },
};

/** y [.., C] = x [.., C] · l [C] */
export const scaleColumns = (g: Graph, x: Tensor, l: Tensor): Tensor => g.apply1(scaleColumnsOp, [x, l], { inPlace: false });
