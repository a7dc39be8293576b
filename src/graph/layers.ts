// Layers of a stack, as the policies see them: something that maps streams forward, their gradients back, and that may be undone.
//   plain     one stream,  y = F(x)
//   coupled   two streams, y1 = λ·x1 + F(x2), y2 = β·x2 + G(y1), optionally switched afterwards (Liao et al. 2023, §3; reversible residual
//             layers: Gomez et al. 2017). Any F, G, λ, β: MEFT1 is one choice of them.
//   side      the backbone's stream, which has no backward pass, and the states of a small network beside it
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
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

export interface ForwardResult {
  readonly streams: readonly Tensor[];
  readonly tapes: readonly BlockTape[];
  /** What undoing the layer or running it again needs beside its streams: the bits that shifts dropped, the backbone's states. */
  readonly kept: readonly (Tensor | undefined)[];
}

/** Gradients of streams, by stream; none where a stream has none or nothing below needs it. */
export type StreamGradients = readonly (Tensor | undefined)[];

/** Streams between two layers, going backward, with their gradients. */
export interface StreamState {
  readonly streams: readonly Tensor[];
  readonly d_streams: StreamGradients;
}

export interface Layer {
  readonly name: string;
  /** `keepForInverse`: with what `reverse` will need. */
  forward(g: Graph, streams: readonly Tensor[], keepForInverse: boolean): ForwardResult;
  /** Forward again from the same streams and what was kept; as `forward` where a layer keeps nothing. */
  rerun?(g: Graph, streams: readonly Tensor[], kept: ForwardResult['kept']): ForwardResult;
  /** Gradients of the input streams; only those of parameters are made where `wanted` is false. */
  backward(g: Graph, tapes: readonly BlockTape[], d_streams: StreamGradients, wanted: boolean): StreamGradients;
  /** Undoes the layer while going backward: input streams and their gradients from the output's. Absent where a layer has no inverse. */
  reverse?(g: Graph, kept: ForwardResult['kept'], above: StreamState, wanted: boolean): StreamState;
  /** The inverse returns other bits than it was given. */
  readonly inverseRounds?: boolean;
}

export function traceBlock(g: Graph, block: Block, input: Tensor): BlockTape {
  const { result: output, tape } = g.record(() => block(g, input));
  return { tape, inputs: [input], outputs: [output] };
}

/** Gradients of the tape's inputs, where they are wanted and the tape passes any. */
function backwardTape(g: Graph, { tape, inputs, outputs }: BlockTape, d_outputs: StreamGradients, wanted: boolean): StreamGradients {
  const seeds = new Map<Tensor, Tensor>();
  for (const [i, output] of outputs.entries()) {
    const d_output = d_outputs[i];
    if (d_output) seeds.set(output, d_output);
  }
  return backward(g, tape, seeds, wanted ? inputs : []);
}

export function plainLayer(name: string, block: Block, watchOutput: (g: Graph, y: Tensor) => void): Layer {
  return {
    name,
    forward(g, [x]) {
      const tape = g.scope(name, () => {
        const traced = traceBlock(g, block, x as Tensor);
        watchOutput(g, traced.outputs[0] as Tensor);
        return traced;
      });
      return { streams: tape.outputs, tapes: [tape], kept: [] };
    },
    backward: (g, [tape], d_streams, wanted) =>
      d_streams[0] ? g.scope(name, () => backwardTape(g, tape as BlockTape, d_streams, wanted)) : [undefined],
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
    d_streams: StreamGradients,
    wanted: boolean,
    tapeOfG: () => BlockTape,
    tapeOfF: () => BlockTape,
  ): StreamGradients {
    const [d_y1Above, d_y2] = order(d_streams) as [Tensor, Tensor];
    const [throughG] = backwardTape(g, tapeOfG(), [d_y2], true);
    const d_y1 = throughG ? add(g, d_y1Above, throughG) : d_y1Above;
    const [throughF] = backwardTape(g, tapeOfF(), [d_y1], wanted);
    if (!wanted) return [];
    const d_x2 = throughF ? scaleAdd(g, d_y2, beta, throughF) : scaleAdd(g, d_y2, beta);
    return [scaleAdd(g, d_y1, lambda), d_x2];
  }

  return {
    name,
    inverseRounds: arithmetic.kind === 'float',
    forward(g, streams, keepForInverse) {
      return g.scope(name, () => {
        const [x1, x2] = streams as [Tensor, Tensor];
        const f = traceBlock(g, F, arithmetic.read(g, x2));
        const first = arithmetic.couple(g, x1, f.outputs[0] as Tensor, lambda, keepForInverse, `${name}.F`);
        const second = traceBlock(g, G, arithmetic.read(g, first.y));
        const coupled = arithmetic.couple(g, x2, second.outputs[0] as Tensor, beta, keepForInverse, `${name}.G`);
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
            y2 = arithmetic.uncouple(g, y2, tape.outputs[0] as Tensor, beta, bitsG);
            return tape;
          },
          () => {
            const tape = traceBlock(g, F, arithmetic.read(g, y2));
            y1 = arithmetic.uncouple(g, y1, tape.outputs[0] as Tensor, lambda, bitsF);
            return tape;
          },
        );
        return { streams: [y1, y2], d_streams: d_inputs };
      });
    },
  };
}

export interface SideNetwork {
  /** The backbone's layer: its output [B, T, C], then whatever else of it the side network reads. Never differentiated. */
  backbone(g: Graph, x: Tensor): readonly Tensor[];
  /** The next states from what the backbone gave and the states before. */
  advance(g: Graph, seen: readonly Tensor[], states: readonly Tensor[]): readonly Tensor[];
}

/** Streams: the backbone's, then the states of the side network. Run again, the side network alone runs again. */
export function sideLayer(name: string, { backbone, advance }: SideNetwork, watchOutput: (g: Graph, y: Tensor) => void): Layer {
  function beside(g: Graph, seen: readonly Tensor[], [, ...states]: readonly Tensor[]): ForwardResult {
    const { result: next, tape } = g.record(() => advance(g, seen, states));
    return { streams: [seen[0] as Tensor, ...next], tapes: [{ tape, inputs: states, outputs: next }], kept: seen };
  }
  return {
    name,
    forward: (g, streams) =>
      g.scope(name, () => {
        const seen = backbone(g, streams[0] as Tensor);
        watchOutput(g, seen[0] as Tensor);
        return beside(g, seen, streams);
      }),
    rerun: (g, streams, kept) => g.scope(name, () => beside(g, kept as readonly Tensor[], streams)),
    backward: (g, [tape], [, ...d_states], wanted) =>
      g.scope(name, () => [undefined, ...backwardTape(g, tape as BlockTape, d_states, wanted)]),
  };
}
