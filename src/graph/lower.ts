// From a graph to what is planned and run: copies are put before ops that would consume a value which is still needed, values that share storage
// are joined, and every node becomes its dispatches.
// Invariant: whether an op works in place is fixed by the op, never by liveness, so a recompute runs the very pipelines of the forward pass.

import type { Graph, KernelCall, Node, Tensor } from './ir.ts';
import { kernelSpec } from './kernels.ts';
import { copy } from './ops/elementwise.ts';

export interface LoweredNode {
  readonly node: Node;
  readonly calls: readonly KernelCall[];
}

export interface LoweredGraph {
  readonly nodes: readonly LoweredNode[];
  /** The tensor whose storage a tensor lives in (itself where it has its own). */
  root(tensor: Tensor): Tensor;
}

/** Index of the last node that reads each tensor. */
function lastReaders(nodes: readonly Node[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  for (const [i, { inputs }] of nodes.entries()) {
    for (const input of inputs) if (input) last.set(input, i);
  }
  return last;
}

/** `kept` are values that must survive the program (its outputs). */
function withCopies(g: Graph, kept: ReadonlySet<Tensor>): Node[] {
  const original = [...g.nodes];
  const last = lastReaders(original);
  const nodes: Node[] = [];
  for (const [i, node] of original.entries()) {
    const inputs = [...node.inputs];
    for (const [, at] of node.op.inPlace?.(node.attributes) ?? []) {
      const consumed = inputs[at] as Tensor;
      const elsewhere = node.inputs.some((input, j) => input === consumed && j !== at);
      const stillNeeded = consumed.role !== 'transient' || kept.has(consumed) || (last.get(consumed) ?? i) > i || elsewhere;
      if (!stillNeeded) continue;
      const { result, tape } = g.record(() => copy(g, consumed));
      inputs[at] = result;
      nodes.push(...tape.map((made) => ({ ...made, place: node.place })));
    }
    nodes.push({ ...node, inputs });
  }
  g.nodes.length = original.length;
  return nodes;
}

function checkCall(call: KernelCall, node: Node): void {
  const spec = kernelSpec(call.kernel);
  const extra = Object.keys(call.tensors).find((name) => !(name in spec.bindings));
  const missing = Object.keys(spec.uniforms).find((name) => !Number.isFinite(call.uniforms[name]));
  if (extra ?? missing) throw new Error(`op '${node.op.name}' lowers to '${call.kernel}' with wrong '${extra ?? missing}'`);
}

export function lower(g: Graph, kept: readonly Tensor[] = []): LoweredGraph {
  const roots = new Map<Tensor, Tensor>();
  const root = (tensor: Tensor): Tensor => roots.get(tensor) ?? tensor;
  const nodes = withCopies(g, new Set(kept)).map((node) => {
    for (const [output, input] of node.op.inPlace?.(node.attributes) ?? []) {
      roots.set(node.outputs[output] as Tensor, root(node.inputs[input] as Tensor));
    }
    const calls = node.op.lower(node);
    for (const call of calls) checkCall(call, node);
    return { node, calls };
  });
  return { nodes, root };
}
