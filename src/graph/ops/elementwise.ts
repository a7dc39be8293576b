// Ops that go element by element: activations, dropout, scaled sums, copies and clears. Counts are elements, shapes are anything.

import { type Activation, activationCode, slopeOfValue } from '../../kernels/table.ts';
import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

/** An op y = f(x) of one tensor. */
type X = { readonly x: Tensor };
type Y = { readonly y: Tensor };

const like = ({ shape, dtype }: Tensor) => ({ shape, dtype });
const yLikeX = ({ x }: X) => ({ y: like(x) });
const countOf = ({ shape }: Tensor) => ({ count: sizeOf(shape) });

type ActivationAttributes = { readonly activation: Activation };

const overridesOf = ({ activation }: ActivationAttributes) => ({ ACTIVATION: activationCode[activation] });

const activationOp: Op<X, Y, ActivationAttributes> = {
  name: 'activation',
  shapes: yLikeX,
  vjp: ({ g, inputs: { x }, outputs: { y }, attributes: { activation }, d }) => ({
    x: activationBackward(g, d('y'), slopeOfValue(activation) ? y : x, activation),
  }),
  lower: ({ inputs: { x }, outputs: { y }, attributes }) => [
    { kernel: 'activation', tensors: { x, y }, uniforms: countOf(x), overrides: overridesOf(attributes) },
  ],
};

/** y = act(x) */
export const applyActivation = (g: Graph, x: Tensor, activation: Activation): Tensor =>
  activation === 'none' ? x : g.apply(activationOp, { x }, { activation }).y;

const activationBackwardOp: Op<{ readonly d_y: Tensor; readonly x: Tensor }, { readonly d_x: Tensor }, ActivationAttributes> = {
  name: 'activation_backward',
  shapes: ({ d_y }) => ({ d_x: like(d_y) }),
  inPlace: () => [['d_x', 'd_y']],
  lower: ({ inputs: { x }, outputs: { d_x }, attributes }) => [
    { kernel: 'activation_backward', tensors: { d_y: d_x, x }, uniforms: countOf(d_x), overrides: overridesOf(attributes) },
  ],
};

/** d_x = d_y · act'(x); for tanh and relu `x` is the value of the activation. Consumes d_y. */
export const activationBackward = (g: Graph, d_y: Tensor, x: Tensor, activation: Activation): Tensor =>
  g.apply(activationBackwardOp, { d_y, x }, { activation }).d_x;

const dropoutOp: Op<X, Y, { readonly p: number; readonly site: number; readonly first: number; readonly example: number }> = {
  name: 'dropout',
  shapes: yLikeX,
  inPlace: () => [['y', 'x']],
  // The mask is a function of the site and the element, so the backward is the same op.
  vjp: ({ g, attributes, d }) => ({ x: g.apply(dropoutOp, { x: d('y') }, attributes).y }),
  lower: ({ outputs: { y }, attributes }) => [{ kernel: 'dropout', tensors: { x: y }, uniforms: { ...countOf(y), ...attributes } }],
};

/** x [B, ..] · mask / (1 - p) while training, x otherwise. Consumes x. The random stream is the module path and `name`. */
export function dropout(g: Graph, x: Tensor, p: number, name: string): Tensor {
  if (!g.training || p === 0) return x;
  const row = sizeOf(x.shape) / (x.shape[0] as number);
  const example = x.shape.length > 2 ? row : row * g.exampleRows(x).T;
  return g.apply(dropoutOp, { x }, { p, site: g.site(name), first: g.firstExample * row, example }).y;
}

type ScaleAddInputs = X & { readonly f: Tensor | undefined };

const scaleAddOp: Op<ScaleAddInputs, Y, { readonly alpha: number; readonly beta: number }> = {
  name: 'scale_add',
  shapes: yLikeX,
  inPlace: () => [['y', 'x']],
  vjp({ g, attributes: { alpha, beta }, d, needs }) {
    const d_y = d('y');
    return { x: needs('x') ? scaleAdd(g, d_y, alpha) : undefined, f: needs('f') ? scaleAdd(g, d_y, beta) : undefined };
  },
  lower: ({ inputs: { f }, outputs: { y }, attributes: { alpha, beta } }) => [
    { kernel: 'scale_add', tensors: { x: y, f }, uniforms: { ...countOf(y), alpha, beta }, overrides: { WITH_F: f ? 1 : 0 } },
  ],
};

/** alpha · x + beta · f. Consumes x. */
export function scaleAdd(g: Graph, x: Tensor, alpha: number, f?: Tensor, beta = 1): Tensor {
  if (f === undefined && alpha === 1) return x;
  if (f && sizeOf(f.shape) !== sizeOf(x.shape)) throw new Error(`scale_add: [${x.shape}] and [${f.shape}]`);
  return g.apply(scaleAddOp, { x, f }, { alpha, beta }).y;
}

/** x + f. Consumes x. */
export const add = (g: Graph, x: Tensor, f: Tensor): Tensor => scaleAdd(g, x, 1, f);

const scaleAddInverseOp: Op<{ readonly y: Tensor; readonly f: Tensor }, { readonly x: Tensor }, { readonly alpha: number }> = {
  name: 'scale_add_inverse',
  shapes: ({ y }) => ({ x: like(y) }),
  inPlace: () => [['x', 'y']],
  lower: ({ inputs: { f }, outputs: { x }, attributes: { alpha } }) => [
    { kernel: 'scale_add_inverse', tensors: { y: x, f }, uniforms: { ...countOf(x), alpha } },
  ],
};

/** (y - f) / alpha: undoes scaleAdd(x, alpha, f) up to rounding. Consumes y. */
export const scaleAddInverse = (g: Graph, y: Tensor, f: Tensor, alpha: number): Tensor => g.apply(scaleAddInverseOp, { y, f }, { alpha }).x;

const copyOp: Op<X, Y, { readonly count: number }> = {
  name: 'copy',
  shapes: ({ x: { shape, dtype } }, { count }) => ({ y: { shape: count === sizeOf(shape) ? shape : [count], dtype } }),
  vjp: ({ g, d }) => ({ x: copy(g, d('y')) }),
  lower: ({ inputs: { x }, outputs: { y }, attributes: { count } }) => [{ kernel: 'copy', tensors: { x, y }, uniforms: { count } }],
};

/** The first `count` elements of x (all by default) in storage of their own. */
export const copy = (g: Graph, x: Tensor, count = sizeOf(x.shape)): Tensor => g.apply(copyOp, { x }, { count }).y;

const copyIntoOp: Op<X & Y, NoTensors> = {
  name: 'copy_into',
  shapes: () => ({}),
  accumulates: ['y'],
  lower: ({ inputs: { x, y } }) => [{ kernel: 'copy', tensors: { x, y }, uniforms: countOf(x) }],
};

/** Writes x into a persistent tensor. */
export const copyInto = (g: Graph, x: Tensor, y: Tensor): void => {
  g.apply(copyIntoOp, { x, y }, {});
};

const clearOp: Op<X, NoTensors> = {
  name: 'clear',
  shapes: () => ({}),
  accumulates: ['x'],
  lower: ({ inputs: { x } }) => [{ kernel: 'clear', tensors: { x }, uniforms: countOf(x) }],
};

/** Sets a persistent tensor to zero. */
export const clear = (g: Graph, x: Tensor): void => {
  g.apply(clearOp, { x }, {});
};
