// layer_norm: s = x + residual, y = (s - mean) / sqrt(var + eps) · weight + bias over the last axis. The sum is made in place on x and kept with
// mean and rstd for the gradient; its gradient serves x and the residual alike.

import { undropped } from '../../kernels/table.ts';
import type { ExampleRows, Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { columnSum } from './linear.ts';

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

type LayerNormInputs = {
  readonly x: Tensor; // [.., C]
  readonly residual: Tensor | undefined; // [.., C]
  readonly weight: Tensor; // [C]
  readonly bias: Tensor; // [C]
};

type LayerNormOutputs = {
  readonly y: Tensor; // [.., C]
  readonly stats: Tensor; // [N, 2]: mean and rstd of each row
  readonly sum: Tensor | undefined; // [.., C]: x + residual
};

const layerNormOp: Op<LayerNormInputs, LayerNormOutputs, { readonly eps: number; readonly residual: boolean }> = {
  name: 'layer_norm',
  shapes({ x, residual, weight, bias }) {
    const { shape } = x;
    const { N, C } = rowsOf(x);
    if (residual && sizeOf(residual.shape) !== sizeOf(shape)) throw new Error(`layer_norm: residual [${residual.shape}] for x [${shape}]`);
    if (weight.shape.join() !== `${C}` || bias.shape.join() !== `${C}`)
      throw new Error(`layer_norm: weight '${weight.name}' for width ${C}`);
    if (C % 4 !== 0) throw new Error(`layer_norm: width ${C} is not a multiple of 4`);
    return { y: { shape }, stats: { shape: [N, 2] }, sum: residual && { shape } };
  },
  inPlace: ({ residual }) => (residual ? [['sum', 'x']] : []),
  vjp({ g, inputs: { x, weight, bias }, outputs: { stats, sum: s = x }, d, needs }) {
    const d_y = d('y'); // [.., C]
    const d_bias = needs('bias') ? g.registry.gradientOf(bias) : undefined;
    // The gradient of the bias alone needs neither the sum nor its statistics: BitFit keeps neither for it.
    if (needs('weight'))
      g.apply(layerNormParametersOp, { d_y, s, stats, d_weight: g.registry.gradientOf(weight), d_bias }, g.exampleRows(d_y));
    else if (d_bias) columnSum(g, d_y, d_bias);
    if (!needs('x') && !needs('residual')) return {};
    const { d_s } = g.apply(layerNormBackwardOp, { d_y, s, stats, weight }, {}); // [.., C]
    return { x: needs('x') ? d_s : undefined, residual: needs('residual') ? d_s : undefined };
  },
  lower: ({ inputs: { x, residual, weight, bias }, outputs: { y, stats, sum }, attributes: { eps } }) => [
    {
      kernel: 'layer_norm',
      tensors: { x: sum ?? x, residual, weight, bias, y, stats },
      uniforms: { ...rowsOf(x), eps, ...undropped },
      overrides: { RESIDUAL: residual ? 1 : 0 },
    },
  ],
};

type LayerNormBackwardInputs = {
  readonly d_y: Tensor; // [.., C]
  readonly s: Tensor; // [.., C]
  readonly stats: Tensor; // [N, 2]
  readonly weight: Tensor; // [C]
};

const layerNormBackwardOp: Op<LayerNormBackwardInputs, { readonly d_s: Tensor }> = {
  name: 'layer_norm_backward',
  shapes: ({ d_y }) => ({ d_s: { shape: d_y.shape } }),
  inPlace: () => [['d_s', 'd_y']],
  lower: ({ inputs: { s, stats, weight }, outputs: { d_s } }) => [
    { kernel: 'layer_norm_backward', tensors: { d_y: d_s, s, stats, weight }, uniforms: { ...rowsOf(d_s), ...undropped, scale: 1 } },
  ],
};

type LayerNormParametersInputs = {
  readonly d_y: Tensor; // [.., C]
  readonly s: Tensor; // [.., C]
  readonly stats: Tensor; // [N, 2]
  readonly d_weight: Tensor; // [C]
  readonly d_bias: Tensor | undefined; // [C]
};

const layerNormParametersOp: Op<LayerNormParametersInputs, NoTensors, ExampleRows> = {
  name: 'layer_norm_parameters',
  shapes: () => ({}),
  accumulates: ['d_weight', 'd_bias'],
  lower: ({ inputs, attributes }) => [
    {
      kernel: 'layer_norm_parameters',
      tensors: inputs,
      uniforms: { ...rowsOf(inputs.d_y), ...attributes },
      overrides: { BIAS: inputs.d_bias ? 1 : 0 },
    },
  ],
};

/** y [.., C] = LayerNorm(x + residual) with weight, bias [C] of the module path. Consumes x where there is a residual. */
export function layerNorm(g: Graph, x: Tensor, weight: Tensor, bias: Tensor, eps: number, residual?: Tensor): Tensor {
  return g.apply(layerNormOp, { x, residual, weight, bias }, { eps, residual: residual !== undefined }).y;
}
