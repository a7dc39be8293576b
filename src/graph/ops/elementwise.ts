// Ops that go element by element: activations, dropout, scaled sums, copies and clears. Counts are elements, shapes are anything.

import { type Activation, activationCode, slopeOfValue } from '../../kernels/table.ts';
import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const same = (inputs: readonly (Tensor | undefined)[]) => {
  const { shape, dtype } = inputs[0] as Tensor;
  return [{ shape, dtype }];
};

type ActivationAttributes = Attributes & { readonly activation: Activation };

const activationOp: Op<ActivationAttributes> = {
  name: 'activation',
  shapes: same,
  vjp({ g, node, d_outputs }) {
    const { activation } = node.attributes as ActivationAttributes;
    const kept = slopeOfValue(activation) ? node.outputs[0] : node.inputs[0];
    return [activationBackward(g, d_outputs[0] as Tensor, kept as Tensor, activation)];
  },
  lower({ inputs, outputs, attributes }) {
    const count = sizeOf((inputs[0] as Tensor).shape);
    const ACTIVATION = activationCode[attributes['activation'] as Activation];
    return [{ kernel: 'activation', tensors: { x: inputs[0], y: outputs[0] }, uniforms: { count }, overrides: { ACTIVATION } }];
  },
};

/** y = act(x) */
export const applyActivation = (g: Graph, x: Tensor, activation: Activation): Tensor =>
  activation === 'none' ? x : g.apply1(activationOp, [x], { activation });

const activationBackwardOp: Op<ActivationAttributes> = {
  name: 'activation_backward',
  shapes: same,
  inPlace: () => [[0, 0]],
  lower({ inputs, outputs, attributes }) {
    const count = sizeOf((inputs[0] as Tensor).shape);
    const ACTIVATION = activationCode[attributes['activation'] as Activation];
    return [
      {
        kernel: 'activation_backward',
        tensors: { d_y: outputs[0], x: inputs[1] },
        uniforms: { count },
        overrides: { ACTIVATION },
      },
    ];
  },
};

/** d_x = d_y · act'(x); for tanh and relu `x` is the value of the activation. Consumes d_y. */
export const activationBackward = (g: Graph, d_y: Tensor, x: Tensor, activation: Activation): Tensor =>
  g.apply1(activationBackwardOp, [d_y, x], { activation });

type DropoutAttributes = Attributes & { readonly p: number; readonly site: number; readonly first: number };

const dropoutOp: Op<DropoutAttributes> = {
  name: 'dropout',
  shapes: same,
  inPlace: () => [[0, 0]],
  // The mask is a function of the site and the element, so the backward is the same op.
  vjp: ({ g, node, d_outputs }) => [g.apply1(dropoutOp, [d_outputs[0]], node.attributes as DropoutAttributes)],
  lower({ outputs, attributes }) {
    const count = sizeOf((outputs[0] as Tensor).shape);
    const { first, site, p } = attributes as DropoutAttributes;
    return [{ kernel: 'dropout', tensors: { x: outputs[0] }, uniforms: { count, first, site, p } }];
  },
};

/** x [B, ..] · mask / (1 - p) while training, x otherwise. Consumes x. The random stream is the module path and `name`. */
export function dropout(g: Graph, x: Tensor, p: number, name: string): Tensor {
  if (!g.training || p === 0) return x;
  const first = (g.firstExample * sizeOf(x.shape)) / (x.shape[0] as number);
  return g.apply1(dropoutOp, [x], { p, site: g.site(name), first });
}

type ScaleAddAttributes = Attributes & { readonly alpha: number; readonly beta: number };

const scaleAddOp: Op<ScaleAddAttributes> = {
  name: 'scale_add',
  shapes: same,
  inPlace: () => [[0, 0]],
  vjp({ g, node, d_outputs, needs }) {
    const { alpha, beta } = node.attributes as ScaleAddAttributes;
    const d_y = d_outputs[0] as Tensor;
    return [needs(0) ? scaleAdd(g, d_y, alpha) : undefined, needs(1) ? scaleAdd(g, d_y, beta) : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const count = sizeOf((outputs[0] as Tensor).shape);
    const { alpha, beta } = attributes as ScaleAddAttributes;
    return [
      {
        kernel: 'scale_add',
        tensors: { x: outputs[0], f: inputs[1] },
        uniforms: { count, alpha, beta },
        overrides: { WITH_F: inputs[1] ? 1 : 0 },
      },
    ];
  },
};

/** alpha · x + beta · f. Consumes x. */
export function scaleAdd(g: Graph, x: Tensor, alpha: number, f?: Tensor, beta = 1): Tensor {
  if (f === undefined && alpha === 1) return x;
  if (f && sizeOf(f.shape) !== sizeOf(x.shape)) throw new Error(`scale_add: [${x.shape}] and [${f.shape}]`);
  return g.apply1(scaleAddOp, [x, f], { alpha, beta });
}

/** x + f. Consumes x. */
export const add = (g: Graph, x: Tensor, f: Tensor): Tensor => scaleAdd(g, x, 1, f);

const scaleAddInverseOp: Op<Attributes & { alpha: number }> = {
  name: 'scale_add_inverse',
  shapes: same,
  inPlace: () => [[0, 0]],
  lower({ inputs, outputs, attributes }) {
    const count = sizeOf((outputs[0] as Tensor).shape);
    return [
      {
        kernel: 'scale_add_inverse',
        tensors: { y: outputs[0], f: inputs[1] },
        uniforms: { count, alpha: attributes['alpha'] as number },
      },
    ];
  },
};

/** (y - f) / alpha: undoes scaleAdd(x, alpha, f) up to rounding. Consumes y. */
export const scaleAddInverse = (g: Graph, y: Tensor, f: Tensor, alpha: number): Tensor => g.apply1(scaleAddInverseOp, [y, f], { alpha });

const copyOp: Op<Attributes & { count: number }> = {
  name: 'copy',
  shapes: (inputs, { count }) => {
    const { shape, dtype } = inputs[0] as Tensor;
    return [{ shape: count === sizeOf(shape) ? shape : [count], dtype }];
  },
  vjp: ({ g, d_outputs }) => [copy(g, d_outputs[0] as Tensor)],
  lower({ inputs, outputs, attributes }) {
    const count = attributes['count'] as number;
    return [{ kernel: 'copy', tensors: { x: inputs[0], y: outputs[0] }, uniforms: { count } }];
  },
};

/** The first `count` elements of x (all by default) in storage of their own. */
export const copy = (g: Graph, x: Tensor, count = sizeOf(x.shape)): Tensor => g.apply1(copyOp, [x], { count });

const copyIntoOp: Op = {
  name: 'copy_into',
  shapes: () => [],
  accumulates: [1],
  lower({ inputs }) {
    const count = sizeOf((inputs[0] as Tensor).shape);
    return [{ kernel: 'copy', tensors: { x: inputs[0], y: inputs[1] }, uniforms: { count } }];
  },
};

/** Writes x into a persistent tensor. */
export const copyInto = (g: Graph, x: Tensor, y: Tensor): void => {
  g.apply(copyIntoOp, [x, y], {});
};

const clearOp: Op = {
  name: 'clear',
  shapes: () => [],
  accumulates: [0],
  lower({ inputs }) {
    const count = sizeOf((inputs[0] as Tensor).shape);
    return [{ kernel: 'clear', tensors: { x: inputs[0] }, uniforms: { count } }];
  },
};

/** Sets a persistent tensor to zero. */
export const clear = (g: Graph, x: Tensor): void => {
  g.apply(clearOp, [x], {});
};
