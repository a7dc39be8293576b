// linear: y = act(alpha · x wᵀ + bias) (+ y_in), its input gradient and its parameter gradients. Matrices whose sides are multiples of 4 go to
// the register-tiled kernels, others (heads of a few labels, odd ranks) to the ragged ones: the op is one, the kernel is chosen by shape.

import { type Activation, activationCode, type KernelName, slopeOfValue } from '../../kernels/table.ts';
import type { Attributes, Graph, KernelCall, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';
import { activationBackward } from './elementwise.ts';

interface LinearAttributes extends Attributes {
  readonly alpha: number;
  readonly activation: Activation;
  /** Keep the argument of the activation for the gradient. */
  readonly keepPre: boolean;
  readonly into: boolean;
}

interface Matrices {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

/** x [.., K], w [N, K]. */
function matrices(x: Tensor, w: Tensor): Matrices {
  const [N, K] = w.shape as [number, number];
  if (w.shape.length !== 2 || x.shape.at(-1) !== K) throw new Error(`linear: x [${x.shape}] does not fit '${w.name}' [${w.shape}]`);
  return { M: sizeOf(x.shape) / K, K, N };
}

const pick = (kernel: 'gemm_nt' | 'gemm_nn' | 'gemm_tn', { K, N }: Matrices): KernelName =>
  K % 4 === 0 && N % 4 === 0 ? kernel : `${kernel}_ragged`;

const linearOp: Op<LinearAttributes> = {
  name: 'linear',
  shapes([x, w, bias, into], { keepPre, activation }) {
    const { N } = matrices(x as Tensor, w as Tensor);
    if (bias && sizeOf(bias.shape) !== N) throw new Error(`linear: bias '${bias.name}' [${bias.shape}] for ${N} columns`);
    const shape = [...(x as Tensor).shape.slice(0, -1), N];
    if (into && (into.shape.join() !== shape.join() || activation !== 'none'))
      throw new Error(`linear: cannot accumulate [${shape}] into [${into.shape}]`);
    return keepPre ? [{ shape }, { shape }] : [{ shape }];
  },
  // Slot 3 is there only for accumulation; see `into`.
  inPlace: ({ into }) => (into ? [[0, 3]] : []),
  vjp({ g, node, d_outputs, needs, take }) {
    const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor | undefined, Tensor | undefined];
    const { alpha, activation } = node.attributes as LinearAttributes;
    const d_y = d_outputs[0] as Tensor;
    const d_pre =
      activation === 'none'
        ? d_y
        : activationBackward(g, d_y, (slopeOfValue(activation) ? node.outputs[0] : node.outputs[1]) as Tensor, activation);
    if (needs(1)) g.apply(weightGradientOp, [d_pre, x, g.registry.gradientOf(w)], { alpha });
    if (bias && needs(2)) columnSum(g, d_pre, g.registry.gradientOf(bias));
    const d_x = needs(0) ? linearInputGradient(g, d_pre, w, alpha, take(0)) : undefined;
    return [d_x, undefined, undefined, needs(3) ? d_y : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [x, w, bias, into] = inputs as [Tensor, Tensor, Tensor | undefined, Tensor | undefined];
    const { alpha, activation, keepPre } = attributes as LinearAttributes;
    const size = matrices(x, w);
    return [
      {
        kernel: pick('gemm_nt', size),
        tensors: { x, w, bias, out: outputs[0], pre: outputs[1] },
        uniforms: { ...size, alpha },
        overrides: { BIAS: bias ? 1 : 0, ACTIVATION: activationCode[activation], KEEP_PRE: keepPre ? 1 : 0, ACCUMULATE: into ? 1 : 0 },
      },
    ];
  },
};

const inputGradientOp: Op<Attributes & { alpha: number; into: boolean }> = {
  name: 'linear_input_gradient',
  shapes([d_y, w]) {
    const [, K] = (w as Tensor).shape as [number, number];
    return [{ shape: [...(d_y as Tensor).shape.slice(0, -1), K] }];
  },
  inPlace: ({ into }) => (into ? [[0, 2]] : []),
  lower({ inputs, outputs, attributes }) {
    const [d_y, w] = inputs as [Tensor, Tensor];
    const [N, K] = w.shape as [number, number];
    const size = { M: sizeOf(d_y.shape) / N, K, N };
    return [
      {
        kernel: pick('gemm_nn', size),
        tensors: { d_y, w, out: outputs[0] },
        uniforms: { ...size, alpha: attributes['alpha'] as number },
        overrides: { ACTIVATION: 0, ACCUMULATE: attributes['into'] ? 1 : 0 },
      },
    ];
  },
};

/** d_x [.., K] = alpha · d_y [.., N] w [N, K] (+ into). */
export function linearInputGradient(g: Graph, d_y: Tensor, w: Tensor, alpha: number, into?: Tensor): Tensor {
  return g.apply1(inputGradientOp, [d_y, w, into], { alpha, into: into !== undefined });
}

const weightGradientOp: Op<Attributes & { alpha: number }> = {
  name: 'linear_weight_gradient',
  shapes: () => [],
  accumulates: [2],
  lower({ inputs, attributes }) {
    const [d_y, x, d_w] = inputs as [Tensor, Tensor, Tensor];
    const [N, K] = d_w.shape as [number, number];
    const size = { M: sizeOf(d_y.shape) / N, K, N };
    const call: KernelCall = {
      kernel: pick('gemm_tn', size),
      tensors: { d_y, x, d_w },
      uniforms: { ...size, alpha: attributes['alpha'] as number },
    };
    return [call];
  },
};

const columnSumOp: Op<Attributes & { M: number }> = {
  name: 'column_sum',
  shapes: () => [],
  accumulates: [1],
  lower({ inputs, attributes }) {
    const [d_y, d_bias] = inputs as [Tensor, Tensor];
    const M = attributes['M'] as number;
    const uniforms = { M, N: sizeOf(d_bias.shape), width: sizeOf(d_y.shape) / M, alpha: 1 };
    return [{ kernel: 'column_sum', tensors: { d_y, d_bias }, uniforms }];
  },
};

/** d_bias [N] += the sum over M rows of d_y; where a row is longer than N, of its first N elements. Rows of d_y [.., N] by default. */
export const columnSum = (g: Graph, d_y: Tensor, d_bias: Tensor, M = sizeOf(d_y.shape) / sizeOf(d_bias.shape)): void => {
  g.apply(columnSumOp, [d_y, d_bias], { M });
};

export interface LinearOptions {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation;
  readonly alpha?: number;
  /** Accumulate into this value (consumed): y = into + alpha · x wᵀ + bias. */
  readonly into?: Tensor;
}

/** y [.., N] = act(alpha · x [.., K] w [N, K]ᵀ + bias [N]) (+ into [.., N]). */
export function linear(g: Graph, x: Tensor, w: Tensor, { bias, activation = 'none', alpha = 1, into }: LinearOptions = {}): Tensor {
  const keepPre = g.training && activation !== 'none' && !slopeOfValue(activation);
  return g.apply(linearOp, [x, w, bias, into], { alpha, activation, keepPre, into: into !== undefined })[0] as Tensor;
}
