// mean_squared_error: loss and, in place of the outputs, its gradient in one pass, both already divided by the number of rows with a target in the
// (accumulated) batch.

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

type SquaredErrorInputs = {
  readonly outputs: Tensor; // [N, 1]
  readonly targets: Tensor; // [N]
};

type SquaredErrorOutputs = {
  readonly row_loss: Tensor; // [N]
  readonly d_outputs: Tensor; // [N, 1]
};

const meanSquaredErrorOp: Op<SquaredErrorInputs, SquaredErrorOutputs> = {
  name: 'mean_squared_error',
  shapes({ outputs: { shape }, targets }) {
    if (shape.length !== 2 || shape[1] !== 1 || targets.shape.join() !== `${shape[0]}`)
      throw new Error(`mean_squared_error: targets [${targets.shape}] for outputs [${shape}], which should be [N, 1]`);
    return { row_loss: { shape: targets.shape }, d_outputs: { shape } };
  },
  inPlace: () => [['d_outputs', 'outputs']],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ outputs: { d_outputs } }) => ({ outputs: d_outputs }),
  lower: ({ inputs: { targets }, outputs: { row_loss, d_outputs } }) => [
    { kernel: 'mean_squared_error', tensors: { outputs: d_outputs, targets, row_loss }, uniforms: { N: targets.shape[0] as number } },
  ],
};

/** row_loss [N] of outputs [N, 1] (consumed) and targets [N]; rows whose target is beyond ±3e38 count nothing. */
export const meanSquaredError = (g: Graph, outputs: Tensor, targets: Tensor): Tensor =>
  g.apply(meanSquaredErrorOp, { outputs, targets }, {}).row_loss;
