// linear: y = act(alpha · x wᵀ + bias) (+ y_in), its input gradient and its parameter gradients. Matrices whose sides are multiples of 4 go to
// the register-tiled kernels, others (heads of a few labels, odd ranks) to the ragged ones: the op is one, the kernel is chosen by shape.

import { type Activation, activationCode, slopeOfValue, undropped } from '../../kernels/table.ts';
import type { ExampleRows, Graph } from '../graph.ts';
import type { KernelCall, NoTensors, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { activationBackward } from './elementwise.ts';

type LinearAttributes = {
  readonly alpha: number;
  readonly activation: Activation;
  /** Keep the argument of the activation for the gradient. */
  readonly keepPre: boolean;
  readonly into: boolean;
};

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

/** The kernel of a product over whole rows, and its uniforms: the sizes and `others`. */
function product<Others extends Readonly<Record<string, number>>>(
  kernel: 'gemm_nt' | 'gemm_nn' | 'gemm_tn',
  size: Matrices,
  others: Others,
): Pick<KernelCall, 'kernel' | 'uniforms'> {
  const { K, N } = size;
  return K % 4 === 0 && N % 4 === 0
    ? { kernel, uniforms: { ...size, width: N, column: 0, ...others, ...(kernel === 'gemm_tn' ? {} : undropped) } }
    : { kernel: `${kernel}_ragged`, uniforms: { ...size, ...others, ...(kernel === 'gemm_nn' ? undropped : {}) } };
}

type LinearInputs = {
  readonly x: Tensor; // [.., K]
  readonly w: Tensor; // [N, K]
  readonly bias: Tensor | undefined; // [N]
  readonly into: Tensor | undefined; // [.., N]
};

type LinearOutputs = {
  readonly y: Tensor; // [.., N]
  readonly pre: Tensor | undefined; // [.., N]: the argument of the activation
};

const linearOp: Op<LinearInputs, LinearOutputs, LinearAttributes> = {
  name: 'linear',
  shapes({ x, w, bias, into }, { keepPre, activation }) {
    const { N } = matrices(x, w);
    if (bias && sizeOf(bias.shape) !== N) throw new Error(`linear: bias '${bias.name}' [${bias.shape}] for ${N} columns`);
    const shape = [...x.shape.slice(0, -1), N];
    if (into && (into.shape.join() !== shape.join() || activation !== 'none'))
      throw new Error(`linear: cannot accumulate [${shape}] into [${into.shape}]`);
    return { y: { shape }, pre: keepPre ? { shape } : undefined };
  },
  inPlace: ({ into }) => (into ? [['y', 'into']] : []),
  vjp({ g, inputs: { x, w, bias }, outputs: { y }, attributes: { alpha, activation }, d, kept, needs, take }) {
    const d_y = d('y'); // [.., N]
    const d_pre = activation === 'none' ? d_y : activationBackward(g, d_y, slopeOfValue(activation) ? y : kept('pre'), activation); // [.., N]
    if (needs('w')) g.apply(weightGradientOp, { d_y: d_pre, x, d_w: g.registry.gradientOf(w) }, { alpha, ...g.exampleRows(d_pre) });
    if (bias && needs('bias')) columnSum(g, d_pre, g.registry.gradientOf(bias));
    return {
      x: needs('x') ? linearInputGradient(g, d_pre, w, alpha, take('x')) : undefined,
      into: needs('into') ? d_y : undefined,
    };
  },
  lower({ inputs: { x, w, bias, into }, outputs: { y, pre }, attributes: { alpha, activation, keepPre } }) {
    const size = matrices(x, w);
    return [
      {
        ...product('gemm_nt', size, { alpha }),
        tensors: { x, w, bias, out: y, pre },
        overrides: { BIAS: bias ? 1 : 0, ACTIVATION: activationCode[activation], KEEP_PRE: keepPre ? 1 : 0, ACCUMULATE: into ? 1 : 0 },
      },
    ];
  },
};

type InputGradientInputs = {
  readonly d_y: Tensor; // [.., N]
  readonly w: Tensor; // [N, K]
  readonly into: Tensor | undefined; // [.., K]
};

const inputGradientOp: Op<InputGradientInputs, { readonly d_x: Tensor }, { readonly alpha: number; readonly into: boolean }> = {
  name: 'linear_input_gradient',
  shapes: ({ d_y, w }) => ({ d_x: { shape: [...d_y.shape.slice(0, -1), w.shape[1] as number] } }),
  inPlace: ({ into }) => (into ? [['d_x', 'into']] : []),
  lower({ inputs: { d_y, w }, outputs: { d_x }, attributes: { alpha, into } }) {
    const [N, K] = w.shape as [number, number];
    const size = { M: sizeOf(d_y.shape) / N, K, N };
    return [
      {
        ...product('gemm_nn', size, { alpha }),
        tensors: { d_y, w, out: d_x },
        overrides: { ACTIVATION: 0, ACCUMULATE: into ? 1 : 0 },
      },
    ];
  },
};

/** d_x [.., K] = alpha · d_y [.., N] w [N, K] (+ into). */
export function linearInputGradient(g: Graph, d_y: Tensor, w: Tensor, alpha: number, into?: Tensor): Tensor {
  return g.apply(inputGradientOp, { d_y, w, into }, { alpha, into: into !== undefined }).d_x;
}

type WeightGradientInputs = {
  readonly d_y: Tensor; // [.., N]
  readonly x: Tensor; // [.., K]
  readonly d_w: Tensor; // [N, K]
};

const weightGradientOp: Op<WeightGradientInputs, NoTensors, { readonly alpha: number } & ExampleRows> = {
  name: 'linear_weight_gradient',
  shapes: () => ({}),
  accumulates: ['d_w'],
  lower({ inputs, attributes }) {
    const { d_y, d_w } = inputs;
    const [N, K] = d_w.shape as [number, number];
    const size = { M: sizeOf(d_y.shape) / N, K, N };
    return [{ ...product('gemm_tn', size, attributes), tensors: inputs }];
  },
};

const columnSumOp: Op<{ readonly d_y: Tensor; readonly d_bias: Tensor }, NoTensors, { readonly M: number } & ExampleRows> = {
  name: 'column_sum',
  shapes: () => ({}),
  accumulates: ['d_bias'],
  lower({ inputs, attributes: { M, ...rows } }) {
    const { d_y, d_bias } = inputs;
    const uniforms = { M, N: sizeOf(d_bias.shape), width: sizeOf(d_y.shape) / M, ...rows, alpha: 1 };
    return [{ kernel: 'column_sum', tensors: inputs, uniforms }];
  },
};

/** d_bias [N] += the sum over the rows of d_y [.., width] of their first N elements. */
export const columnSum = (g: Graph, d_y: Tensor, d_bias: Tensor): void => {
  const width = d_y.shape.at(-1) as number;
  g.apply(columnSumOp, { d_y, d_bias }, { M: sizeOf(d_y.shape) / width, ...g.exampleRows(d_y) });
};

/** d_rows [P, C] += the sum over the examples of d_y [B, P + T, C] of their first P rows. */
export const firstRowsSum = (g: Graph, d_y: Tensor, d_rows: Tensor): void => {
  g.apply(columnSumOp, { d_y, d_bias: d_rows }, { M: d_y.shape[0] as number, T: 1, first: 0 });
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
  return g.apply(linearOp, { x, w, bias, into }, { alpha, activation, keepPre, into: into !== undefined }).y;
}
