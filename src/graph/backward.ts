// Reverse mode over a tape: walks recorded nodes backwards and appends their vector-Jacobian products. Nodes that lead to nothing trainable get
// no gradient, and so what only they would need is not kept.
// Invariant: the order of the appended nodes depends on the tape alone, so a recomputed tape gives the same sums in the same order, the same bits.

import type { Graph, Node, Tensor } from './ir.ts';
import { add } from './ops/elementwise.ts';

const trains = (tensor: Tensor | undefined): boolean => tensor?.role === 'parameter' && tensor.parameter?.trainable === true;

/** Whether a gradient would have anywhere to go on this tape. */
export function requiresGradient(tape: readonly Node[], sources: ReadonlySet<Tensor>): Set<Tensor> {
  const requiring = new Set<Tensor>(sources);
  for (const node of tape) {
    if (node.inputs.some((input) => input && (requiring.has(input) || trains(input)))) {
      for (const output of node.outputs) requiring.add(output);
    }
  }
  return requiring;
}

/**
 * Appends the backward pass of `tape`. `seeds` gives the gradients of some outputs; the gradients of `sources` (inputs of the tape) come back.
 * Gradients of trainable parameters are accumulated into their own persistent tensors.
 */
export function backward(
  g: Graph,
  tape: readonly Node[],
  seeds: ReadonlyMap<Tensor, Tensor>,
  sources: readonly Tensor[],
): (Tensor | undefined)[] {
  const requiring = requiresGradient(tape, new Set(sources));
  const gradients = new Map<Tensor, Tensor>(seeds);
  const needed = (input: Tensor | undefined): boolean => input !== undefined && (requiring.has(input) || trains(input));

  for (const node of tape.toReversed()) {
    const d_outputs = node.outputs.map((output) => gradients.get(output));
    if (d_outputs.every((d) => d === undefined) || !node.inputs.some(needed)) continue;
    if (!node.op.vjp) throw new Error(`op '${node.op.name}' at '${node.place.path}' has no gradient`);
    for (const output of node.outputs) gradients.delete(output);
    const { vjp } = node.op;
    const d_inputs = g.beside(node, () =>
      vjp({
        g,
        node,
        d_outputs,
        needs: (i) => needed(node.inputs[i]),
        take(i) {
          const input = node.inputs[i] as Tensor;
          const known = gradients.get(input);
          gradients.delete(input);
          return known;
        },
      }),
    );
    d_inputs.forEach((d_input, i) => {
      const input = node.inputs[i];
      if (!input || !d_input) return;
      const known = gradients.get(input);
      gradients.set(input, known ? g.beside(node, () => add(g, known, d_input)) : d_input);
    });
  }
  return sources.map((source) => gradients.get(source));
}
