// checkpoint: only the streams below every k-th layer are kept, with what its layers need to run again; k layers run again before their backward
// (Chen et al. 2016).

import type { Tensor } from '../../graph/tensor.ts';
import type { BlockTape, Gradients } from '../block.ts';
import { type ForwardResult, type Layer, withGiven } from '../layers.ts';
import { forwardLayer, inParts, type Policy, together, wantedOf } from './policy.ts';

interface Segment {
  readonly layers: readonly Layer[];
  readonly streams: readonly Tensor[];
  /** By layer and part. */
  readonly kept: readonly (readonly ForwardResult['kept'][])[];
}

export const checkpoint = (every: number): Policy => ({
  name: 'checkpoint',
  run(context, layers, streams) {
    const { g } = context;
    const segments: Segment[] = [];
    let current = streams;
    for (let begin = 0; begin < layers.length; begin += every) {
      const below = current;
      const own = layers.slice(begin, begin + every);
      const kept = own.map((layer) => {
        const { streams: above, results } = forwardLayer(context, layer, current, 'nothing');
        current = above;
        return results.map((result) => result.kept);
      });
      segments.push({ layers: own, streams: below, kept });
    }
    return {
      streams: current,
      backward({ d_streams }, wanted) {
        let d_current = d_streams;
        for (const [depth, segment] of [...segments.entries()].reverse()) {
          const results = inParts(context, [segment.streams, d_current], (part, below, d_part) => {
            const last = segment.layers.length - 1;
            const tapes: (readonly BlockTape[])[] = [];
            let again = below as readonly Tensor[];
            let d_streams = d_part as Gradients;
            for (const [i, layer] of segment.layers.entries()) {
              if (i === last && layer.again) break;
              const result = layer.rerun?.(g, again, segment.kept[i]?.[part] ?? []) ?? layer.forward(g, again, 'tapes');
              again = withGiven(result.streams, again);
              tapes.push(result.tapes);
            }
            for (const [i, layer] of [...segment.layers.entries()].reverse()) {
              const own = wantedOf(wanted, depth > 0 || i > 0);
              d_streams = tapes[i] ? layer.backward(g, tapes[i], d_streams, own) : (layer.again?.(g, again, d_streams, own) ?? []);
            }
            return d_streams;
          });
          d_current = together(context, results);
        }
        return { streams, d_streams: d_current };
      },
    };
  },
});
