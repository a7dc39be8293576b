// From a graph to what is planned and run. Nodes that nothing needs are dropped, and some stand earlier (order.ts). Where an op works in place on a value that is needed later, the value is
// copied first. Tensors that share storage are noted, and every node becomes its dispatches, some of which fuse (fusion.ts), in the forms that suit the device
// (src/kernels/forms.ts).
// Invariant: whether an op works in place depends on the op alone, never on who reads the value later. So a layer that runs again runs the very pipelines
// of the forward pass, and gives the same bits.

import type { Graph } from '../graph/graph.ts';
import { type KernelCall, type Node, single, tensorsOf, type View } from '../graph/op.ts';
import { copy } from '../graph/ops/elementwise.ts';
import { bytesOfTensor, sizeOf, type Tensor } from '../graph/tensor.ts';
import { type Forms, inForm } from '../kernels/forms.ts';
import { kernelSpec } from '../kernels/table.ts';
import { fused } from './fusion.ts';
import { ordered } from './order.ts';
import { type Location, Storage } from './storage.ts';

export interface LoweredNode {
  readonly node: Node;
  readonly calls: readonly KernelCall[];
}

export interface LoweredGraph {
  readonly nodes: readonly LoweredNode[];
  locate(tensor: Tensor): Location;
}

/** Nodes that write something persistent, and those whose outputs are `kept` or read by a later needed node. */
function neededNodes(nodes: readonly Node[], kept: ReadonlySet<Tensor>): Node[] {
  const read = new Set<Tensor>(kept);
  const needed = nodes.toReversed().filter(({ op, inputs, outputs }) => {
    if (!op.accumulates?.length && !tensorsOf(outputs).some((output) => read.has(output))) return false;
    for (const input of tensorsOf(inputs)) read.add(input);
    return true;
  });
  return needed.reverse();
}

interface Span {
  readonly base: Tensor;
  readonly begin: number;
  readonly end: number;
}

/** The stretch of which whole each tensor is. An op must not consume a part while its whole is needed, or the whole while a part is. */
function spansOf(nodes: readonly Node[]): (tensor: Tensor) => Span {
  const spans = new Map<Tensor, Span>();
  const spanOf = (tensor: Tensor): Span => {
    const own = spans.get(tensor);
    if (!own) return { base: tensor, begin: 0, end: bytesOfTensor(tensor) };
    const outer = spanOf(own.base);
    return own.base === outer.base ? own : { base: outer.base, begin: outer.begin + own.begin, end: outer.begin + own.end };
  };
  for (const node of nodes) {
    if (!node.op.view) continue;
    const { whole, parts } = node.op.view(node);
    let begin = 0;
    for (const part of parts) {
      const end = begin + bytesOfTensor(part);
      if (!spans.has(part)) spans.set(part, { base: whole, begin, end });
      begin = end;
    }
  }
  return spanOf;
}

/** Inputs that a node consumes, with the outputs that take their storage. */
const consumedBy = ({ op, inputs, outputs, attributes }: Node) =>
  (op.inPlace?.(attributes) ?? []).map(([made, name]) => {
    const [output, input] = [outputs[made], single(inputs, name)];
    if (!output || !input) throw new Error(`op '${op.name}' would make '${made}' in place of '${name}'; one of them is not there`);
    return { output, input, name };
  });

/** `kept` are values that must survive the program (its outputs). */
function withCopies(g: Graph, kept: ReadonlySet<Tensor>): Node[] {
  const length = g.nodes.length;
  const original = ordered(neededNodes(g.nodes, kept));
  const spanOf = spansOf(original);
  const readers = new Map<Tensor, { readonly tensor: Tensor; last: number }[]>();
  const read = (tensor: Tensor, at: number) => {
    const { base } = spanOf(tensor);
    const known = readers.get(base);
    const own = known?.find((reader) => reader.tensor === tensor);
    if (own) own.last = at;
    else if (known) known.push({ tensor, last: at });
    else readers.set(base, [{ tensor, last: at }]);
  };
  for (const [i, { inputs }] of original.entries()) for (const input of tensorsOf(inputs)) read(input, i);
  for (const tensor of kept) read(tensor, original.length);
  const neededAfter = (tensor: Tensor, at: number): boolean => {
    const { base, begin, end } = spanOf(tensor);
    return (readers.get(base) ?? []).some((reader) => {
      if (reader.last <= at) return false;
      const other = spanOf(reader.tensor);
      return other.begin < end && begin < other.end;
    });
  };

  const nodes: Node[] = [];
  for (const [i, node] of original.entries()) {
    const copies: Record<string, Tensor> = {};
    for (const { input: consumed, name } of consumedBy(node)) {
      const elsewhere = Object.entries(node.inputs).some(([other, input]) => input === consumed && other !== name);
      const lasting = spanOf(consumed).base.role !== 'transient';
      if (!lasting && !elsewhere && !neededAfter(consumed, i)) continue;
      const { result, tape } = g.record(() => copy(g, consumed));
      copies[name] = result;
      nodes.push(...tape.map((made) => ({ ...made, place: node.place })));
    }
    nodes.push(Object.keys(copies).length === 0 ? node : { ...node, inputs: { ...node.inputs, ...copies } });
  }
  g.nodes.length = length;
  return nodes;
}

function checkCall(call: KernelCall, node: Node): void {
  const spec = kernelSpec(call.kernel);
  const wrong = (name: string) => new Error(`op '${node.op.name}' lowers to '${call.kernel}' with wrong '${name}'`);
  for (const name in call.tensors) {
    const tensor = call.tensors[name];
    if (tensor?.dtype === 'f16' && !(spec.stored && name in spec.stored))
      throw new Error(`op '${node.op.name}' lowers to '${call.kernel}', which reads '${tensor.name}' as f32; it is stored as f16`);
    if (!(name in spec.bindings)) throw wrong(name);
  }
  for (const name in spec.uniforms) if (!Number.isFinite(call.uniforms[name])) throw wrong(name);
}

/** Copies into the whole of those parts that could not be written there at once. */
const copiesOf = (g: Graph, storage: Storage, { whole, parts }: View): KernelCall[] =>
  storage.gather(whole, parts).map(({ part, offset }) => {
    const inside = g.registry.tensor({ ...part, name: `${part.name} in its whole` });
    storage.lay(inside, whole, offset);
    return { kernel: 'copy', tensors: { x: part, y: inside }, uniforms: { count: sizeOf(part.shape) } };
  });

export function lower(g: Graph, kept: readonly Tensor[] = [], forms: Forms = {}): LoweredGraph {
  const storage = new Storage();
  const nodes = withCopies(g, new Set(kept)).map((node) => {
    for (const { output, input } of consumedBy(node)) storage.lay(output, input, 0);
    const view = node.op.view?.(node);
    if (view?.kind === 'split') storage.scatter(view.whole, view.parts);
    const calls = view?.kind === 'concat' ? copiesOf(g, storage, view) : node.op.lower(node);
    for (const call of calls) checkCall(call, node);
    return { node, calls };
  });
  const locate = (tensor: Tensor) => storage.locate(tensor);
  const formed = fused(nodes, locate, kept).map(({ node, calls }) => ({ node, calls: calls.map((call) => inForm(call, forms)) }));
  return { nodes: formed, locate };
}
