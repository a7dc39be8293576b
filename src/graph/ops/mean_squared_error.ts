// mean_squared_error: loss and, in place of the outputs, its gradient in one pass, both already divided by the number of rows with a target in the
// (accumulated) batch.

import type { Graph, Op, Tensor } from '../ir.ts';

const meanSquaredErrorOp: Op = {
  name: 'mean_squared_error',
  shapes([outputs, targets]) {
    const { shape } = outputs as Tensor;
    if (shape.length !== 2 || shape[1] !== 1 || targets?.shape.join() !== `${shape[0]}`)
      throw new Error(`mean_squared_error: targets [${targets?.shape}] for outputs [${shape}], which should be [N, 1]`);
    return [{ shape: [shape[0] as number] }, { shape }];
  },
  inPlace: () => [[1, 0]],
  // The seed of the row losses is 1; their gradient was made in the forward pass.
  vjp: ({ node }) => [node.outputs[1]],
  lower({ inputs, outputs }) {
    const [, targets] = inputs as [Tensor, Tensor];
    return [
      {
        kernel: 'mean_squared_error',
        tensors: { outputs: outputs[1], targets, row_loss: outputs[0] },
        uniforms: { N: targets.shape[0] as number },
      },
    ];
  },
};

/** row_loss [N] of outputs [N, 1] (consumed) and targets [N]; rows whose target is beyond ±3e38 count nothing. */
export const meanSquaredError = (g: Graph, outputs: Tensor, targets: Tensor): Tensor =>
  g.apply(meanSquaredErrorOp, [outputs, targets], {})[0] as Tensor;
