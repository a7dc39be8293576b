// store: every layer's activations are kept from the forward pass.

import type { Tensor } from '../../graph/tensor.ts';
import type { BlockTape, Gradients, Wanted } from '../block.ts';
import type { Layer } from '../layers.ts';
import { forwardLayer, inParts, type Policy, type PolicyContext, together, wantedOf } from './policy.ts';

/** Backward through one layer whose tapes are at hand, part after part. */
const backwardLayer = (
  context: PolicyContext,
  layer: Layer,
  tapes: readonly (readonly BlockTape[])[],
  d_streams: Gradients,
  wanted: Wanted,
): Gradients =>
  together(
    context,
    inParts(context, [d_streams], (part, d_part) => layer.backward(context.g, tapes[part] ?? [], d_part as Gradients, wanted)),
  );

export const store: Policy = {
  name: 'store',
  wholeBatch: true,
  run(context, layers, streams) {
    let current: readonly Tensor[] = streams;
    const runs = layers.map((layer) => {
      const { streams: above, results } = forwardLayer(context, layer, current, 'tapes');
      current = above;
      return { layer, tapes: results.map((result) => result.tapes) };
    });
    return {
      streams: current,
      backward({ d_streams }, wanted) {
        let d_current = d_streams;
        for (const [depth, { layer, tapes }] of [...runs.entries()].reverse()) {
          d_current = backwardLayer(context, layer, tapes, d_current, wantedOf(wanted, depth > 0));
        }
        return { streams, d_streams: d_current };
      },
    };
  },
};
