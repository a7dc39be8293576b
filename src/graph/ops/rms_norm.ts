// rms_norm: y = x · weight / sqrt(mean(x²) + eps) over the last axis: no mean is taken off and there is no bias (Zhang & Sennrich 2019,
// arXiv:1910.07467; T5's LayerNorm). x and 1 / sqrt(...) of each row are kept for the gradient.

import type { ExampleRows, Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

type RmsNormInputs = {
  readonly x: Tensor; // [.., C]
  readonly weight: Tensor; // [C]
};

type RmsNormOutputs = {
  readonly y: Tensor; // [.., C]
  readonly rstd: Tensor; // [N]
};

const rmsNormOp: Op<RmsNormInputs, RmsNormOutputs, { readonly eps: number }> = {
  name: 'rms_norm',
  shapes({ x, weight }) {
    const { N, C } = rowsOf(x);
    if (weight.shape.join() !== `${C}`) throw new Error(`rms_norm: weight '${weight.name}' for width ${C}`);
    if (C % 4 !== 0) throw new Error(`rms_norm: width ${C} is not a multiple of 4`);
    return { y: { shape: x.shape }, rstd: { shape: [N] } };
  },
  vjp({ g, inputs: { x, weight }, outputs: { rstd }, d, needs }) {
    const d_y = d('y'); // [.., C]
    if (needs('weight')) g.apply(rmsNormWeightOp, { d_y, x, rstd, d_weight: g.registry.gradientOf(weight) }, g.exampleRows(d_y));
    return { x: needs('x') ? g.apply(rmsNormBackwardOp, { d_y, x, rstd, weight }, {}).d_x : undefined };
  },
  lower: ({ inputs, outputs, attributes: { eps } }) => [
    { kernel: 'rms_norm', tensors: { ...inputs, ...outputs }, uniforms: { ...rowsOf(inputs.x), eps } },
  ],
};

type RmsNormBackwardInputs = {
  readonly d_y: Tensor; // [.., C]
  readonly x: Tensor; // [.., C]
  readonly rstd: Tensor; // [N]
  readonly weight: Tensor; // [C]
};

const rmsNormBackwardOp: Op<RmsNormBackwardInputs, { readonly d_x: Tensor }> = {
  name: 'rms_norm_backward',
  shapes: ({ d_y }) => ({ d_x: { shape: d_y.shape } }),
  inPlace: () => [['d_x', 'd_y']],
  lower: ({ inputs: { x, rstd, weight }, outputs: { d_x } }) => [
    { kernel: 'rms_norm_backward', tensors: { d_y: d_x, x, rstd, weight }, uniforms: rowsOf(d_x) },
  ],
};

type RmsNormWeightInputs = {
  readonly d_y: Tensor; // [.., C]
  readonly x: Tensor; // [.., C]
  readonly rstd: Tensor; // [N]
  readonly d_weight: Tensor; // [C]
};

const rmsNormWeightOp: Op<RmsNormWeightInputs, NoTensors, ExampleRows> = {
  name: 'rms_norm_weight',
  shapes: () => ({}),
  accumulates: ['d_weight'],
  lower: ({ inputs, attributes }) => [{ kernel: 'rms_norm_weight', tensors: inputs, uniforms: { ...rowsOf(inputs.d_y), ...attributes } }],
};

/** y [.., C] = x · weight [C] / sqrt(mean(x²) + eps), the mean over the last axis. */
export const rmsNorm = (g: Graph, x: Tensor, weight: Tensor, eps: number): Tensor => g.apply(rmsNormOp, { x, weight }, { eps }).y;
