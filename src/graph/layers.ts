// Layers of a stack, as the policies see them: something that maps streams forward, their gradients back, and that may be undone.
//   plain     one stream,  y = F(x)
//   coupled   two streams, y1 = λ·x1 + F(x2), y2 = β·x2 + G(y1), optionally switched afterwards (Liao et al. 2023, §3; reversible residual
//             layers: Gomez et al. 2017). Any F, G, λ, β: MEFT1 is one choice of them.
// Not here: when a layer runs again (policies/), what F and G are (methods/).
// Invariant: `backward` appends the same nodes in the same order whichever way its tapes came back.

import { backward } from './backward.ts';
import type { Graph, Node, Tensor } from './ir.ts';
import { add, scaleAdd } from './ops/elementwise.ts';
import type { StreamArithmetic } from './streams.ts';

/** A map from [B, T, C] to [B, T, C], traced at each call. */
export type Block = (g: Graph, x: Tensor) => Tensor;

/** Nodes of one call of a block, with its ends. */
export interface BlockTape {
  readonly tape: readonly Node[];
  readonly input: Tensor;
  readonly output: Tensor;
}

export interface ForwardResult {
  readonly streams: readonly Tensor[];
  readonly tapes: readonly BlockTape[];
  /** What the inverse needs beside the output streams: the bits that the shifts dropped. */
  readonly kept: readonly (Tensor | undefined)[];
}

/** Streams between two layers, going backward, with their gradients (none where nothing below needs them). */
export interface StreamState {
  readonly streams: readonly Tensor[];
  readonly d_streams: readonly Tensor[];
}

export interface Layer {
  readonly name: string;
  readonly streamCount: 1 | 2;
  forward(g: Graph, streams: readonly Tensor[], keepForInverse: boolean): ForwardResult;
  /** Gradients of the input streams; only those of parameters are made where `wanted` is false. */
  backward(g: Graph, tapes: readonly BlockTape[], d_streams: readonly Tensor[], wanted: boolean): Tensor[];
  /** Undoes the layer while going backward: input streams and their gradients from the output's. Absent where a layer has no inverse. */
  reverse?(g: Graph, kept: ForwardResult['kept'], above: StreamState, wanted: boolean): StreamState;
}

export function traceBlock(g: Graph, block: Block, input: Tensor): BlockTape {
  const { result: output, tape } = g.record(() => block(g, input));
  return { tape, input, output };
}

/** Gradient of the block's input, or undefined where it is not wanted or the block doesn't pass one. */
const backwardBlock = (g: Graph, { tape, input, output }: BlockTape, d_output: Tensor, wanted: boolean): Tensor | undefined =>
  backward(g, tape, new Map([[output, d_output]]), wanted ? [input] : [])[0];

export function plainLayer(name: string, block: Block, watchOutput: (g: Graph, y: Tensor) => void): Layer {
  return {
    name,
    streamCount: 1,
    forward(g, [x]) {
      const tape = g.scope(name, () => {
        const traced = traceBlock(g, block, x as Tensor);
        watchOutput(g, traced.output);
        return traced;
      });
      return { streams: [tape.output], tapes: [tape], kept: [] };
    },
    backward(g, [tape], [d_y], wanted) {
      if (!d_y) return [];
      const d_x = g.scope(name, () => backwardBlock(g, tape as BlockTape, d_y, wanted));
      return d_x ? [d_x] : [];
    },
  };
}

export interface Coupling {
  readonly F: Block;
  readonly G: Block;
  readonly lambda: number;
  readonly beta: number;
  readonly switchStreams: boolean;
}

export function coupledLayer(name: string, { F, G, lambda, beta, switchStreams }: Coupling, arithmetic: StreamArithmetic): Layer {
  const order = <T>(pair: readonly T[]): [T, T] => (switchStreams ? [pair[1] as T, pair[0] as T] : [pair[0] as T, pair[1] as T]);

  /** §2.2 of the method's note, steps 2-4 and 6-8: tapes are asked for when they are needed, so that G's is gone before F's is made. */
  function backwardThrough(
    g: Graph,
    d_streams: readonly Tensor[],
    wanted: boolean,
    tapeOfG: () => BlockTape,
    tapeOfF: () => BlockTape,
  ): Tensor[] {
    const [d_y1Above, d_y2] = order(d_streams);
    const throughG = backwardBlock(g, tapeOfG(), d_y2, true);
    const d_y1 = throughG ? add(g, d_y1Above, throughG) : d_y1Above;
    const throughF = backwardBlock(g, tapeOfF(), d_y1, wanted);
    if (!wanted) return [];
    const d_x2 = throughF ? scaleAdd(g, d_y2, beta, throughF) : scaleAdd(g, d_y2, beta);
    return [scaleAdd(g, d_y1, lambda), d_x2];
  }

  return {
    name,
    streamCount: 2,
    forward(g, streams, keepForInverse) {
      return g.scope(name, () => {
        const [x1, x2] = streams as [Tensor, Tensor];
        const f = traceBlock(g, F, arithmetic.read(g, x2));
        const first = arithmetic.couple(g, x1, f.output, lambda, keepForInverse, `${name}.F`);
        const second = traceBlock(g, G, arithmetic.read(g, first.y));
        const coupled = arithmetic.couple(g, x2, second.output, beta, keepForInverse, `${name}.G`);
        return { streams: order([first.y, coupled.y]), tapes: [f, second], kept: [first.bits, coupled.bits] };
      });
    },
    backward(g, [f, second], d_streams, wanted) {
      return g.scope(name, () =>
        backwardThrough(
          g,
          d_streams,
          wanted,
          () => second as BlockTape,
          () => f as BlockTape,
        ),
      );
    },
    reverse(g, [bitsF, bitsG], { streams, d_streams }, wanted) {
      return g.scope(name, () => {
        let [y1, y2] = order(streams);
        const d_inputs = backwardThrough(
          g,
          d_streams,
          wanted,
          () => {
            const tape = traceBlock(g, G, arithmetic.read(g, y1));
            y2 = arithmetic.uncouple(g, y2, tape.output, beta, bitsG);
            return tape;
          },
          () => {
            const tape = traceBlock(g, F, arithmetic.read(g, y2));
            y1 = arithmetic.uncouple(g, y1, tape.output, lambda, bitsF);
            return tape;
          },
        );
        return { streams: [y1, y2], d_streams: d_inputs };
      });
    },
  };
}
