// store: every layer's activations are kept from the forward pass.

import type { Tensor } from '../ir.ts';
import type { ForwardResult, Layer } from '../layers.ts';
import type { Policy } from './policy.ts';

export const store: Policy = {
  name: 'store',
  run(g, layers, streams) {
    const runs: { layer: Layer; result: ForwardResult }[] = [];
    let current: readonly Tensor[] = streams;
    for (const layer of layers) {
      const result = layer.forward(g, current, false);
      runs.push({ layer, result });
      current = result.streams;
    }
    return {
      streams: current,
      backward({ d_streams }, wanted) {
        let d_current = d_streams;
        for (const [depth, { layer, result }] of [...runs.entries()].reverse()) {
          d_current = layer.backward(g, result.tapes, d_current, wanted || depth > 0);
        }
        return { streams, d_streams: d_current };
      },
    };
  },
};
