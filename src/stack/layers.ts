// Layers of a stack, as policies see them: a layer maps streams forward and their gradients back, and some can be undone. Behind its own streams come those
// that are given to all layers of the stack: read, never changed, and left out of what a layer returns; only their gradients grow from layer to layer.
//   plain     one stream,  y = F(x)
//   coupled   two streams, y1 = λ·x1 + F(x2), y2 = β·x2 + G(y1), optionally switched afterwards (Liao et al. 2023, §3; reversible residual
//             layers: Gomez et al. 2017). Any F, G, λ, β: MEFT1 is one choice of them.
//   side      the backbone's stream, which has no backward pass, and the states of a small network beside it
// Not here: when a layer runs again (policies/), what F and G are (methods/).
// Invariant: `backward` appends the same nodes in the same order whichever way its tapes came back.

import { backward } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { add, scaleAdd } from '../graph/ops/elementwise.ts';
import type { Tensor } from '../graph/tensor.ts';
import {
  type Block,
  type BlockTape,
  type Gradients,
  rebuildBlock,
  runBlock,
  soughtOf,
  tapeBlock,
  type Undo,
  type Wanted,
} from './block.ts';
import type { StreamArithmetic } from './streams.ts';

/** What a forward pass must leave behind beside its streams: nothing, what undoing the layer needs, or the tapes of its blocks. */
export type Keep = 'nothing' | 'inverse' | 'tapes';

export interface ForwardResult {
  /** The layer's own. */
  readonly streams: readonly Tensor[];
  /** With `tapes` those of all blocks. */
  readonly tapes: readonly BlockTape[];
  /** What undoing the layer or running it again needs beside its streams: the bits that shifts dropped, the backbone's hidden states. */
  readonly kept: readonly (Tensor | undefined)[];
}

/** A layer's own streams, with those behind them that it was given. */
export const withGiven = <T>(own: readonly T[], streams: readonly T[]): T[] => [...own, ...streams.slice(own.length)];

/** Streams between two layers, going backward, with their gradients. */
export interface Boundary {
  readonly streams: readonly Tensor[];
  readonly d_streams: Gradients;
}

export interface Layer {
  readonly name: string;
  forward(g: Graph, streams: readonly Tensor[], keep: Keep): ForwardResult;
  /** Forward again from the same streams and what was kept, for its tapes; as `forward` where a layer keeps nothing. */
  rerun?(g: Graph, streams: readonly Tensor[], kept: ForwardResult['kept']): ForwardResult;
  /** Gradients of the input streams, those that are wanted, given ones last; those of parameters are made in any case. */
  backward(g: Graph, tapes: readonly BlockTape[], d_streams: Gradients, wanted: Wanted): Gradients;
  /** Forward again and back at once, where that takes less than tapes. */
  again?(g: Graph, streams: readonly Tensor[], d_streams: Gradients, wanted: Wanted): Gradients;
  /** Undoes the layer while going backward: its own input streams, and all gradients, from the output's. Absent where a layer has no inverse. */
  reverse?(g: Graph, kept: ForwardResult['kept'], above: Boundary, wanted: Wanted): Boundary;
  /** The inverse returns other bits than it was given. */
  readonly inverseRounds?: boolean;
}

interface BlockRun {
  readonly output: Tensor;
  readonly tapes: readonly BlockTape[];
}

function runOrTape(g: Graph, block: Block, x: Tensor, given: readonly Tensor[], keep: Keep): BlockRun {
  if (keep !== 'tapes') return { output: runBlock(g, block, x, given), tapes: [] };
  const tape = tapeBlock(g, block, x, given);
  return { output: tape.outputs[0] as Tensor, tapes: [tape] };
}

/** Gradients of some of the tape's inputs, where it passes any. */
function backwardTape(g: Graph, { tape, outputs }: BlockTape, d_outputs: Gradients, sources: readonly Tensor[]): Gradients {
  const seeds = new Map<Tensor, Tensor>();
  for (const [i, output] of outputs.entries()) {
    const d_output = d_outputs[i];
    if (d_output) seeds.set(output, d_output);
  }
  return backward(g, tape, seeds, sources);
}

function backwardBlock(g: Graph, tape: BlockTape, d_y: Tensor, wanted: Wanted): Gradients {
  const { sources, placed } = soughtOf(tape.inputs, wanted);
  return placed(backwardTape(g, tape, [d_y], sources));
}

/** Gradients of what is given, from the layers above and from this one. */
const summed = (g: Graph, above: Gradients, own: Gradients): Gradients =>
  above.map((d_given, i) => (d_given && own[i] ? add(g, d_given, own[i]) : (own[i] ?? d_given)));

export function plainLayer(name: string, block: Block, watchOutput: (g: Graph, y: Tensor) => void): Layer {
  return {
    name,
    forward: (g, [x, ...given], keep) =>
      g.scope(name, () => {
        const { output, tapes } = runOrTape(g, block, x as Tensor, given, keep);
        watchOutput(g, output);
        return { streams: [output], tapes, kept: [] };
      }),
    backward: (g, [tape], [d_y, ...d_given], wanted) => {
      if (!d_y) return [undefined, ...d_given];
      return g.scope(name, () => {
        const [d_x, ...own] = backwardBlock(g, tape as BlockTape, d_y, wanted);
        return [d_x, ...summed(g, d_given, own)];
      });
    },
    again: (g, [x, ...given], [d_y, ...d_given], wanted) => {
      if (!d_y) return [undefined, ...d_given];
      return g.scope(name, () => {
        const [d_x, ...own] = rebuildBlock(g, block, () => x as Tensor, d_y, { given, wanted }).d_inputs;
        return [d_x, ...summed(g, d_given, own)];
      });
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

  /** §2.2 of the method's note, steps 2, 4, 6 and 8. Back through G comes before back through F, so that G's inside is gone before F's is made. */
  function backwardThrough(
    g: Graph,
    d_streams: Gradients,
    wanted: Wanted,
    throughG: (d_y2: Tensor) => Gradients,
    throughF: (d_y1: Tensor) => Gradients,
  ): Gradients {
    const [d_y1Above, d_y2] = order(d_streams) as [Tensor, Tensor];
    const [t, ...ofG] = throughG(d_y2);
    const d_y1 = t ? add(g, d_y1Above, t) : d_y1Above;
    const [u, ...ofF] = throughF(d_y1);
    const d_given = summed(g, summed(g, d_streams.slice(2), ofG), ofF);
    if (!wanted.own) return [undefined, undefined, ...d_given];
    const d_x2 = u ? scaleAdd(g, d_y2, beta, u) : scaleAdd(g, d_y2, beta);
    return [scaleAdd(g, d_y1, lambda), d_x2, ...d_given];
  }

  return {
    name,
    inverseRounds: arithmetic.kind === 'float',
    forward(g, streams, keep) {
      return g.scope(name, () => {
        const [x1, x2, ...given] = streams as [Tensor, Tensor, ...Tensor[]];
        const inverse = keep === 'inverse';
        const f = runOrTape(g, F, arithmetic.read(g, x2), given, keep);
        const first = arithmetic.couple(g, x1, f.output, lambda, inverse, `${name}.F`);
        const second = runOrTape(g, G, arithmetic.read(g, first.y), given, keep);
        const coupled = arithmetic.couple(g, x2, second.output, beta, inverse, `${name}.G`);
        return { streams: order([first.y, coupled.y]), tapes: [...f.tapes, ...second.tapes], kept: [first.bits, coupled.bits] };
      });
    },
    backward(g, [f, second], d_streams, wanted) {
      return g.scope(name, () =>
        backwardThrough(
          g,
          d_streams,
          wanted,
          (d_y2) => backwardBlock(g, second as BlockTape, d_y2, { ...wanted, own: true }),
          (d_y1) => backwardBlock(g, f as BlockTape, d_y1, wanted),
        ),
      );
    },
    reverse(g, [bitsF, bitsG], { streams, d_streams }, wanted) {
      return g.scope(name, () => {
        const [y1, y2] = order(streams);
        const given = streams.slice(2);
        let [x1, x2] = [y1, y2];
        const d_inputs = backwardThrough(
          g,
          d_streams,
          wanted,
          (d_y2) => {
            const undo: Undo = { y: y2, step: (y, output, first) => arithmetic.uncouple(g, y, output, beta, bitsG, first) };
            const rebuilt = rebuildBlock(g, G, () => arithmetic.read(g, y1), d_y2, {
              given,
              wanted: { ...wanted, own: true },
              undo,
            });
            x2 = rebuilt.output;
            return rebuilt.d_inputs;
          },
          (d_y1) => {
            const undo: Undo = { y: y1, step: (y, output, first) => arithmetic.uncouple(g, y, output, lambda, bitsF, first) };
            const rebuilt = rebuildBlock(g, F, () => arithmetic.read(g, x2), d_y1, { given, wanted, undo });
            x1 = rebuilt.output;
            return rebuilt.d_inputs;
          },
        );
        return { streams: [x1, x2], d_streams: d_inputs };
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
    backward: (g, [tape], [, ...d_states], wanted) => {
      const { inputs } = tape as BlockTape;
      return g.scope(name, () => [undefined, ...backwardTape(g, tape as BlockTape, d_states, wanted.own ? inputs : [])]);
    },
  };
}
