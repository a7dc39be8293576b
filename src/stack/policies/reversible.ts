// reversible: nothing is kept but the streams above the range and, for fixed streams, the bits that the shifts dropped. Going back, each layer's input
// is rebuilt from its output while its gradients are made. Float streams round on the way back: the streams below every k-th layer can be kept too
// (snapshots), and the loss is measured by comparing a sample of each layer's input with what was rebuilt.

import type { Graph } from '../../graph/graph.ts';
import { copy } from '../../graph/ops/elementwise.ts';
import { watch, watchDifference } from '../../graph/ops/watch.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Wanted } from '../block.ts';
import { type Boundary, type ForwardResult, type Layer, withGiven } from '../layers.ts';
import { forwardLayer, inParts, type Policy, together, wantedOf } from './policy.ts';

type InvertibleLayer = Layer & Required<Pick<Layer, 'reverse'>>;

function assertInvertible(layer: Layer): asserts layer is InvertibleLayer {
  if (!layer.reverse) throw new Error(`layer '${layer.name}' has no inverse`);
}

const [differenceOf, magnitudeOf] = ['reconstruction of ', 'sample of '] as const;
/** Places in the status of a layer's reconstruction: the largest difference of the sample, and its largest magnitude. */
export const reconstructionPlaces = (layer: string) => [differenceOf + layer, magnitudeOf + layer] as const;
/** The layer whose reconstruction a place is about. */
export const sampledLayer = (place: string): string | undefined =>
  [differenceOf, magnitudeOf].filter((prefix) => place.startsWith(prefix)).map((prefix) => place.slice(prefix.length))[0];
const sampleElements = 4096;

function sampleOf(g: Graph, streams: readonly Tensor[]): Tensor[] {
  return streams.map((stream) => copy(g, stream, Math.min(sampleElements, sizeOf(stream.shape))));
}

interface LayerRun {
  readonly layer: InvertibleLayer;
  /** By part. */
  readonly kept: readonly ForwardResult['kept'][];
  readonly sample: readonly Tensor[];
  readonly snapshot?: readonly Tensor[];
}

/** `every`: layers between snapshots of the streams; infinity for none. */
export const reversible = (every: number): Policy => ({
  name: 'reversible',
  run(context, layers, streams) {
    const { g } = context;
    let current: readonly Tensor[] = streams;
    const runs = layers.map((layer, depth): LayerRun => {
      assertInvertible(layer);
      const below = current;
      const sample = layer.inverseRounds ? g.scope(layer.name, () => sampleOf(g, below.slice(0, below.length - (context.given ?? 0)))) : [];
      const { streams: above, results } = forwardLayer(context, layer, below, 'inverse');
      current = above;
      return {
        layer,
        kept: results.map(({ kept }) => kept),
        sample,
        ...(depth > 0 && depth % every === 0 ? { snapshot: below } : {}),
      };
    });

    function reverseLayer({ layer, kept, sample, snapshot }: LayerRun, above: Boundary, wanted: Wanted): Boundary {
      const results = inParts(context, [above.streams, above.d_streams], (part, own, d_own) =>
        layer.reverse(g, kept[part] ?? [], { streams: own as Tensor[], d_streams: d_own }, wanted),
      );
      const rebuilt = together(
        context,
        results.map((result) => result.streams),
      ) as Tensor[];
      g.scope(layer.name, () => {
        const [difference, magnitude] = reconstructionPlaces(layer.name);
        for (const [i, own] of sample.entries()) {
          watchDifference(g, own, rebuilt[i] as Tensor, difference);
          watch(g, own, magnitude);
        }
      });
      return {
        streams: snapshot ?? withGiven(rebuilt, above.streams),
        d_streams: together(
          context,
          results.map((result) => result.d_streams),
        ),
      };
    }

    return {
      streams: current,
      backward(above, wanted) {
        let state = above;
        for (const [depth, run] of [...runs.entries()].reverse()) state = reverseLayer(run, state, wantedOf(wanted, depth > 0));
        return state;
      },
    };
  },
});
