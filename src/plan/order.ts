// Order: some nodes stand earlier in a program than they were traced, right behind another that can do their work along with its own (fusion.ts). Not here: which
// dispatches fuse. Invariant: tensors are values, and copies come later (lower.ts), so a node may stand anywhere behind those that make what it takes; it never
// leaves its section, so that what a section holds stays what it was traced with.

import { type Inputs, type Node, single, tensorsOf } from '../graph/op.ts';
import type { Tensor } from '../graph/tensor.ts';

interface Early {
  /** The input by which the other node is found. */
  readonly input: string;
  /** The op behind which it stands: the one that makes that input, or the last one before that reads it. */
  readonly behind: readonly string[];
  readonly as: 'maker' | 'reader';
  /** Of its uses, those that are meant; left out: all. */
  when?(node: Node): boolean;
}

/** By op. */
const early: Readonly<Record<string, Early>> = {
  // A stream as floats, while the stream passes through.
  stream_read: { input: 'x', behind: ['stream_couple', 'stream_uncouple'], as: 'maker' },
  // The gradient that a norm hands on, whole and dropped out.
  dropout: { input: 'x', behind: ['layer_norm_backward'], as: 'maker' },
  // A stream's gradient times λ, once the branch that reads it whole has.
  scale_add: { input: 'x', behind: ['layer_norm_backward'], as: 'reader', when: ({ inputs }) => inputs['f'] === undefined },
};

/** The place in `nodes` of the node behind which this one may stand. */
function anchorOf(nodes: readonly Node[], node: Node): number | undefined {
  const rule = early[node.op.name];
  const input = rule && single(node.inputs, rule.input);
  if (!input || rule.when?.(node) === false) return undefined;
  const { phase, section } = node.place;
  for (let at = nodes.length - 1; at >= 0; at--) {
    const { op, inputs, outputs, place } = nodes[at] as Node;
    if (place.phase !== phase || place.section !== section) return undefined;
    // What is made a second time is made anew on purpose: it would have to be kept so long.
    if (op === node.op && rule.as === 'maker' && single(inputs, rule.input) === input) return undefined;
    const touches = tensorsOf(outputs).includes(input) || (rule.as === 'reader' && tensorsOf(inputs).includes(input));
    if (touches) return rule.behind.includes(op.name) ? at : undefined;
  }
  return undefined;
}

/** A stream that is read a second time so few nodes later is not read again: its floats are kept so long. */
const near = 8;

/** The floats of a stream that another node has just made. */
function readBefore(nodes: readonly Node[], { op, inputs, attributes }: Node): Tensor | undefined {
  if (op.name !== 'stream_read') return undefined;
  const before = nodes
    .slice(-near)
    .find((other) => other.op === op && other.inputs['x'] === inputs['x'] && other.attributes['scale'] === attributes['scale']);
  return before?.outputs['h'];
}

/** The nodes of a program in the order in which they are lowered. */
export function ordered(nodes: readonly Node[]): Node[] {
  const made: Node[] = [];
  const instead = new Map<Tensor, Tensor>();
  const replaced = (input: Tensor): Tensor => instead.get(input) ?? input;
  for (const traced of nodes) {
    const node = instead.size > 0 ? { ...traced, inputs: mapped(traced.inputs, replaced) } : traced;
    const floats = readBefore(made, node);
    if (floats) {
      instead.set(node.outputs['h'] as Tensor, floats);
      continue;
    }
    const anchor = anchorOf(made, node);
    if (anchor === undefined) made.push(node);
    else made.splice(anchor + 1, 0, node);
  }
  return made;
}

const mapped = (inputs: Inputs, by: (tensor: Tensor) => Tensor): Inputs =>
  Object.fromEntries(Object.entries(inputs).map(([name, own]) => [name, own && ('id' in own ? by(own) : own.map(by))]));
