// checkpoint: only the streams below every k-th layer are kept, with what its layers need to run again; k layers run again before their backward
// (Chen et al. 2016).

import type { Tensor } from '../ir.ts';
import type { BlockTape, ForwardResult, Layer, StreamGradients } from '../layers.ts';
import { inParts, type Policy, together } from './policy.ts';

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
        const results = inParts(context, [current], (_, part) => layer.forward(g, part as Tensor[], false));
        current = together(
          context,
          results.map((result) => result.streams),
        ) as Tensor[];
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
            const tapes: (readonly BlockTape[])[] = [];
            let again = below as readonly Tensor[];
            for (const [i, layer] of segment.layers.entries()) {
              const kept = segment.kept[i]?.[part] ?? [];
              const result = layer.rerun?.(g, again, kept) ?? layer.forward(g, again, false);
              again = result.streams;
              tapes.push(result.tapes);
            }
            let d_streams = d_part as StreamGradients;
            for (const [i, layer] of [...segment.layers.entries()].reverse()) {
              d_streams = layer.backward(g, tapes[i] ?? [], d_streams, wanted || depth > 0 || i > 0);
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
