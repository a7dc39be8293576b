// vocabulary_logits: the logits of words, x wᵀ + bias with a row of w for each word, which may be the table that the embeddings read: gradients of both add
// up. The table may come in pieces, each of which fits a binding and is a dispatch of its own. Not here: the loss (loss.ts, with `words`).
// Invariant: a row of logits is as wide as the next multiple of 4, and past the words logits and their gradients are 0.

import { undropped } from '../../kernels/table.ts';
import type { ExampleRows, Graph } from '../graph.ts';
import type { KernelCall, NoTensors, Op } from '../op.ts';
import { type Parameter, sizeOf, type Tensor } from '../tensor.ts';
import { columnSum } from './linear.ts';

const wordsOf = (table: readonly Tensor[]): number => table.reduce((sum, { shape }) => sum + (shape[0] as number), 0);

/** The product of rows [M, K] with one piece [N, K] of the table, whose columns of the logits begin where its rows do. */
const sizesOf = (logits: Tensor, piece: Tensor) => {
  const [N, K] = piece.shape as [number, number];
  const width = logits.shape.at(-1) as number;
  return { M: sizeOf(logits.shape) / width, K, N, width, column: piece.rowBegin ?? 0, alpha: 1 };
};

type LogitsInputs = {
  readonly x: Tensor; // [.., C]
  /** Pieces of [V, C]. */
  readonly table: readonly Tensor[];
  readonly bias: Tensor | undefined; // [V], or [V, 1]
};

const logitsOp: Op<LogitsInputs, { readonly logits: Tensor }> = {
  name: 'vocabulary_logits',
  shapes({ x, table, bias }) {
    const C = x.shape.at(-1) as number;
    const words = wordsOf(table);
    for (const { name, shape, rowBegin = 0 } of table) {
      if (shape.length !== 2 || shape[1] !== C || C % 4 !== 0 || rowBegin % 4 !== 0)
        throw new Error(`vocabulary_logits: '${name}' [${shape}] from row ${rowBegin} for x [${x.shape}]`);
    }
    if (bias && sizeOf(bias.shape) !== words) throw new Error(`vocabulary_logits: bias [${bias.shape}] for ${words} words`);
    return { logits: { shape: [...x.shape.slice(0, -1), Math.ceil(words / 4) * 4] } };
  },
  vjp({ g, inputs: { x, table, bias }, d, needs }) {
    const d_logits = d('logits'); // [.., width]
    if (needs('table')) {
      const rows = g.exampleRows(x);
      for (const piece of table) g.apply(tableGradientOp, { d_logits, x, d_w: g.registry.gradientOf(piece) }, rows);
    }
    if (bias && needs('bias')) columnSum(g, d_logits, g.registry.gradientOf(bias));
    return { x: needs('x') ? g.apply(inputGradientOp, { d_logits, table }, {}).d_x : undefined };
  },
  lower: ({ inputs: { x, table, bias }, outputs: { logits } }) =>
    table.map((w) => ({
      kernel: 'gemm_nt',
      tensors: { x, w, bias, out: logits },
      uniforms: { ...sizesOf(logits, w), ...undropped },
      overrides: { BIAS: bias ? 1 : 0, ACTIVATION: 0, KEEP_PRE: 0, ACCUMULATE: 0 },
    })),
};

type InputGradientInputs = {
  readonly d_logits: Tensor; // [.., width]
  readonly table: readonly Tensor[];
};

const inputGradientOp: Op<InputGradientInputs, { readonly d_x: Tensor }> = {
  name: 'vocabulary_input_gradient',
  shapes: ({ d_logits, table }) => ({ d_x: { shape: [...d_logits.shape.slice(0, -1), table[0]?.shape[1] as number] } }),
  lower: ({ inputs: { d_logits, table }, outputs: { d_x } }) =>
    table.map(
      (w, i): KernelCall => ({
        kernel: 'gemm_nn',
        tensors: { d_y: d_logits, w, out: d_x },
        uniforms: { ...sizesOf(d_logits, w), ...undropped },
        overrides: { ACTIVATION: 0, ACCUMULATE: i > 0 ? 1 : 0 },
      }),
    ),
};

type TableGradientInputs = {
  readonly d_logits: Tensor; // [.., width]
  readonly x: Tensor; // [.., C]
  readonly d_w: Tensor; // [rows of a piece, C]
};

const tableGradientOp: Op<TableGradientInputs, NoTensors, ExampleRows> = {
  name: 'vocabulary_table_gradient',
  shapes: () => ({}),
  accumulates: ['d_w'],
  lower: ({ inputs: { d_logits, x, d_w }, attributes }) => [
    { kernel: 'gemm_tn', tensors: { d_y: d_logits, x, d_w }, uniforms: { ...sizesOf(d_logits, d_w), ...attributes } },
  ],
};

/**
 * logits [.., width] of x [.., C] by a table [V, C] and bias [V], where width is V rounded up to a multiple of 4; logits past the words are 0. What goes
 * back must be 0 there too, as the gradient of `softmaxCrossEntropy` with `words` is.
 */
export const vocabularyLogits = (g: Graph, x: Tensor, table: Parameter, bias?: Tensor): Tensor =>
  g.apply(logitsOp, { x, table: table.tensors, bias }, {}).logits;
