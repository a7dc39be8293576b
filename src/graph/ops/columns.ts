// Columns side by side: [a; b] along the last axis, and its gradient, the parts again.

import type { Attributes, Graph, KernelCall, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const widthOf = (x: Tensor): number => x.shape.at(-1) as number;

/** Copies `columns` of x from column `from` on to y from column `to` on. */
const copyColumns = (x: Tensor, from: number, y: Tensor, to: number, columns: number): KernelCall => ({
  kernel: 'copy_columns',
  tensors: { x, y },
  uniforms: { N: sizeOf(x.shape) / widthOf(x), C: columns, x_width: widthOf(x), x_from: from, y_width: widthOf(y), y_from: to },
});

const joinOp: Op = {
  name: 'join_columns',
  shapes([a, b]) {
    const rows = (a as Tensor).shape.slice(0, -1);
    if (rows.join() !== b?.shape.slice(0, -1).join()) throw new Error(`join_columns: [${a?.shape}] and [${b?.shape}]`);
    return [{ shape: [...rows, widthOf(a as Tensor) + widthOf(b as Tensor)] }];
  },
  vjp({ g, node, d_outputs, needs }) {
    const [a, b] = node.inputs.map((x) => widthOf(x as Tensor)) as [number, number];
    const d_y = d_outputs[0] as Tensor;
    return [needs(0) ? columns(g, d_y, 0, a) : undefined, needs(1) ? columns(g, d_y, a, b) : undefined];
  },
  lower({ inputs, outputs }) {
    const [a, b] = inputs as [Tensor, Tensor];
    const y = outputs[0] as Tensor;
    return [copyColumns(a, 0, y, 0, widthOf(a)), copyColumns(b, 0, y, widthOf(a), widthOf(b))];
  },
};

const columnsOp: Op<Attributes & { readonly from: number; readonly count: number }> = {
  name: 'columns',
  shapes: ([x], { count }) => [{ shape: [...(x as Tensor).shape.slice(0, -1), count] }],
  lower({ inputs, outputs, attributes }) {
    return [copyColumns(inputs[0] as Tensor, attributes['from'] as number, outputs[0] as Tensor, 0, attributes['count'] as number)];
  },
};

const columns = (g: Graph, x: Tensor, from: number, count: number): Tensor => g.apply1(columnsOp, [x], { from, count });

/** [a; b] [.., A + B] of a [.., A] and b [.., B]. */
export const joinColumns = (g: Graph, a: Tensor, b: Tensor): Tensor => g.apply1(joinOp, [a, b], {});
