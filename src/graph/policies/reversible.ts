// reversible: nothing is kept but the streams above the range and, for fixed streams, the bits that the shifts dropped; each layer is undone
// from its output while its gradients are taken.

import type { Tensor } from '../ir.ts';
import type { ForwardResult, Layer } from '../layers.ts';
import type { Policy } from './policy.ts';

type InvertibleLayer = Layer & Required<Pick<Layer, 'reverse'>>;

function assertInvertible(layer: Layer): asserts layer is InvertibleLayer {
  if (!layer.reverse) throw new Error(`layer '${layer.name}' has no inverse`);
}

export const reversible: Policy = {
  name: 'reversible',
  run(g, layers, streams) {
    const runs: { layer: InvertibleLayer; kept: ForwardResult['kept'] }[] = [];
    let current: readonly Tensor[] = streams;
    for (const layer of layers) {
      assertInvertible(layer);
      const result = layer.forward(g, current, true);
      runs.push({ layer, kept: result.kept });
      current = result.streams;
    }
    return {
      streams: current,
      backward(above, wanted) {
        let state = above;
        for (const [depth, { layer, kept }] of [...runs.entries()].reverse()) state = layer.reverse(g, kept, state, wanted || depth > 0);
        return state;
      },
    };
  },
};
