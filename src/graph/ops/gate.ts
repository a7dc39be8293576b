// gate: mu · a + (1 - mu) · b with mu = σ(alpha / temperature), one learned number: how a ladder side network mixes a state of the backbone
// with its own (Sung, Cho, Bansal 2022, arXiv:2206.06522, §3.2). Kept for the gradient: a - b, over a.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

type GateAttributes = Attributes & { readonly temperature: number };

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

const gateOp: Op<GateAttributes> = {
  name: 'gate',
  shapes([alpha, a, b]) {
    const { shape } = a as Tensor;
    if (sizeOf((alpha as Tensor).shape) !== 1) throw new Error(`gate: '${alpha?.name}' [${alpha?.shape}] is not one number`);
    if (shape.join() !== b?.shape.join()) throw new Error(`gate: [${shape}] and [${b?.shape}]`);
    return [{ shape }, { shape }];
  },
  // b becomes the result, a the difference a - b.
  inPlace: () => [
    [0, 2],
    [1, 1],
  ],
  vjp({ g, node, d_outputs, needs }) {
    const alpha = node.inputs[0] as Tensor;
    const attributes = node.attributes as GateAttributes;
    const [d_a, d_b, partials] = g.apply(gateBackwardOp, [alpha, d_outputs[0], node.outputs[1]], attributes);
    if (needs(0)) g.apply(gateAlphaOp, [alpha, partials, g.registry.gradientOf(alpha)], attributes);
    return [undefined, needs(1) ? d_a : undefined, needs(2) ? d_b : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [y, difference] = outputs as [Tensor, Tensor];
    const uniforms = { count: sizeOf(y.shape), temperature: (attributes as GateAttributes).temperature };
    return [{ kernel: 'gate', tensors: { alpha: inputs[0], a: difference, b: y }, uniforms }];
  },
};

const gateBackwardOp: Op<GateAttributes> = {
  name: 'gate_backward',
  shapes([, d_y]) {
    const { shape } = d_y as Tensor;
    return [{ shape }, { shape }, { shape: [rowsOf(d_y as Tensor).N] }];
  },
  inPlace: () => [
    [0, 2],
    [1, 1],
  ],
  lower({ inputs, outputs, attributes }) {
    const [difference, d_y, partials] = outputs as [Tensor, Tensor, Tensor];
    const uniforms = { ...rowsOf(d_y), temperature: (attributes as GateAttributes).temperature };
    return [{ kernel: 'gate_backward', tensors: { alpha: inputs[0], d_y, difference, partials }, uniforms }];
  },
};

const gateAlphaOp: Op<GateAttributes> = {
  name: 'gate_alpha',
  shapes: () => [],
  accumulates: [2],
  lower({ inputs, attributes }) {
    const [alpha, partials, d_alpha] = inputs as [Tensor, Tensor, Tensor];
    const uniforms = { N: sizeOf(partials.shape), temperature: (attributes as GateAttributes).temperature };
    return [{ kernel: 'gate_alpha', tensors: { alpha, partials, d_alpha }, uniforms }];
  },
};

/** mu · a + (1 - mu) · b [.., C] with mu = σ(alpha [1] / temperature). Consumes a and b. */
export const gate = (g: Graph, alpha: Tensor, temperature: number, a: Tensor, b: Tensor): Tensor =>
  g.apply(gateOp, [alpha, a, b], { temperature })[0] as Tensor;
