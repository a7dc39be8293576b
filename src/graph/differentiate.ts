// Reverse mode over a tape (nodes that were recorded): walks it backwards and appends the vector-Jacobian product of each node. A node that depends
// on nothing trainable gets no gradient, so nothing is kept for one.
// Invariant: the order of the appended nodes depends on the tape alone, so a recomputed tape gives the same sums in the same order, the same bits.

import type { Graph } from './graph.ts';
import { type Node, single, tensorsOf, type VjpContext } from './op.ts';
import { add } from './ops/elementwise.ts';
import type { Tensor } from './tensor.ts';

const trains = (tensor: Tensor | undefined): boolean => tensor?.role === 'parameter' && tensor.parameter?.trainable === true;

/** The tensors of a tape that need a gradient: `sources`, and what depends on one of them or on a trainable parameter. */
export function requiresGradient(tape: readonly Node[], sources: ReadonlySet<Tensor>): Set<Tensor> {
  const requiring = new Set<Tensor>(sources);
  for (const node of tape) {
    if (tensorsOf(node.inputs).some((input) => requiring.has(input) || trains(input))) {
      for (const output of tensorsOf(node.outputs)) requiring.add(output);
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
  const needed = (input: Tensor): boolean => requiring.has(input) || trains(input);

  for (const node of tape.toReversed()) {
    const outputs = tensorsOf(node.outputs);
    if (!outputs.some((output) => gradients.has(output)) || !tensorsOf(node.inputs).some(needed)) continue;
    const { op, inputs, attributes, place } = node;
    const { vjp } = op;
    if (!vjp) throw new Error(`op '${op.name}' at '${node.place.path}' has no gradient`);
    const d_outputs: Record<string, Tensor | undefined> = {};
    for (const [name, output] of Object.entries(node.outputs)) d_outputs[name] = output && gradients.get(output);
    for (const output of outputs) gradients.delete(output);
    const present = (what: string, tensor: Tensor | undefined): Tensor => {
      if (!tensor) throw new Error(`op '${op.name}' at '${node.place.path}' is differentiated without ${what}`);
      return tensor;
    };
    const context: VjpContext = {
      op,
      inputs,
      outputs: node.outputs,
      attributes,
      place,
      g,
      d_outputs,
      d: (name) => present(`a gradient of '${name}'`, d_outputs[name]),
      kept: (name) => present(`'${name}', which is made only while training`, node.outputs[name]),
      needs(name) {
        const input = inputs[name];
        return input !== undefined && ('id' in input ? needed(input) : input.some(needed));
      },
      take(name) {
        const input = single(inputs, name);
        const known = input && gradients.get(input);
        if (input) gradients.delete(input);
        return known;
      },
    };
    const d_inputs = g.beside(node, () => vjp(context));
    for (const [name, d_input] of Object.entries(d_inputs)) {
      // The compiler does not see a name too many in what a function returns.
      if (!(name in inputs)) throw new Error(`op '${op.name}' gives a gradient of '${name}', which is no input of it`);
      const input = single(inputs, name);
      if (!input || !d_input) continue;
      const known = gradients.get(input);
      gradients.set(input, known ? g.beside(node, () => add(g, known, d_input)) : d_input);
    }
  }
  return sources.map((source) => gradients.get(source));
}
