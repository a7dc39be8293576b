// rms_norm: y = x · weight / sqrt(mean(x²) + eps) over the last axis: no mean is taken off and there is no bias (Zhang & Sennrich 2019,
// arXiv:1910.07467; T5's LayerNorm). x and 1 / sqrt(...) of each row are kept for the gradient.

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

type RmsNormAttributes = Attributes & { readonly eps: number };

const rowsOf = (x: Tensor) => {
  const C = x.shape.at(-1) as number;
  return { N: sizeOf(x.shape) / C, C };
};

const rmsNormOp: Op<RmsNormAttributes> = {
  name: 'rms_norm',
  shapes([x, weight]) {
    const { N, C } = rowsOf(x as Tensor);
    if (weight?.shape.join() !== `${C}`) throw new Error(`rms_norm: weight '${weight?.name}' for width ${C}`);
    if (C % 4 !== 0) throw new Error(`rms_norm: width ${C} is not a multiple of 4`);
    return [{ shape: (x as Tensor).shape }, { shape: [N] }];
  },
  vjp({ g, node, d_outputs, needs }) {
    const [x, weight] = node.inputs as [Tensor, Tensor];
    const rstd = node.outputs[1] as Tensor;
    const d_y = d_outputs[0] as Tensor;
    if (needs(1)) g.apply(rmsNormWeightOp, [d_y, x, rstd, g.registry.gradientOf(weight)], {});
    return [needs(0) ? g.apply1(rmsNormBackwardOp, [d_y, x, rstd, weight], {}) : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [x, weight] = inputs as [Tensor, Tensor];
    const uniforms = { ...rowsOf(x), eps: attributes['eps'] as number };
    return [{ kernel: 'rms_norm', tensors: { x, weight, y: outputs[0], rstd: outputs[1] }, uniforms }];
  },
};

const rmsNormBackwardOp: Op = {
  name: 'rms_norm_backward',
  shapes: ([d_y]) => [{ shape: (d_y as Tensor).shape }],
  inPlace: () => [[0, 0]],
  lower({ inputs, outputs }) {
    const [, x, rstd, weight] = inputs;
    return [{ kernel: 'rms_norm_backward', tensors: { d_y: outputs[0], x, rstd, weight }, uniforms: rowsOf(outputs[0] as Tensor) }];
  },
};

const rmsNormWeightOp: Op = {
  name: 'rms_norm_weight',
  shapes: () => [],
  accumulates: [3],
  lower({ inputs }) {
    const [d_y, x, rstd, d_weight] = inputs;
    return [{ kernel: 'rms_norm_weight', tensors: { d_y, x, rstd, d_weight }, uniforms: rowsOf(d_y as Tensor) }];
  },
};

/** y [.., C] = x · weight [C] / sqrt(mean(x²) + eps), the mean over the last axis. */
export const rmsNorm = (g: Graph, x: Tensor, weight: Tensor, eps: number): Tensor => g.apply(rmsNormOp, [x, weight], { eps })[0] as Tensor;
