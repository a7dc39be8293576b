// gate: mu · a + (1 - mu) · b with mu = σ(alpha / temperature), one learned number: how a ladder side network mixes a hidden state of the
// backbone with its own (Sung, Cho, Bansal 2022, arXiv:2206.06522, §3.2). Kept for the gradient: a - b, in the place of a.

import type { ExampleRows, Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

type GateAttributes = { readonly temperature: number };

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

type GateInputs = {
  readonly alpha: Tensor; // [1]
  readonly a: Tensor; // [.., C]
  readonly b: Tensor; // [.., C]
};

type GateOutputs = {
  readonly y: Tensor; // [.., C]
  readonly difference: Tensor; // [.., C]: a - b
};

const gateOp: Op<GateInputs, GateOutputs, GateAttributes> = {
  name: 'gate',
  shapes({ alpha, a, b }) {
    const { shape } = a;
    if (sizeOf(alpha.shape) !== 1) throw new Error(`gate: '${alpha.name}' [${alpha.shape}] is not one number`);
    if (shape.join() !== b.shape.join()) throw new Error(`gate: [${shape}] and [${b.shape}]`);
    return { y: { shape }, difference: { shape } };
  },
  inPlace: () => [
    ['y', 'b'],
    ['difference', 'a'],
  ],
  vjp({ g, inputs: { alpha }, outputs: { difference }, attributes, d, needs }) {
    const d_y = d('y'); // [.., C]
    const { d_a, d_b, partials } = g.apply(gateBackwardOp, { alpha, d_y, difference }, attributes);
    if (needs('alpha'))
      g.apply(gateAlphaOp, { alpha, partials, d_alpha: g.registry.gradientOf(alpha) }, { ...attributes, ...g.exampleRows(d_y) });
    return { a: needs('a') ? d_a : undefined, b: needs('b') ? d_b : undefined };
  },
  lower: ({ inputs: { alpha }, outputs: { y, difference }, attributes: { temperature } }) => [
    { kernel: 'gate', tensors: { alpha, a: difference, b: y }, uniforms: { count: sizeOf(y.shape), temperature } },
  ],
};

type GateBackwardInputs = {
  readonly alpha: Tensor; // [1]
  readonly d_y: Tensor; // [.., C]
  readonly difference: Tensor; // [.., C]
};

type GateBackwardOutputs = {
  readonly d_a: Tensor; // [.., C]
  readonly d_b: Tensor; // [.., C]
  readonly partials: Tensor; // [N]: what each row adds to the gradient of mu
};

const gateBackwardOp: Op<GateBackwardInputs, GateBackwardOutputs, GateAttributes> = {
  name: 'gate_backward',
  shapes: ({ d_y }) => ({ d_a: { shape: d_y.shape }, d_b: { shape: d_y.shape }, partials: { shape: [rowsOf(d_y).N] } }),
  inPlace: () => [
    ['d_a', 'difference'],
    ['d_b', 'd_y'],
  ],
  lower: ({ inputs: { alpha }, outputs: { d_a, d_b, partials }, attributes: { temperature } }) => [
    { kernel: 'gate_backward', tensors: { alpha, d_y: d_b, difference: d_a, partials }, uniforms: { ...rowsOf(d_b), temperature } },
  ],
};

type GateAlphaInputs = {
  readonly alpha: Tensor; // [1]
  readonly partials: Tensor; // [N]
  readonly d_alpha: Tensor; // [1]
};

const gateAlphaOp: Op<GateAlphaInputs, NoTensors, GateAttributes & ExampleRows> = {
  name: 'gate_alpha',
  shapes: () => ({}),
  accumulates: ['d_alpha'],
  lower: ({ inputs, attributes }) => [
    { kernel: 'gate_alpha', tensors: inputs, uniforms: { N: sizeOf(inputs.partials.shape), ...attributes } },
  ],
};

/** mu · a + (1 - mu) · b [.., C] with mu = σ(alpha [1] / temperature). Consumes a and b. */
export const gate = (g: Graph, alpha: Tensor, temperature: number, a: Tensor, b: Tensor): Tensor =>
  g.apply(gateOp, { alpha, a, b }, { temperature }).y;
