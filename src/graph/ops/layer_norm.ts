// layer_norm: s = x + residual, y = (s - mean) / sqrt(var + eps) · weight + bias over the last axis. The sum is made in place on x and kept with
// mean and rstd for the gradient; its gradient serves x and the residual alike.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';
import { columnSum } from './linear.ts';

type LayerNormAttributes = Attributes & { readonly eps: number; readonly residual: boolean };

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

const layerNormOp: Op<LayerNormAttributes> = {
  name: 'layer_norm',
  shapes([x, residual, weight, bias]) {
    const { shape } = x as Tensor;
    const { N, C } = rowsOf(x as Tensor);
    if (residual && sizeOf(residual.shape) !== sizeOf(shape)) throw new Error(`layer_norm: residual [${residual.shape}] for x [${shape}]`);
    if (weight?.shape.join() !== `${C}` || bias?.shape.join() !== `${C}`)
      throw new Error(`layer_norm: weight '${weight?.name}' for width ${C}`);
    if (C % 4 !== 0) throw new Error(`layer_norm: width ${C} is not a multiple of 4`);
    return [{ shape }, { shape: [N, 2] }, ...(residual ? [{ shape }] : [])];
  },
  inPlace: ({ residual }) => (residual ? [[2, 0]] : []),
  vjp({ g, node, d_outputs, needs }) {
    const [x, residual, weight, bias] = node.inputs as [Tensor, Tensor | undefined, Tensor, Tensor];
    const [, stats, sum] = node.outputs as [Tensor, Tensor, Tensor | undefined];
    const s = sum ?? x;
    const d_y = d_outputs[0] as Tensor;
    const d_bias = needs(3) ? g.registry.gradientOf(bias) : undefined;
    // The gradient of the bias alone needs neither the sum nor its statistics: BitFit keeps neither for it.
    if (needs(2)) g.apply(layerNormParametersOp, [d_y, s, stats, g.registry.gradientOf(weight), d_bias], {});
    else if (d_bias) columnSum(g, d_y, d_bias);
    if (!needs(0) && !(residual && needs(1))) return [];
    const d_s = g.apply1(layerNormBackwardOp, [d_y, s, stats, weight], {});
    return [needs(0) ? d_s : undefined, residual && needs(1) ? d_s : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [x, residual, weight, bias] = inputs as [Tensor, Tensor | undefined, Tensor, Tensor];
    const size = rowsOf(x);
    return [
      {
        kernel: 'layer_norm',
        tensors: { x: outputs[2] ?? x, residual, weight, bias, y: outputs[0], stats: outputs[1] },
        uniforms: { ...size, eps: attributes['eps'] as number },
        overrides: { RESIDUAL: residual ? 1 : 0 },
      },
    ];
  },
};

const layerNormBackwardOp: Op = {
  name: 'layer_norm_backward',
  shapes: ([d_y]) => [{ shape: (d_y as Tensor).shape }],
  inPlace: () => [[0, 0]],
  lower({ inputs, outputs }) {
    const [, s, stats, weight] = inputs;
    const size = rowsOf(outputs[0] as Tensor);
    return [{ kernel: 'layer_norm_backward', tensors: { d_y: outputs[0], s, stats, weight }, uniforms: size }];
  },
};

const layerNormParametersOp: Op = {
  name: 'layer_norm_parameters',
  shapes: () => [],
  accumulates: [3, 4],
  lower({ inputs }) {
    const [d_y, s, stats, d_weight, d_bias] = inputs;
    const size = rowsOf(d_y as Tensor);
    const overrides = { BIAS: d_bias ? 1 : 0 };
    return [{ kernel: 'layer_norm_parameters', tensors: { d_y, s, stats, d_weight, d_bias }, uniforms: size, overrides }];
  },
};

/** y [.., C] = LayerNorm(x + residual) with weight, bias [C] of the module path. Consumes x where there is a residual. */
export function layerNorm(g: Graph, x: Tensor, weight: Tensor, bias: Tensor, eps: number, residual?: Tensor): Tensor {
  return g.apply(layerNormOp, [x, residual, weight, bias], { eps, residual: residual !== undefined })[0] as Tensor;
}
