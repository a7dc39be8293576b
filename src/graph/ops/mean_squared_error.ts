// mean_squared_error: loss and, in place of the outputs, its gradient in one pass, both already divided by the number of rows with a target in the
// (accumulated) batch.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

type SquaredErrorInputs = {
  readonly outputs: Tensor; // [N, K]
  readonly targets: Tensor; // [N, K], [N] where K is 1
};

type SquaredErrorOutputs = {
  readonly row_loss: Tensor; // [N]
  readonly d_outputs: Tensor; // [N, K]
};

const meanSquaredErrorOp: Op<SquaredErrorInputs, SquaredErrorOutputs> = {
  name: 'mean_squared_error',
  shapes({ outputs: { shape }, targets }) {
    const [N, K] = shape as [number, number];
    const wanted = K === 1 ? [N] : [N, K];
    if (shape.length !== 2 || targets.shape.join() !== wanted.join())
      throw new Error(`mean_squared_error: targets [${targets.shape}] for outputs [${shape}]`);
    return { row_loss: { shape: [N] }, d_outputs: { shape } };
  },
  inPlace: () => [['d_outputs', 'outputs']],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ outputs: { d_outputs } }) => ({ outputs: d_outputs }),
  lower({ inputs: { targets }, outputs: { row_loss, d_outputs } }) {
    const [N, K] = d_outputs.shape as [number, number];
    return [{ kernel: 'mean_squared_error', tensors: { outputs: d_outputs, targets, row_loss }, uniforms: { N, K } }];
  },
};

/** row_loss [N] of outputs [N, K] (consumed) and targets [N, K], [N] where K is 1; rows with a target beyond ±3e38 count nothing. */
export const meanSquaredError = (g: Graph, outputs: Tensor, targets: Tensor): Tensor =>
  g.apply(meanSquaredErrorOp, { outputs, targets }, {}).row_loss;
