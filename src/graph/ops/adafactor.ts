// The op of an Adafactor step on one parameter, all its pieces together: the step's scale depends on the whole parameter, so it can't work on slabs.
// Not here: which states it keeps (src/train/optimizers/adafactor.ts). Invariant: pieces stand in order, so that sums come in one order.

import type { Graph } from '../graph.ts';
import type { KernelCall, Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';

/** A parameter's tensor with what is kept for it; `row` is the whole second moment where nothing is factored. */
export interface AdafactorPiece {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly row: Tensor;
}

export type AdafactorAttributes = {
  readonly weight_decay: number;
  /** Factor on the step's learning rate. */
  readonly lr_scale: number;
  /** Where in `scalars` the clip factor stands. */
  readonly slot: number;
  /** Added to squared gradients. */
  readonly eps: number;
  /** Root mean square above which a step is scaled down. */
  readonly clip_threshold: number;
};

/** Pieces of the parameter, their gradients and rows stand in the same order. */
type AdafactorInputs = {
  readonly scalars: Tensor;
  readonly column: Tensor | undefined; // [C]
  readonly parameter: readonly Tensor[]; // [rows of the piece, C] each
  readonly gradient: readonly Tensor[];
  readonly row: readonly Tensor[];
};

/** Both are gone once the step is done. */
type AdafactorOutputs = {
  readonly partials: Tensor; // [2, rows]: sums by row
  readonly factors: Tensor; // [2]: the scale made from them
};

const adafactorOp: Op<AdafactorInputs, AdafactorOutputs, AdafactorAttributes & { readonly rows: number; readonly C: number }> = {
  name: 'adafactor',
  shapes: (_, { rows }) => ({ partials: { shape: [2, rows] }, factors: { shape: [2] } }),
  accumulates: ['column', 'parameter', 'row'],
  lower({ inputs, outputs: { partials, factors }, attributes }) {
    const { rows, C, slot, eps, clip_threshold, weight_decay, lr_scale } = attributes;
    const { scalars, column } = inputs;
    const overrides = { FACTORED: column ? 1 : 0 };
    const steps = inputs.parameter.map((parameter, i) => {
      const [gradient, row] = [inputs.gradient[i], inputs.row[i]];
      const size = { R: sizeOf(parameter.shape) / C, C, slot };
      const part = { begin: parameter.rowBegin ?? 0, rows };
      const calls: KernelCall[] = [{ kernel: 'adafactor_row', tensors: { gradient, row, scalars }, uniforms: { ...size, eps } }];
      if (column) calls.push({ kernel: 'adafactor_column', tensors: { gradient, column, scalars }, uniforms: { ...size, ...part, eps } });
      return {
        moments: calls,
        sums: {
          kernel: 'adafactor_sums',
          tensors: { gradient, row, column, partials, scalars },
          uniforms: { ...size, ...part },
          overrides,
        },
        update: {
          kernel: 'adafactor',
          tensors: { parameter, gradient, row, column, factors, scalars },
          uniforms: { ...size, weight_decay, lr_scale },
          overrides,
        },
      } as const;
    });
    return [
      ...steps.flatMap(({ moments }) => moments),
      ...steps.map(({ sums }) => sums),
      { kernel: 'adafactor_scale', tensors: { partials, factors }, uniforms: { rows, C, clip_threshold }, overrides },
      ...steps.map(({ update }) => update),
    ];
  },
};

/** One step on a parameter [rows, C] in pieces, or on a vector [rows] without `column`. */
export function adafactor(
  g: Graph,
  pieces: readonly AdafactorPiece[],
  column: Tensor | undefined,
  scalars: Tensor,
  attributes: AdafactorAttributes,
): void {
  const inputs = {
    scalars,
    column,
    parameter: pieces.map(({ parameter }) => parameter),
    gradient: pieces.map(({ gradient }) => gradient),
    row: pieces.map(({ row }) => row),
  };
  const elements = pieces.reduce((sum, { parameter }) => sum + sizeOf(parameter.shape), 0);
  const C = column ? sizeOf(column.shape) : 1;
  g.apply(adafactorOp, inputs, { ...attributes, rows: elements / C, C });
}
