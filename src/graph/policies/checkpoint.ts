// checkpoint: only the streams below every k-th layer are kept; k layers run again before their backward (Chen et al. 2016).

import type { Tensor } from '../ir.ts';
import type { Policy } from './policy.ts';
import { store } from './store.ts';

export const checkpoint = (every: number): Policy => ({
  name: 'checkpoint',
  run(g, layers, streams) {
    const segments: { begin: number; streams: readonly Tensor[] }[] = [];
    let current = streams;
    for (const [i, layer] of layers.entries()) {
      if (i % every === 0) segments.push({ begin: i, streams: current });
      current = layer.forward(g, current, false).streams;
    }
    return {
      streams: current,
      backward({ d_streams }, wanted) {
        let d_current = d_streams;
        for (const { begin, streams: below } of segments.toReversed()) {
          const again = store.run(g, layers.slice(begin, begin + every), below);
          d_current = again.backward({ streams: again.streams, d_streams: d_current }, wanted || begin > 0).d_streams;
        }
        return { streams, d_streams: d_current };
      },
    };
  },
});
